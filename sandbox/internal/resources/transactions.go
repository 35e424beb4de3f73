package resources

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	relatedLimit = 100         // related objects that a transaction shows (OpenAPI 2025-12-08)
	createdFrom  = "_from"     // what a transaction was created from
	RedactedOnce = "_redacted" // set once a transaction is redacted: its type has no redacted-at
)

func transactionOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"TransactionTypes.Get":          func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("transaction-type") },
		"Transactions.Get":              func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("transaction") },
		"Transactions.Create":           createTransaction,
		"Transactions.List":             listTransactions,
		"Transactions.Update":           editTransaction(updateTransaction),
		"Transactions.Label":            editTransaction(func(c *engine.Call, r *storage.Resource) error { return label(c, r, "meta.label") }),
		"Transactions.Redact":           editTransaction(redactTransaction),
		"Transactions.RedactBiometrics": editTransaction(redactBiometrics),
		"Transactions.AddRelation":      editRelation("transaction", addRelation, "transaction.added-relation"),
		"Transactions.RemoveRelation":   editRelation("transaction", removeRelation, "transaction.removed-relation"),
	}
	silently := func(*engine.Call, *storage.Resource, []any, []any) {} // Persona names no event for tags of transactions
	maps.Copy(operations, tagOperations("Transactions", "transaction", silently))
	return operations
}

// createTransaction makes a transaction. One that was created before from the very
// same request is answered with instead; another one with its reference id is refused.
func createTransaction(c *engine.Call) (*engine.Answer, error) {
	typeID := c.Text("data.attributes.transaction-type-id")
	if typeID == "" {
		return nil, engine.BadRequest("data.attributes.transaction_type_id is missing")
	}
	if typ := c.Get(typeID); typ == nil || typ.Typ != "transaction-type" {
		return nil, engine.NotFound("data.attributes.transaction_type_id is not found")
	}
	reference := c.Text("data.attributes.reference-id")
	from := []any{c.Object("data.attributes.fields"), c.Texts("data.attributes.tags")}
	if existing := transactionByReference(c.Change, typeID, reference); existing != nil {
		if !reflect.DeepEqual(existing.Attributes[createdFrom], from) {
			return nil, engine.Conflict("a transaction with this reference id exists, with other attributes")
		}
		return &engine.Answer{One: existing}, nil
	}
	tags := TagList(c.Texts("data.attributes.tags"))
	if err := CountTags(c.Change, tags); err != nil {
		return nil, err
	}
	r := c.Create("transaction", "txn", map[string]any{
		"status": transactionStatuses()[0], "fields": MergeFields(nil, transactionFields(c)), "tags": tags, "updated-at": simclock.Stamp(c.Now), createdFrom: from,
	}, map[string]any{"transaction-type": storage.Identifier{Type: "transaction-type", ID: typeID}})
	if reference != "" {
		r.Attributes["reference-id"] = reference
	}
	c.Emit("transaction.created", r, nil)
	return &engine.Answer{Status: 201, One: r}, nil
}

// transactionByReference finds a transaction of a type by its reference id.
func transactionByReference(c *engine.Change, typeID, reference string) *storage.Resource {
	r := c.Get(c.Env.Transactions[engine.TransactionReference{TypeID: typeID, Reference: reference}])
	if r == nil || r.Text("reference-id") != reference {
		return nil
	}
	return r
}

// editTransaction is an operation that changes the transaction its path names.
func editTransaction(edit func(*engine.Call, *storage.Resource) error) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		r, err := c.Find("transaction")
		if err != nil {
			return nil, err
		}
		r.Attributes["updated-at"] = simclock.Stamp(c.Now)
		return &engine.Answer{One: r}, edit(c, r)
	}
}

func updateTransaction(c *engine.Call, r *storage.Resource) error {
	if value, given := engine.At(c.Body, "data.attributes.reference-id"); given {
		reference, _ := value.(string)
		if other := transactionByReference(c.Change, r.One("transaction-type"), reference); other != nil && other.ID != r.ID {
			return engine.Conflict("a transaction with this reference id exists")
		}
		r.Attributes["reference-id"] = value
	}
	if _, given := engine.At(c.Body, "data.attributes.tags"); given {
		have, _ := r.Attributes["tags"].([]any)
		tags := TagList(c.Texts("data.attributes.tags"))
		if err := CountTags(c.Change, Without(tags, have)); err != nil {
			return err
		}
		r.Attributes["tags"] = tags
	}
	if written := transactionFields(c); len(written) > 0 {
		fields, _ := r.Attributes["fields"].(map[string]any)
		merged := MergeFields(fields, written)
		if !reflect.DeepEqual(fields, merged) {
			r.Attributes["fields"] = merged
			c.Emit("transaction.updated-fields", r, nil)
		}
	}
	if status := c.Text("data.attributes.status"); status != "" && status != r.Text("status") {
		if !slices.Contains(transactionStatuses(), status) {
			return engine.Unprocessable("the transaction type has no such status", "/data/attributes/status")
		}
		r.Attributes["status"] = status
		c.Emit("transaction.status-updated", r, nil)
	}
	if c.Text("data.attributes.label") != "" {
		return label(c, r, "data.attributes.label")
	}
	return nil
}

// transactionFields are the fields that a request writes, as bare values.
func transactionFields(c *engine.Call) map[string]any {
	written := map[string]any{}
	for name, value := range c.Object("data.attributes.fields") {
		written[strings.ReplaceAll(casing.Kebab(name), "-", "_")] = value
	}
	return written
}

// label gives a transaction the label at a path of the request, in place of the one
// it has.
func label(c *engine.Call, r *storage.Resource, path string) error {
	text := c.Text(path)
	if text == "" {
		return engine.BadRequest(engine.SnakePath(path) + " is missing")
	}
	attributes := map[string]any{"model-label": text, "updated-at": simclock.Stamp(c.Now)}
	if version := c.Text("meta.model-version"); version != "" {
		attributes["model-version"] = version
	}
	label := c.Create("transaction-label", "txnl", attributes, nil)
	r.Relationships["transaction-label"] = label.Identifier()
	c.Emit("transaction.labeled", r, nil)
	return nil
}

// redactTransaction removes what a transaction tells of persons.
func redactTransaction(c *engine.Call, r *storage.Resource) error {
	if r.Attributes[RedactedOnce] != nil {
		return engine.Conflict("Transaction already redacted")
	}
	r.Attributes["fields"], r.Attributes["tags"], r.Attributes["reference-id"], r.Attributes[createdFrom] = nullFields(r), []any{}, nil, nil
	r.Attributes[RedactedOnce] = true
	c.Emit("transaction.redacted", r, nil)
	return nil
}

// redactBiometrics removes the faces from what belongs to a transaction: from its payer.
func redactBiometrics(c *engine.Call, r *storage.Resource) error {
	for _, id := range RelatedBy(r, "payer") {
		redactFaces(c.Change, c.Edit(id))
	}
	return nil
}

// showRelated writes into a transaction's related objects what it is related to.
func showRelated(c *engine.Change, r *storage.Resource) {
	if r.Typ != "transaction" {
		return
	}
	shown := []storage.Identifier{}
	for _, key := range slices.Sorted(maps.Keys(Relations("transaction"))) {
		for _, id := range RelatedBy(r, key) {
			shown = append(shown, c.Get(id).Identifier())
		}
	}
	r.Relationships["related-objects"] = shown[:min(len(shown), relatedLimit)]
}

func listTransactions(c *engine.Call) (*engine.Answer, error) {
	key, value := engine.First(c.Query["filter[identifier][key]"]), engine.First(c.Query["filter[identifier][value]"])
	if (key == "") != (value == "") {
		return nil, engine.BadRequest("filter.identifier takes both key and value")
	}
	return c.List("transaction", func(r *storage.Resource) bool {
		return engine.OneOf(c.Filter("transaction-type-id"), r.One("transaction-type")) && engine.OneOf(c.Filter("reference-id"), r.Text("reference-id")) &&
			(key == "" || strings.EqualFold(engine.TextOf(transactionIdentifier(r, key)), value))
	})
}

// transactionIdentifier reads what a transaction can be found by: its reference id,
// and its fields.
func transactionIdentifier(r *storage.Resource, key string) any {
	if key = casing.Kebab(key); key == "reference-id" {
		return r.Attributes[key]
	}
	return engine.BareValue(r.Attributes["fields"], strings.ReplaceAll(key, "-", "_"))
}
