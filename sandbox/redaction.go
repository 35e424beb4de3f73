package sandbox

import (
	"maps"
	"slices"
	"time"
)

// What is redacted loses its own personal data at once, and its children theirs a
// moment later: then its event is emitted (Persona changelog, 2024-04-29 and
// 2024-05-14). Redaction goes down only: from an account to its inquiries and reports,
// from an inquiry to its verifications, documents, selfies and reports.

const (
	redactTime = time.Second
	redacting  = "_redacting" // while the children still have their data
)

// redactAccount removes the personal data of an account. It can be filled again.
func (c *change) redactAccount(account *resource) error {
	if account.attributes["redacted-at"] != nil {
		return conflict("Account already redacted")
	}
	for inquiry := range c.inquiriesOf(account) {
		if c.locked(inquiry) {
			return conflict("a verification of the account is locked for an investigation")
		}
	}
	c.forgetFiles(account.attributes["fields"])
	account.attributes["fields"], account.attributes["tags"], account.attributes["reference-id"] = map[string]any{}, []any{}, nil
	c.startRedaction(account)
	return nil
}

// redactInquiry removes the personal data of an inquiry. The reference id goes only
// with the account's (OpenAPI 2025-12-08, inquiry.redacted).
func (c *change) redactInquiry(inquiry *resource, withAccount bool) error {
	if c.locked(inquiry) {
		return conflict("a verification of the inquiry is locked for an investigation")
	}
	inquiry.attributes["fields"], inquiry.attributes["note"], inquiry.attributes["tags"] = nullFields(inquiry), nil, []any{}
	if withAccount {
		inquiry.attributes["reference-id"] = nil
	}
	c.startRedaction(inquiry)
	return nil
}

func (c *change) startRedaction(r *resource) {
	r.attributes["redacted-at"], r.attributes["updated-at"], r.attributes[redacting] = stamp(c.now), stamp(c.now), true
	c.remind(c.now.Add(redactTime), r.id)
}

// redactionDue goes on to the children, and tells of the redaction once they are done.
func (c *change) redactionDue(r *resource) {
	if r.attributes[redacting] != true || c.now.Before(r.time("redacted-at").Add(redactTime)) {
		return
	}
	if r.typ == "account" {
		for found := range c.inquiriesOf(r) {
			inquiry := c.edit(found.id)
			switch {
			case inquiry.attributes["redacted-at"] == nil:
				if c.redactInquiry(inquiry, true) != nil {
					return // locked since: unlocking goes on
				}
				c.finishRedaction(inquiry)
			case inquiry.attributes[redacting] == true:
				return // when it is done
			default:
				inquiry.attributes["reference-id"] = nil
			}
		}
	} else if c.locked(r) {
		return
	}
	c.finishRedaction(r)
}

// finishRedaction redacts what only belongs to a resource, and tells of it.
func (c *change) finishRedaction(r *resource) {
	for _, name := range []string{"verifications", "documents", "selfies"} {
		for _, id := range r.many(name) {
			c.redactEvidence(c.edit(id.ID))
		}
	}
	for report := range c.all("report") {
		if report.one("account") == r.id || report.one("inquiry") == r.id {
			redactReport(c.edit(report.id), c.now)
		}
	}
	delete(r.attributes, redacting)
	c.emit(r.typ+".redacted", r, nil)
	if account := c.get(r.one("account")); account != nil && account.attributes[redacting] == true && r.typ == "inquiry" {
		c.remind(c.now, account.id)
	}
}

// inquiriesOf yields the inquiries of an account.
func (c *change) inquiriesOf(account *resource) func(func(*resource) bool) {
	return func(yield func(*resource) bool) {
		for inquiry := range c.of("inquiry", account.id) {
			if inquiry.one("account") == account.id && !yield(inquiry) {
				return
			}
		}
	}
}

// locked reports whether an investigation locks a verification of an inquiry.
func (c *change) locked(inquiry *resource) bool {
	return slices.ContainsFunc(inquiry.many("verifications"), func(id identifier) bool { return c.get(id.ID).attributes[lockedAttribute] == true })
}

// redactEvidence removes the personal data of a verification, a document or a selfie:
// what is left says that it took place, and when.
func (c *change) redactEvidence(r *resource) {
	if r.attributes["redacted-at"] != nil {
		return
	}
	kept := map[string]any{}
	for _, name := range []string{
		"status", "created-at", "created-at-ts", "submitted-at", "submitted-at-ts", "completed-at", "completed-at-ts", "processed-at", "processed-at-ts", "checks",
	} {
		if value, ok := r.attributes[name]; ok {
			kept[name] = value
		}
	}
	kept["redacted-at"] = stamp(c.now)
	r.attributes = kept
	for _, file := range r.many("document-files") {
		c.redactEvidence(c.edit(file.ID))
	}
}

// redactReport removes the name, the query and the results of a report.
func redactReport(r *resource, now time.Time) {
	if r.attributes["redacted-at"] != nil {
		return
	}
	kept := echo(r.typ, nil)
	kept["redacted-at"] = stamp(now)
	for _, name := range []string{
		"status", "created-at", "completed-at", "has-match", "is-continuous", "report-template-version-name", reportHistory,
	} {
		kept[name] = r.attributes[name]
	}
	r.attributes = kept
}

// redactFaces removes the photos of faces from an account, and from the selfies and IDs
// of its inquiries.
func (c *change) redactFaces(account *resource) {
	fields, _ := account.attributes["fields"].(map[string]any)
	if bareValue(fields, "selfie_photo") != nil {
		c.forgetFiles(fields["selfie_photo"])
		fields = maps.Clone(fields)
		fields["selfie_photo"] = map[string]any{"type": "file", "value": nil}
		account.attributes["fields"], account.attributes["updated-at"] = fields, stamp(c.now)
	}
	for inquiry := range c.inquiriesOf(account) {
		for _, id := range slices.Concat(inquiry.many("verifications"), inquiry.many("documents")) {
			r := c.edit(id.ID)
			delete(r.attributes, "selfie-photo")
			delete(r.attributes, "selfie-photo-url")
			if r.typ == "verification/selfie" {
				for name := range submitted(r.typ, r.id) {
					delete(r.attributes, name)
				}
			}
		}
	}
}
