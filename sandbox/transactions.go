package sandbox

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

const (
	relatedLimit = 100         // related objects that a transaction shows (OpenAPI 2025-12-08)
	createdFrom  = "_from"     // what a transaction was created from
	redactedOnce = "_redacted" // set once a transaction is redacted: its type has no redacted-at
)

// transactionReference is what a transaction is known by: a reference id means one of
// each type.
type transactionReference struct{ typeID, reference string }

func transactionOperations() map[string]operation {
	operations := map[string]operation{
		"TransactionTypes.Get":          func(c *call) (*answer, error) { return c.answerFound("transaction-type") },
		"Transactions.Get":              func(c *call) (*answer, error) { return c.answerFound("transaction") },
		"Transactions.Create":           createTransaction,
		"Transactions.List":             listTransactions,
		"Transactions.Update":           editTransaction(updateTransaction),
		"Transactions.Label":            editTransaction(func(c *call, r *resource) error { return c.label(r, "meta.label") }),
		"Transactions.Redact":           editTransaction(redactTransaction),
		"Transactions.RedactBiometrics": editTransaction(redactBiometrics),
		"Transactions.AddRelation":      editRelation("transaction", addRelation, "transaction.added-relation"),
		"Transactions.RemoveRelation":   editRelation("transaction", removeRelation, "transaction.removed-relation"),
	}
	silently := func(*call, *resource, []any, []any) {} // Persona names no event for tags of transactions
	maps.Copy(operations, tagOperations("Transactions", "transaction", silently))
	return operations
}

// createTransaction makes a transaction. One that was created before from the very
// same request is answered with instead; another one with its reference id is refused.
func createTransaction(c *call) (*answer, error) {
	typeID := c.text("data.attributes.transaction-type-id")
	if typeID == "" {
		return nil, badRequest("data.attributes.transaction_type_id is missing")
	}
	if typ := c.get(typeID); typ == nil || typ.typ != "transaction-type" {
		return nil, notFound("data.attributes.transaction_type_id is not found")
	}
	reference := c.text("data.attributes.reference-id")
	from := []any{c.object("data.attributes.fields"), c.texts("data.attributes.tags")}
	if existing := c.transactionByReference(typeID, reference); existing != nil {
		if !reflect.DeepEqual(existing.attributes[createdFrom], from) {
			return nil, conflict("a transaction with this reference id exists, with other attributes")
		}
		return &answer{one: existing}, nil
	}
	tags := tagList(c.texts("data.attributes.tags"))
	if err := c.countTags(tags); err != nil {
		return nil, err
	}
	r := c.create("transaction", "txn", map[string]any{
		"status": transactionStatuses()[0], "fields": mergeFields(nil, c.transactionFields()), "tags": tags, "updated-at": stamp(c.now), createdFrom: from,
	}, map[string]any{"transaction-type": identifier{"transaction-type", typeID}})
	if reference != "" {
		r.attributes["reference-id"] = reference
	}
	c.emit("transaction.created", r, nil)
	return &answer{status: 201, one: r}, nil
}

// transactionByReference finds a transaction of a type by its reference id.
func (c *change) transactionByReference(typeID, reference string) *resource {
	r := c.get(c.env.transactions[transactionReference{typeID, reference}])
	if r == nil || r.text("reference-id") != reference {
		return nil
	}
	return r
}

// editTransaction is an operation that changes the transaction its path names.
func editTransaction(edit func(*call, *resource) error) operation {
	return func(c *call) (*answer, error) {
		r, err := c.find("transaction")
		if err != nil {
			return nil, err
		}
		r.attributes["updated-at"] = stamp(c.now)
		return &answer{one: r}, edit(c, r)
	}
}

func updateTransaction(c *call, r *resource) error {
	if value, given := at(c.body, "data.attributes.reference-id"); given {
		reference, _ := value.(string)
		if other := c.transactionByReference(r.one("transaction-type"), reference); other != nil && other.id != r.id {
			return conflict("a transaction with this reference id exists")
		}
		r.attributes["reference-id"] = value
	}
	if _, given := at(c.body, "data.attributes.tags"); given {
		have, _ := r.attributes["tags"].([]any)
		tags := tagList(c.texts("data.attributes.tags"))
		if err := c.countTags(without(tags, have)); err != nil {
			return err
		}
		r.attributes["tags"] = tags
	}
	if written := c.transactionFields(); len(written) > 0 {
		fields, _ := r.attributes["fields"].(map[string]any)
		merged := mergeFields(fields, written)
		if !reflect.DeepEqual(fields, merged) {
			r.attributes["fields"] = merged
			c.emit("transaction.updated-fields", r, nil)
		}
	}
	if status := c.text("data.attributes.status"); status != "" && status != r.text("status") {
		if !slices.Contains(transactionStatuses(), status) {
			return unprocessable("the transaction type has no such status", "/data/attributes/status")
		}
		r.attributes["status"] = status
		c.emit("transaction.status-updated", r, nil)
	}
	if c.text("data.attributes.label") != "" {
		return c.label(r, "data.attributes.label")
	}
	return nil
}

// transactionFields are the fields that a request writes, as bare values.
func (c *call) transactionFields() map[string]any {
	written := map[string]any{}
	for name, value := range c.object("data.attributes.fields") {
		written[strings.ReplaceAll(kebab(name), "-", "_")] = value
	}
	return written
}

// label gives a transaction the label at a path of the request, in place of the one
// it has.
func (c *call) label(r *resource, path string) error {
	text := c.text(path)
	if text == "" {
		return badRequest(snakePath(path) + " is missing")
	}
	attributes := map[string]any{"model-label": text, "updated-at": stamp(c.now)}
	if version := c.text("meta.model-version"); version != "" {
		attributes["model-version"] = version
	}
	label := c.create("transaction-label", "txnl", attributes, nil)
	r.relationships["transaction-label"] = label.identifier()
	c.emit("transaction.labeled", r, nil)
	return nil
}

// redactTransaction removes what a transaction tells of persons.
func redactTransaction(c *call, r *resource) error {
	if r.attributes[redactedOnce] != nil {
		return conflict("Transaction already redacted")
	}
	r.attributes["fields"], r.attributes["tags"], r.attributes["reference-id"], r.attributes[createdFrom] = nullFields(r), []any{}, nil, nil
	r.attributes[redactedOnce] = true
	c.emit("transaction.redacted", r, nil)
	return nil
}

// redactBiometrics removes the faces from what belongs to a transaction: from its payer.
func redactBiometrics(c *call, r *resource) error {
	for _, id := range relatedBy(r, "payer") {
		c.redactFaces(c.edit(id))
	}
	return nil
}

// showRelated writes into a transaction's related objects what it is related to.
func (c *change) showRelated(r *resource) {
	if r.typ != "transaction" {
		return
	}
	shown := []identifier{}
	for _, key := range slices.Sorted(maps.Keys(relations("transaction"))) {
		for _, id := range relatedBy(r, key) {
			shown = append(shown, c.get(id).identifier())
		}
	}
	r.relationships["related-objects"] = shown[:min(len(shown), relatedLimit)]
}

func listTransactions(c *call) (*answer, error) {
	key, value := first(c.query["filter[identifier][key]"]), first(c.query["filter[identifier][value]"])
	if (key == "") != (value == "") {
		return nil, badRequest("filter.identifier takes both key and value")
	}
	return c.list("transaction", func(r *resource) bool {
		return oneOf(c.filter("transaction-type-id"), r.one("transaction-type")) && oneOf(c.filter("reference-id"), r.text("reference-id")) &&
			(key == "" || strings.EqualFold(textOf(transactionIdentifier(r, key)), value))
	})
}

// transactionIdentifier reads what a transaction can be found by: its reference id,
// and its fields.
func transactionIdentifier(r *resource, key string) any {
	if key = kebab(key); key == "reference-id" {
		return r.attributes[key]
	}
	return bareValue(r.attributes["fields"], strings.ReplaceAll(key, "-", "_"))
}

// processSentinelSession writes what Persona learned of a payer's device into a
// transaction.
func processSentinelSession(c *change, r *resource, _ Act) (*resource, error) {
	if r.attributes[redactedOnce] != nil {
		return nil, conflict("the transaction is redacted")
	}
	fields, _ := r.attributes["fields"].(map[string]any)
	r.attributes["fields"] = mergeFields(fields, map[string]any{"sentinel_session_id": newID("sens")})
	r.attributes["updated-at"] = stamp(c.now)
	c.emit("transaction.updated-fields", r, nil)
	c.emit("transaction.sentinel-session-processed", r, nil)
	return r, nil
}
