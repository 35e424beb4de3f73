package resources

import (
	"maps"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// evidenceTime is how long it takes until a document that is pending is processed, and
// until a verification that came out tentatively is final.
const evidenceTime = time.Minute

// VerificationSteps are the statuses through which a verification of a type comes to
// one, or nil when none does (Persona docs: Verification lifecycle).
func VerificationSteps(typ, to string) []string {
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

// Verify adds a verification to an inquiry and takes it to a status, with the document
// or selfie it is about. What is only initiated or skipped tells nothing of the person.
// The template may be empty.
func Verify(c *engine.Change, inquiry *storage.Resource, typ, template, to string) *storage.Resource {
	relationships := ownedBy(inquiry)
	if template != "" {
		relationships["verification-template"] = storage.Identifier{Type: "verification-template/" + strings.TrimPrefix(typ, "verification/"), ID: template}
	}
	if account := inquiry.One("account"); account != "" {
		relationships["accounts"] = []storage.Identifier{{Type: "account", ID: account}}
	}
	submits, outcome := to != "initiated" && to != "skipped", "processed"
	if !submits {
		outcome = "initiated"
	}
	if kind := EvidenceOf(typ); kind != "" {
		evidence := Evidence(c, inquiry, kind, outcome)
		if evidence.Family() == "document" {
			relationships["document"] = evidence.Identifier()
		}
	}
	v := c.Create(typ, "ver", map[string]any{"country-code": "US", "tags": []any{}, "created-at-ts": c.Now.Unix()}, relationships)
	inquiry.Link("verifications", v.Identifier())
	maps.Copy(v.Attributes, sampleOf(typ))
	if typ != "verification/selfie" && submits {
		maps.Copy(v.Attributes, samplePerson())
		fillInquiry(c, inquiry)
	}
	for _, status := range VerificationSteps(typ, to) {
		SetVerification(c, v, status)
	}
	return v
}

// SetVerification gives a verification a status.
func SetVerification(c *engine.Change, v *storage.Resource, status string) {
	event := status
	switch status {
	case "initiated":
		event = "created"
	case "submitted":
		maps.Copy(v.Attributes, engine.Submitted(v.Typ, v.ID))
		v.Attributes["submitted-at"], v.Attributes["submitted-at-ts"] = simclock.Stamp(c.Now), c.Now.Unix()
	case "tentatively_passed", "tentatively_failed":
		c.Schedule(c.Now.Add(evidenceTime), v.ID)
	default:
		v.Attributes["completed-at"], v.Attributes["completed-at-ts"] = simclock.Stamp(c.Now), c.Now.Unix()
	}
	switch result := strings.TrimPrefix(status, "tentatively_"); result {
	case "passed", "failed":
		v.Attributes["checks"] = checks(v.Typ, result)
	}
	v.Attributes["status"] = status
	c.Emit("verification."+strings.ReplaceAll(event, "_", "-"), v, nil)
}

// verificationDue makes final what came out tentatively.
func verificationDue(c *engine.Change, v *storage.Resource) {
	if result, ok := strings.CutPrefix(v.Text("status"), "tentatively_"); ok && v.Attributes["redacted-at"] == nil {
		SetVerification(c, v, result)
	}
}

// EvidenceOf is the type of document or selfie that a type of verification is about,
// or "".
func EvidenceOf(verification string) string {
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

// Evidence adds a document or a selfie to an inquiry. The outcome is initiated,
// processed, errored or, of a document, pending, and of a government ID extracted:
// processed outside of a verification.
func Evidence(c *engine.Change, inquiry *storage.Resource, typ, outcome string) *storage.Resource {
	family, prefix := storage.FamilyOf(typ), "doc"
	if family == "selfie" {
		prefix = "self"
	}
	r := c.Create(typ, prefix, map[string]any{"status": "initiated"}, ownedBy(inquiry))
	inquiry.Link(family+"s", r.Identifier())
	c.Emit(family+".created", r, nil)
	if outcome == "initiated" {
		return r
	}
	r.Attributes["status"] = "submitted"
	maps.Copy(r.Attributes, engine.Submitted(typ, r.ID))
	for _, name := range engine.Originals(typ) {
		file := c.Create("document-file", "docf", map[string]any{"name": name, "capture-method": "upload"}, nil)
		file.Attributes["originals"] = []any{engine.Sample(file.ID, name)}
		r.Link("document-files", file.Identifier())
	}
	c.Emit(family+".submitted", r, nil)
	switch outcome {
	case "pending":
		c.Emit(family+".pending", r, nil)
		c.Schedule(c.Now.Add(evidenceTime), r.ID)
	case "extracted":
		processed(c, r, "processed")
		c.Emit(family+".extracted", r, nil)
	default:
		processed(c, r, outcome)
	}
	return r
}

// processed ends the processing of a document or a selfie, which has the outcome
// processed or errored.
func processed(c *engine.Change, r *storage.Resource, outcome string) {
	r.Attributes["status"], r.Attributes["processed-at"] = outcome, simclock.Stamp(c.Now)
	if r.Family() == "document" {
		r.Attributes["processed-at-ts"] = c.Now.Unix()
	}
	c.Emit(r.Family()+"."+outcome, r, nil)
}

// documentDue processes a document that was pending.
func documentDue(c *engine.Change, r *storage.Resource) {
	if r.Text("status") == "submitted" && r.Attributes["redacted-at"] == nil {
		processed(c, r, "processed")
	}
}

// ownedBy are the relationships of what belongs to an inquiry.
func ownedBy(inquiry *storage.Resource) map[string]any {
	owner := map[string]any{"inquiry": inquiry.Identifier()}
	for _, name := range []string{"inquiry-template", "inquiry-template-version"} {
		owner[name] = inquiry.Relationships[name]
	}
	return owner
}
