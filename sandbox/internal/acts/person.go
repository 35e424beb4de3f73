package acts

import (
	"cmp"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/risk"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// submit submits a verification of any type to an inquiry, or a document or a selfie
// outside of one. For a transaction, a workflow makes it, and it has no selfie.
func submit(c *engine.Change, owner *storage.Resource, a Act) (*storage.Resource, error) {
	outcomes := map[string][]string{"document": {"processed", "errored", "pending"}, "selfie": {"processed", "errored"}}[storage.FamilyOf(a.Type)]
	if a.Type == "document/government-id" {
		outcomes = append(outcomes, "extracted")
	}
	isVerification := storage.FamilyOf(a.Type) == "verification"
	switch {
	case catalog.Shapes()[a.Type] == [2]string{} && storage.FamilyOf(a.Type) != "selfie", !isVerification && outcomes == nil:
		return nil, engine.Unprocessable("type must be the type of a verification, of a document or of a selfie"+spelling.DidYouMean(a.Type, submittable()), "/type")
	case a.Outcome == "":
		return nil, engine.Unprocessable("outcome is missing: it must be one of "+strings.Join(slices.Concat(outcomes, resources.VerificationOutcomes(a.Type)), ", "), "/outcome")
	case isVerification && resources.VerificationSteps(a.Type, a.Outcome) == nil, !isVerification && !slices.Contains(outcomes, a.Outcome):
		return nil, engine.Unprocessable("a "+a.Type+" cannot have this outcome"+spelling.DidYouMean(a.Outcome, slices.Concat(outcomes, resources.VerificationOutcomes(a.Type))), "/outcome")
	}
	if err := acceptFor(c, owner, a.Type); err != nil {
		return nil, err
	}
	if isVerification {
		return resources.AddVerification(c, owner, a.Type, "", a.Outcome, finding.Chosen{Checks: a.Checks, Extracted: a.Extracted})
	}
	if len(a.Checks)+len(a.Extracted) > 0 {
		return nil, engine.Unprocessable("only a verification has checks and extracted data", "/type")
	}
	return resources.AddEvidence(c, owner, a.Type, a.Outcome), nil
}

// acceptFor makes sure that something of a type can be submitted to an inquiry or a
// transaction.
func acceptFor(c *engine.Change, owner *storage.Resource, typ string) error {
	if owner.Typ != "transaction" {
		return resources.AcceptSubmission(c, owner)
	}
	if storage.FamilyOf(typ) == "selfie" || storage.FamilyOf(resources.EvidenceType(typ)) == "selfie" {
		return engine.Unprocessable("a transaction takes no selfie: a person takes it in an inquiry", "/type")
	}
	return resources.AcceptTransaction(owner)
}

// submittable returns the types that a person can submit.
func submittable() []string {
	types := []string{"selfie/profile-and-center"}
	for typ := range catalog.Shapes() {
		if family := storage.FamilyOf(typ); family == "verification" || family == "document" {
			types = append(types, typ)
		}
	}
	return types
}

func moveOn(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	if a.Step == "" {
		return nil, engine.BadRequest("step is missing")
	}
	if err := resources.AcceptSubmission(c, inquiry); err != nil {
		return nil, err
	}
	resources.EnterStep(c, inquiry, a.Step)
	return inquiry, nil
}

func cancelSession(c *engine.Change, session *storage.Resource, _ Act) (*storage.Resource, error) {
	if session.Text("status") == "new" {
		return nil, engine.Conflict("nobody opened the session")
	}
	resources.CancelSession(c, session)
	return session, nil
}

// createReusablePersona makes what a person proved usable for other inquiries of the
// account.
func createReusablePersona(c *engine.Change, inquiry *storage.Resource, _ Act) (*storage.Resource, error) {
	switch {
	case inquiry.Text("status") != "completed" && inquiry.Text("status") != "approved":
		return nil, engine.Conflict("an inquiry that is " + inquiry.Text("status") + " makes no reusable persona")
	case inquiry.Attributes[resources.Reusable] == true:
		return nil, engine.Conflict("the inquiry made a reusable persona before")
	}
	inquiry.Attributes[resources.Reusable] = true
	c.Emit("inquiry.reusable-persona-created", inquiry, nil)
	return inquiry, nil
}

// useReusablePersona passes a government ID of an inquiry with what the person proved in
// another inquiry of the account.
func useReusablePersona(c *engine.Change, inquiry *storage.Resource, _ Act) (*storage.Resource, error) {
	account := inquiry.One("account")
	found := false
	for earlier := range c.IndexedBy("inquiry", account) {
		found = found || account != "" && earlier.One("account") == account && earlier.Attributes[resources.Reusable] == true
	}
	if !found {
		return nil, engine.Conflict("no inquiry of the account made a reusable persona")
	}
	if err := resources.AcceptSubmission(c, inquiry); err != nil {
		return nil, err
	}
	v, err := resources.AddVerification(c, inquiry, "verification/government-id", fixtures.GovernmentIDTemplateID, "submitted", finding.Chosen{})
	if err != nil {
		return nil, err
	}
	v.Attributes["from-reusable-persona"] = true
	resources.SetVerification(c, v, "passed")
	c.Emit("inquiry.reusable-persona-used", inquiry, nil)
	return inquiry, nil
}

// runReport creates a report that belongs to an inquiry or a transaction. At Persona a step of
// the inquiry's flow or a workflow does that.
func runReport(c *engine.Change, owner *storage.Resource, a Act) (*storage.Resource, error) {
	if err := refuseRedacted(owner); err != nil {
		return nil, err
	}
	template, err := templateOf(a)
	if err != nil {
		return nil, err
	}
	report := resources.RunFor(c, a.Type, template, a.Query, owner)
	return report, risk.SetReport(report, a.Signals)
}

// refuseRedacted refuses an inquiry or a transaction that is redacted.
func refuseRedacted(owner *storage.Resource) error {
	if owner.Attributes["redacted-at"] != nil {
		return engine.Conflict("the inquiry is redacted")
	}
	return resources.AcceptTransaction(owner)
}

// runWorkflow has a workflow decide on an inquiry or a transaction. If the act has the type of
// a report, the workflow runs that first.
func runWorkflow(c *engine.Change, owner *storage.Resource, a Act) (*storage.Resource, error) {
	if err := refuseRedacted(owner); err != nil {
		return nil, err
	}
	if a.Type != "" {
		if _, err := runReport(c, owner, a); err != nil {
			return nil, err
		}
	}
	if owner.Typ == "transaction" {
		return resources.DecideTransaction(c, owner, a.Outcome)
	}
	return resources.DecideByWorkflow(c, owner, a.Outcome)
}

// makeInquiry has a workflow make an inquiry for a transaction, of the fixtures' template unless
// the act names another one.
func makeInquiry(c *engine.Change, transaction *storage.Resource, a Act) (*storage.Resource, error) {
	if err := resources.AcceptTransaction(transaction); err != nil {
		return nil, err
	}
	return resources.MakeInquiry(c, transaction, cmp.Or(a.Template, fixtures.InquiryTemplateID))
}

// setBehaviors sets risk signals of an inquiry.
func setBehaviors(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	return inquiry, risk.SetBehaviors(c, inquiry, a.Signals)
}

// setSessionSignals sets what Persona finds out about a session.
func setSessionSignals(c *engine.Change, session *storage.Resource, a Act) (*storage.Resource, error) {
	return session, risk.SetSession(c, session, a.Signals)
}
