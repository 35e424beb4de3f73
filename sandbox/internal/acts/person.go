package acts

import (
	"slices"

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
// outside of one.
func submit(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	outcomes := map[string][]string{"document": {"processed", "errored", "pending"}, "selfie": {"processed", "errored"}}[storage.FamilyOf(a.Type)]
	if a.Type == "document/government-id" {
		outcomes = append(outcomes, "extracted")
	}
	isVerification := storage.FamilyOf(a.Type) == "verification"
	switch {
	case catalog.Shapes()[a.Type] == [2]string{} && storage.FamilyOf(a.Type) != "selfie", !isVerification && outcomes == nil:
		return nil, engine.Unprocessable("type must be the type of a verification, of a document or of a selfie"+spelling.DidYouMean(a.Type, submittable()), "/type")
	case isVerification && resources.VerificationSteps(a.Type, a.Outcome) == nil, !isVerification && !slices.Contains(outcomes, a.Outcome):
		return nil, engine.Unprocessable("a "+a.Type+" cannot have this outcome"+spelling.DidYouMean(a.Outcome, slices.Concat(outcomes, resources.VerificationOutcomes(a.Type))), "/outcome")
	}
	if err := resources.AcceptSubmission(c, inquiry); err != nil {
		return nil, err
	}
	if isVerification {
		return resources.AddVerification(c, inquiry, a.Type, "", a.Outcome, finding.Chosen{Checks: a.Checks, Extracted: a.Extracted})
	}
	if len(a.Checks)+len(a.Extracted) > 0 {
		return nil, engine.Unprocessable("only a verification has checks and extracted data", "/type")
	}
	return resources.AddEvidence(c, inquiry, a.Type, a.Outcome), nil
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

// runReport creates a report that belongs to an inquiry. At Persona a step of its flow or a
// workflow does that.
func runReport(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	if inquiry.Attributes["redacted-at"] != nil {
		return nil, engine.Conflict("an inquiry that is redacted takes no report")
	}
	template, err := templateOf(a)
	if err != nil {
		return nil, err
	}
	var account *storage.Resource
	if id := inquiry.One("account"); id != "" {
		account = c.Get(id)
	}
	report := resources.NewReport(c, a.Type, template, a.Query, account, inquiry)
	return report, risk.SetReport(report, a.Signals)
}

// runWorkflow has a workflow decide on an inquiry. If the act has the type of a report, the
// workflow runs that first.
func runWorkflow(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	if inquiry.Attributes["redacted-at"] != nil {
		return nil, engine.Conflict("no workflow decides on an inquiry that is redacted")
	}
	if a.Type != "" {
		if _, err := runReport(c, inquiry, a); err != nil {
			return nil, err
		}
	}
	return resources.DecideByWorkflow(c, inquiry, a.Outcome)
}

// setBehaviors sets risk signals of an inquiry.
func setBehaviors(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	return inquiry, risk.SetBehaviors(c, inquiry, a.Signals)
}

// setSessionSignals sets what Persona finds out about a session.
func setSessionSignals(c *engine.Change, session *storage.Resource, a Act) (*storage.Resource, error) {
	return session, risk.SetSession(c, session, a.Signals)
}
