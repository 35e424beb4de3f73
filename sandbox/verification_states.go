package sandbox

import (
	"maps"
	"strings"
	"time"
)

// evidenceTime is how long it takes until a document that is pending is processed, and
// until a verification that came out tentatively is final.
const evidenceTime = time.Minute

// verificationSteps are the statuses through which a verification of a type comes to
// one, or nil when none does (Persona docs: Verification lifecycle).
func verificationSteps(typ, to string) []string {
	switch to {
	case "initiated":
		return []string{to}
	case "skipped", "submitted":
		return []string{"initiated", to}
	case "tentatively_passed":
		if typ != "verification/document" && typ != "verification/qes-infocert" {
			return nil
		}
	case "tentatively_failed":
		if typ != "verification/database-business" && typ != "verification/database-business-footprint" {
			return nil
		}
	case "passed", "failed", "requires_retry":
	default:
		return nil
	}
	return []string{"initiated", "submitted", to}
}

// verify adds a verification to an inquiry and takes it to a status, with the document
// or selfie it is about. What is only initiated or skipped tells nothing of the person.
// The template may be empty.
func (c *change) verify(inquiry *resource, typ, template, to string) *resource {
	relationships := ownedBy(inquiry)
	if template != "" {
		relationships["verification-template"] = identifier{"verification-template/" + strings.TrimPrefix(typ, "verification/"), template}
	}
	if account := inquiry.one("account"); account != "" {
		relationships["accounts"] = []identifier{{"account", account}}
	}
	submits, outcome := to != "initiated" && to != "skipped", "processed"
	if !submits {
		outcome = "initiated"
	}
	if kind := evidenceOf(typ); kind != "" {
		evidence := c.evidence(inquiry, kind, outcome)
		if evidence.family() == "document" {
			relationships["document"] = evidence.identifier()
		}
	}
	v := c.create(typ, "ver", map[string]any{"country-code": "US", "tags": []any{}, "created-at-ts": c.now.Unix()}, relationships)
	inquiry.link("verifications", v.identifier())
	maps.Copy(v.attributes, sampleOf(typ))
	if typ != "verification/selfie" && submits {
		maps.Copy(v.attributes, samplePerson())
		c.fillInquiry(inquiry)
	}
	for _, status := range verificationSteps(typ, to) {
		c.setVerification(v, status)
	}
	return v
}

// setVerification gives a verification a status.
func (c *change) setVerification(v *resource, status string) {
	event := status
	switch status {
	case "initiated":
		event = "created"
	case "submitted":
		maps.Copy(v.attributes, submitted(v.typ, v.id))
		v.attributes["submitted-at"], v.attributes["submitted-at-ts"] = stamp(c.now), c.now.Unix()
	case "tentatively_passed", "tentatively_failed":
		c.remind(c.now.Add(evidenceTime), v.id)
	default:
		v.attributes["completed-at"], v.attributes["completed-at-ts"] = stamp(c.now), c.now.Unix()
	}
	switch result := strings.TrimPrefix(status, "tentatively_"); result {
	case "passed", "failed":
		v.attributes["checks"] = checks(v.typ, result)
	}
	v.attributes["status"] = status
	c.emit("verification."+strings.ReplaceAll(event, "_", "-"), v, nil)
}

// verificationDue makes final what came out tentatively.
func (c *change) verificationDue(v *resource) {
	if result, ok := strings.CutPrefix(v.text("status"), "tentatively_"); ok && v.attributes["redacted-at"] == nil {
		c.setVerification(v, result)
	}
}

// evidenceOf is the type of document or selfie that a type of verification is about,
// or "".
func evidenceOf(verification string) string {
	switch verification {
	case "verification/government-id", "verification/government-id-nfc":
		return "document/" + strings.TrimPrefix(verification, "verification/")
	case "verification/mdoc":
		return "document/mdoc"
	case "verification/document":
		return "document/generic"
	case "verification/selfie":
		return "selfie/profile-and-center"
	}
	return ""
}

// evidence adds a document or a selfie to an inquiry. The outcome is initiated,
// processed, errored or, of a document, pending, and of a government ID extracted:
// processed outside of a verification.
func (c *change) evidence(inquiry *resource, typ, outcome string) *resource {
	family, prefix := familyOf(typ), "doc"
	if family == "selfie" {
		prefix = "self"
	}
	r := c.create(typ, prefix, map[string]any{"status": "initiated"}, ownedBy(inquiry))
	inquiry.link(family+"s", r.identifier())
	c.emit(family+".created", r, nil)
	if outcome == "initiated" {
		return r
	}
	r.attributes["status"] = "submitted"
	maps.Copy(r.attributes, submitted(typ, r.id))
	for _, name := range originals(typ) {
		file := c.create("document-file", "docf", map[string]any{"name": name, "capture-method": "upload"}, nil)
		file.attributes["originals"] = []any{sample(file.id, name)}
		r.link("document-files", file.identifier())
	}
	c.emit(family+".submitted", r, nil)
	switch outcome {
	case "pending":
		c.emit(family+".pending", r, nil)
		c.remind(c.now.Add(evidenceTime), r.id)
	case "extracted":
		c.processed(r, "processed")
		c.emit(family+".extracted", r, nil)
	default:
		c.processed(r, outcome)
	}
	return r
}

// processed ends the processing of a document or a selfie, which has the outcome
// processed or errored.
func (c *change) processed(r *resource, outcome string) {
	r.attributes["status"], r.attributes["processed-at"] = outcome, stamp(c.now)
	if r.family() == "document" {
		r.attributes["processed-at-ts"] = c.now.Unix()
	}
	c.emit(r.family()+"."+outcome, r, nil)
}

// documentDue processes a document that was pending.
func (c *change) documentDue(r *resource) {
	if r.text("status") == "submitted" && r.attributes["redacted-at"] == nil {
		c.processed(r, "processed")
	}
}

// ownedBy are the relationships of what belongs to an inquiry.
func ownedBy(inquiry *resource) map[string]any {
	owner := map[string]any{"inquiry": inquiry.identifier()}
	for _, name := range []string{"inquiry-template", "inquiry-template-version"} {
		owner[name] = inquiry.relationships[name]
	}
	return owner
}
