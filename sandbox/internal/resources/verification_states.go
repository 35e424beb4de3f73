package resources

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// evidenceTime is the time until a pending document is processed, and until a tentative
// result of a verification is final.
const evidenceTime = time.Minute

// VerificationSteps returns the statuses through which a verification of a type gets to a
// status, or nil if it never has that status (Persona docs: Verification lifecycle).
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

// VerificationOutcomes returns the statuses that a verification of a type can end in, or none
// for another type.
func VerificationOutcomes(typ string) []string {
	if storage.FamilyOf(typ) != "verification" {
		return nil
	}
	all := []string{"initiated", "submitted", "skipped", "passed", "failed", "requires_retry", "tentatively_passed", "tentatively_failed"}
	return slices.DeleteFunc(all, func(to string) bool { return VerificationSteps(typ, to) == nil })
}

// AddVerification adds a verification to an inquiry or a transaction and brings it to a status,
// together with the document or selfie that it is about. If it is only initiated or skipped, it contains
// no data of the person. Without a template it has the one of its type. It refuses what a test
// chose if the verification cannot have it.
func AddVerification(c *engine.Change, owner *storage.Resource, typ, template, to string, chosen finding.Chosen) (*storage.Resource, error) {
	chosen, err := chosen.Accept(typ, to)
	if err != nil {
		return nil, err
	}
	chosen, to = finding.WithMagic(owner, typ, to, chosen)
	relationships := ownedBy(owner)
	relationships["verification-template"], relationships["verification-template-version"] = fixtures.TemplateIdentifiers(typ, cmp.Or(template, fixtures.VerificationTemplate(typ)))
	if account := accountOf(owner); account != "" {
		relationships["accounts"] = []storage.Identifier{{Type: "account", ID: account}}
	}
	submits, outcome := to != "initiated" && to != "skipped", "processed"
	if !submits {
		outcome = "initiated"
	}
	var evidence *storage.Resource
	if kind := EvidenceType(typ); kind != "" {
		evidence = addEvidence(c, owner, kind, outcome, chosen.Extracted)
		if evidence.Family() == "document" {
			relationships["document"] = evidence.Identifier()
		}
	}
	if selfies := owner.Many("selfies"); typ == "verification/database-serpro" && len(selfies) > 0 { // it compares the face
		relationships["selfie"] = selfies[len(selfies)-1]
	}
	v := c.Create(typ, "ver", map[string]any{"tags": []any{}, "created-at-ts": c.Now.Unix()}, relationships)
	if typ != "verification/selfie" {
		v.Attributes["country-code"] = "US"
	}
	inquiry := owner
	if owner.Typ == "transaction" {
		inquiry = nil
		keepMade(c, owner.ID, v)
	} else {
		inquiry.Link("verifications", v.Identifier())
		informCases(c, inquiry, v)
		setStep(inquiry, StepName(typ))
	}
	maps.Copy(v.Attributes, finding.NeverNull(typ, c.Now))
	if submits {
		maps.Copy(v.Attributes, finding.SampleData(typ, owner, c.Now))
		maps.Copy(v.Attributes, chosen.Extracted)
		finding.KeepChecks(v, chosen.Checks)
		if inquiry != nil {
			fillInquiry(c, inquiry, v, evidence)
		}
	}
	for _, status := range VerificationSteps(typ, to) {
		SetVerification(c, v, status)
	}
	return v, nil
}

// SetVerification sets the status of a verification, and emits the event.
func SetVerification(c *engine.Change, v *storage.Resource, status string) {
	event := status
	switch status {
	case "initiated":
		event = "created"
	case "submitted":
		maps.Copy(v.Attributes, engine.SampleFiles(v.Typ, v.ID))
		v.Attributes["submitted-at-ts"] = c.Now.Unix()
		c.Stamp(v, "submitted-at")
	case "tentatively_passed", "tentatively_failed":
		c.Schedule(c.Now.Add(evidenceTime), v.ID)
	default:
		v.Attributes["completed-at-ts"] = c.Now.Unix()
		c.Stamp(v, "completed-at")
	}
	switch result := strings.TrimPrefix(status, "tentatively_"); result {
	case "passed", "failed":
		v.Attributes["checks"] = finding.Checks(v.Typ, result, v.One("inquiry") != "", finding.KeptChecks(v))
	}
	v.Attributes["status"] = status
	c.Emit("verification."+strings.ReplaceAll(event, "_", "-"), v, nil)
	if status == "passed" {
		fillAccountFrom(c, v)
	}
}

// verificationDue makes a tentative result final.
func verificationDue(c *engine.Change, v *storage.Resource) {
	if result, ok := strings.CutPrefix(v.Text("status"), "tentatively_"); ok && v.Attributes["redacted-at"] == nil {
		SetVerification(c, v, result)
	}
}

// EvidenceType returns the type of document or selfie that a type of verification is about,
// or "".
func EvidenceType(verification string) string {
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

// AddEvidence adds a document or a selfie to an inquiry, or a document to a transaction. The outcome is initiated, processed
// or errored. A document can also be pending, and a government ID extracted, which means
// processed outside of a verification.
func AddEvidence(c *engine.Change, owner *storage.Resource, typ, outcome string) *storage.Resource {
	return addEvidence(c, owner, typ, outcome, nil)
}

// addEvidence adds a document or a selfie from which something was extracted.
func addEvidence(c *engine.Change, owner *storage.Resource, typ, outcome string, extracted map[string]any) *storage.Resource {
	family, prefix := storage.FamilyOf(typ), "doc"
	if family == "selfie" {
		prefix = "self"
	}
	r := c.Create(typ, prefix, map[string]any{"status": "initiated"}, ownedBy(owner))
	if kept := finding.ForDocument(typ, extracted); len(kept) > 0 {
		r.Attributes[finding.ChosenData] = kept
	}
	if owner.Typ == "transaction" {
		keepMade(c, owner.ID, r)
	} else {
		owner.Link(family+"s", r.Identifier())
	}
	c.Emit(family+".created", r, nil)
	if outcome == "initiated" {
		return r
	}
	r.Attributes["status"] = "submitted"
	if typ == "document/generic" {
		r.Attributes["kind"] = "generic"
	}
	maps.Copy(r.Attributes, engine.SampleFiles(typ, r.ID))
	for _, name := range engine.SampleOriginals(typ) {
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

// processed ends the processing of a document or a selfie. The outcome is processed or
// errored.
func processed(c *engine.Change, r *storage.Resource, outcome string) {
	r.Attributes["status"] = outcome
	c.Stamp(r, "processed-at")
	if r.Family() == "document" {
		r.Attributes["processed-at-ts"] = c.Now.Unix()
	}
	if r.Typ == "document/government-id" && outcome == "processed" {
		maps.Copy(r.Attributes, finding.SampleData(r.Typ, r, c.Now))
	}
	if extracted, ok := r.Attributes[finding.ChosenData].(map[string]any); ok && outcome == "processed" {
		maps.Copy(r.Attributes, extracted)
	}
	c.Emit(r.Family()+"."+outcome, r, nil)
}

// documentDue processes a pending document.
func documentDue(c *engine.Change, r *storage.Resource) {
	if r.Text("status") == "submitted" && r.Attributes["redacted-at"] == nil {
		processed(c, r, "processed")
	}
}
