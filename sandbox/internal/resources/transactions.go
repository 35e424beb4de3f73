package resources

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	relatedLimit = 100         // related objects that a transaction shows (OpenAPI 2025-12-08)
	createdFrom  = "_from"     // the attributes of the request that created a transaction
	RedactedOnce = "_redacted" // true if a transaction was redacted: its type has no redacted-at
)

func transactionOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"TransactionTypes.Get":          engine.Get("transaction-type"),
		"Transactions.Get":              engine.Get("transaction"),
		"Transactions.Create":           createTransaction,
		"Transactions.List":             listTransactions,
		"Transactions.Update":           update("transaction", updateTransaction),
		"Transactions.Label":            update("transaction", func(c *engine.Call, r *storage.Resource) error { return label(c, r, "meta.label") }),
		"Transactions.Redact":           redactOnce("transaction", update("transaction", redactTransaction)),
		"Transactions.RedactBiometrics": update("transaction", redactBiometrics),
		"Transactions.AddRelation":      editRelation("transaction", addRelation, "transaction.added-relation"),
		"Transactions.RemoveRelation":   editRelation("transaction", removeRelation, "transaction.removed-relation"),
	}
	maps.Copy(operations, tagOperations("Transactions", "transaction", noTagEvents))
	return operations
}

// transactionStatuses returns the statuses of the transaction type. The first one is Persona's
// own; a new transaction has it.
func transactionStatuses() []string {
	return []string{"created", "approved", "declined", "needs_review"}
}

// createTransaction creates a transaction. If the same request created one before, the
// answer is that one. Another transaction with the reference id is refused.
func createTransaction(c *engine.Call) (*engine.Answer, error) {
	if c.Text("data.attributes.transaction-type-id") == "" {
		return nil, engine.BadRequest("data.attributes.transaction_type_id is missing")
	}
	typ, err := c.Referenced("data.attributes.transaction-type-id", "transaction-type")
	if err != nil {
		return nil, err
	}
	if err := checkReference(c, "data.attributes.reference-id"); err != nil {
		return nil, err
	}
	reference := c.Text("data.attributes.reference-id")
	from := []any{c.Object("data.attributes.fields"), c.Texts("data.attributes.tags")}
	if existing := transactionByReference(c.Change, typ.ID, reference); existing != nil {
		if !reflect.DeepEqual(existing.Attributes[createdFrom], from) {
			return nil, engine.Conflict("a transaction with this reference id exists, with other attributes")
		}
		return &engine.Answer{One: existing}, nil
	}
	tags, err := newTags(c)
	if err != nil {
		return nil, err
	}
	fields, err := writeFields(c, typ, nil)
	if err != nil {
		return nil, err
	}
	r := c.Create("transaction", "txn", map[string]any{
		"status": transactionStatuses()[0], "fields": fields, "tags": tags, "updated-at": simclock.Stamp(c.Now), createdFrom: from,
	}, map[string]any{"transaction-type": typ.Identifier()})
	if reference != "" {
		r.Attributes["reference-id"] = reference
	}
	c.Emit("transaction.created", r, nil)
	return &engine.Answer{Status: 201, One: r}, nil
}

// writeFields returns fields of a transaction with those of a request written into them.
func writeFields(c *engine.Call, typ *storage.Resource, fields map[string]any) (map[string]any, error) {
	written := schema.SnakeKeys(c.Object("data.attributes.fields"))
	declared := schema.Of(typ)
	if err := declared.Check(written, "transaction type"); err != nil {
		return nil, err
	}
	return declared.Write(c, fields, written)
}

// transactionNameOf returns the unique name of a transaction: a reference id is unique for
// its type.
func transactionNameOf(typeID, reference string) string { return typeID + "\x00" + reference }

// transactionByReference returns the transaction of a type with a reference id, or nil.
func transactionByReference(c *engine.Change, typeID, reference string) *storage.Resource {
	r := c.Get(c.Env.Named(transactionName, transactionNameOf(typeID, reference)))
	if r == nil || r.Text("reference-id") != reference {
		return nil
	}
	return r
}

func updateTransaction(c *engine.Call, r *storage.Resource) error {
	if err := checkReference(c, "data.attributes.reference-id"); err != nil {
		return err
	}
	if value, given := c.Value("data.attributes.reference-id"); given {
		reference, _ := value.(string)
		if other := transactionByReference(c.Change, r.One("transaction-type"), reference); other != nil && other.ID != r.ID {
			return engine.NotUnique("a transaction with this reference id exists")
		}
		r.Attributes["reference-id"] = value
	}
	if err := setGivenTags(c, r, noTagEvents); err != nil {
		return err
	}
	if len(c.Object("data.attributes.fields")) > 0 {
		fields, _ := r.Attributes["fields"].(map[string]any)
		merged, err := writeFields(c, c.Get(r.One("transaction-type")), fields)
		if err != nil {
			return err
		}
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

// label replaces the label of a transaction with the one at a path of the request.
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

// redactTransaction removes the personal data of a transaction, and that of verifications,
// documents and reports that were made for it alone.
func redactTransaction(c *engine.Call, r *storage.Resource) error {
	if r.Attributes[RedactedOnce] != nil {
		return engine.Conflict("Transaction already redacted")
	}
	for _, id := range r.Many(made) {
		if c.Get(id.ID).Attributes[lockedAttribute] == true {
			return engine.Conflict("a verification of the transaction is locked for an investigation")
		}
	}
	c.DeleteFiles(r.Attributes["fields"])
	r.Attributes["fields"], r.Attributes["tags"], r.Attributes["reference-id"], r.Attributes[createdFrom] = schema.Emptied(r), []any{}, nil, nil
	r.Attributes[RedactedOnce] = true
	for _, id := range r.Many(made) {
		redactMade(c.Change, c.Edit(id.ID))
	}
	c.Emit("transaction.redacted", r, nil)
	return nil
}

// redactBiometrics removes the photos of faces from a transaction's payer.
func redactBiometrics(c *engine.Call, r *storage.Resource) error {
	for _, id := range RelatedBy(r, "payer") {
		redactFaces(c.Change, c.Edit(id))
	}
	return nil
}

// showRelated updates the related objects that a transaction shows.
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
	shown = append(shown, r.Many(made)...)
	r.Relationships["related-objects"] = shown[:min(len(shown), relatedLimit)]
}

func listTransactions(c *engine.Call) (*engine.Answer, error) {
	key, value := engine.First(c.Query["filter[identifier][key]"]), engine.First(c.Query["filter[identifier][value]"])
	if (key == "") != (value == "") {
		return nil, engine.BadRequest("filter.identifier takes both key and value")
	}
	return c.List("transaction", func(r *storage.Resource) bool {
		return accepted(c, r, "transaction-type-id", "reference-id") &&
			(key == "" || strings.EqualFold(engine.TextOf(transactionIdentifier(r, key)), value))
	})
}

// transactionIdentifier returns a value by which a transaction can be found: its reference
// id, or a field.
func transactionIdentifier(r *storage.Resource, key string) any {
	if key = casing.Kebab(key); key == "reference-id" {
		return r.Attributes[key]
	}
	return engine.FieldAt(r.Attributes["fields"], engine.SnakePath(key))
}
