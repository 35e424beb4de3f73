package resources

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/reportkind"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// A redacted resource loses its own personal data at once. Its children lose theirs a moment
// later, and then the event is emitted (Persona changelog, 2024-04-29 and 2024-05-14). The
// children of an account are its inquiries and reports; those of an inquiry are its
// verifications, documents, selfies and reports.

const (
	redactTime = time.Second
	redacting  = "_redacting" // true until the children are redacted
)

// redactAccount removes the personal data of an account. It can get new data later.
func redactAccount(c *engine.Change, account *storage.Resource) error {
	if account.Attributes["redacted-at"] != nil {
		return engine.Conflict("Account already redacted")
	}
	for inquiry := range inquiriesOf(c, account) {
		if locked(c, inquiry) {
			return engine.Conflict("a verification of the account is locked for an investigation")
		}
	}
	c.DeleteFiles(account.Attributes["fields"])
	account.Attributes["fields"], account.Attributes["tags"], account.Attributes["reference-id"] = storage.NewAccountFields(), []any{}, nil
	delete(account.Attributes, identificationNumbers)
	startRedaction(c, account)
	return nil
}

// redactOnce is an operation that redacts a resource of a family. Before 2025-10-27 a second
// redaction answers with the resource, as observed at Persona; for accounts the document has
// the status 409 for that.
func redactOnce(family string, redact engine.Operation) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		r := c.Get(c.IDs[0])
		if c.Version() >= "2025-10-27" || r == nil || r.Family() != family || r.Attributes["redacted-at"] == nil && r.Attributes[RedactedOnce] == nil {
			return redact(c)
		}
		if family == "account" {
			return &engine.Answer{Status: http.StatusConflict, One: r}, nil
		}
		return &engine.Answer{One: r}, nil
	}
}

// redactInquiry removes the personal data of an inquiry. It removes the reference id only
// with the account's (OpenAPI 2025-12-08, inquiry.redacted).
func redactInquiry(c *engine.Change, inquiry *storage.Resource, withAccount bool) error {
	if locked(c, inquiry) {
		return engine.Conflict("a verification of the inquiry is locked for an investigation")
	}
	c.DeleteFiles(inquiry.Attributes["fields"])
	inquiry.Attributes["fields"], inquiry.Attributes["note"], inquiry.Attributes["tags"] = schema.Emptied(inquiry), nil, []any{}
	delete(inquiry.Attributes, HeldChoice)
	finding.ForgetMagic(inquiry)
	if withAccount {
		inquiry.Attributes["reference-id"] = nil
	}
	startRedaction(c, inquiry)
	return nil
}

func startRedaction(c *engine.Change, r *storage.Resource) {
	r.Attributes[redacting] = true
	c.Stamp(r, "redacted-at", "updated-at")
	c.Schedule(c.Now.Add(redactTime), r.ID)
}

// redactionDue redacts the children of a resource, and then emits the event.
func redactionDue(c *engine.Change, r *storage.Resource) {
	if r.Attributes[redacting] != true || c.Now.Before(r.Time("redacted-at").Add(redactTime)) {
		return
	}
	if r.Typ == "account" {
		for found := range inquiriesOf(c, r) {
			inquiry := c.Edit(found.ID)
			switch {
			case inquiry.Attributes["redacted-at"] == nil:
				if redactInquiry(c, inquiry, true) != nil {
					return // locked meanwhile: unlocking continues
				}
				finishRedaction(c, inquiry)
			case inquiry.Attributes[redacting] == true:
				return // continues when the inquiry is done
			default:
				inquiry.Attributes["reference-id"] = nil
			}
		}
	} else if locked(c, r) {
		return
	}
	finishRedaction(c, r)
}

// finishRedaction redacts what belongs only to a resource, and emits the event.
func finishRedaction(c *engine.Change, r *storage.Resource) {
	for _, name := range []string{"verifications", "documents", "selfies"} {
		for _, id := range r.Many(name) {
			redactEvidence(c, c.Edit(id.ID))
		}
	}
	for report := range c.All("report") {
		if report.One("account") == r.ID || report.One("inquiry") == r.ID {
			redactReport(c.Edit(report.ID), c.Now)
		}
	}
	delete(r.Attributes, redacting)
	c.Emit(r.Typ+".redacted", r, nil)
	if account := c.Get(r.One("account")); account != nil && account.Attributes[redacting] == true && r.Typ == "inquiry" {
		c.Schedule(c.Now, account.ID)
	}
}

// inquiriesOf yields the inquiries of an account.
func inquiriesOf(c *engine.Change, account *storage.Resource) func(func(*storage.Resource) bool) {
	return func(yield func(*storage.Resource) bool) {
		for inquiry := range c.IndexedBy("inquiry", account.ID) {
			if inquiry.One("account") == account.ID && !yield(inquiry) {
				return
			}
		}
	}
}

// locked reports whether a verification of an inquiry is locked for an investigation.
func locked(c *engine.Change, inquiry *storage.Resource) bool {
	return slices.ContainsFunc(inquiry.Many("verifications"), func(id storage.Identifier) bool { return c.Get(id.ID).Attributes[lockedAttribute] == true })
}

// redactEvidence removes the personal data of a verification, a document or a selfie. What
// is left says that it took place, and when.
func redactEvidence(c *engine.Change, r *storage.Resource) {
	if r.Attributes["redacted-at"] != nil {
		return
	}
	kept := map[string]any{}
	for _, name := range []string{
		"status", "created-at", "created-at-ts", "submitted-at", "submitted-at-ts", "completed-at", "completed-at-ts", "processed-at", "processed-at-ts", "checks",
	} {
		if value, ok := r.Attributes[name]; ok {
			kept[name] = value
		}
	}
	maps.Copy(kept, finding.NeverNullRedacted(r.Typ))
	r.Attributes = kept
	c.Stamp(r, "redacted-at")
	for _, file := range r.Many("document-files") {
		redactEvidence(c, c.Edit(file.ID))
	}
}

// redactMade redacts a verification, a document or a report of a transaction. An inquiry stays:
// it is about a person, and is redacted with the account.
func redactMade(c *engine.Change, r *storage.Resource) {
	switch r.Family() {
	case "verification", "document":
		redactEvidence(c, r)
	case "report":
		redactReport(r, c.Now)
	}
}

// redactReport removes the name, the query and the results of a report.
func redactReport(r *storage.Resource, now time.Time) {
	if r.Attributes["redacted-at"] != nil {
		return
	}
	kept := reportkind.Repeated(r.Typ, nil)
	kept["redacted-at"] = simclock.Stamp(now)
	for _, name := range []string{
		"status", "created-at", "completed-at", "has-match", "is-continuous", "report-template-version-name", reportHistory,
	} {
		kept[name] = r.Attributes[name]
	}
	r.Attributes = kept
}

// redactFaces removes photos of faces from an account, and from the selfies and IDs of its
// inquiries.
func redactFaces(c *engine.Change, account *storage.Resource) {
	fields, _ := account.Attributes["fields"].(map[string]any)
	if engine.FieldAt(fields, "selfie_photo") != nil {
		c.DeleteFiles(fields["selfie_photo"])
		fields = maps.Clone(fields)
		fields["selfie_photo"] = storage.TypedField("file", nil)
		account.Attributes["fields"] = fields
		c.Stamp(account, "updated-at")
	}
	for inquiry := range inquiriesOf(c, account) {
		for _, id := range slices.Concat(inquiry.Many("verifications"), inquiry.Many("documents")) {
			r := c.Edit(id.ID)
			delete(r.Attributes, "selfie-photo")
			delete(r.Attributes, "selfie-photo-url")
			if r.Typ == "verification/selfie" {
				for name := range engine.SampleFiles(r.Typ, r.ID) {
					delete(r.Attributes, name)
				}
			}
		}
	}
}
