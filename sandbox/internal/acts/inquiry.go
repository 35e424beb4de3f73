package acts

import (
	"slices"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// actSubmit is what a person submits to an inquiry: a verification of any type, or a
// document or selfie outside of one.
func actSubmit(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	outcomes := map[string][]string{"document": {"processed", "errored", "pending"}, "selfie": {"processed", "errored"}}[storage.FamilyOf(a.Type)]
	if a.Type == "document/government-id" {
		outcomes = append(outcomes, "extracted")
	}
	isVerification := storage.FamilyOf(a.Type) == "verification"
	switch {
	case catalog.Shapes()[a.Type] == [2]string{} && storage.FamilyOf(a.Type) != "selfie", !isVerification && outcomes == nil:
		return nil, engine.Unprocessable("type must be the type of a verification, of a document or of a selfie", "/type")
	case isVerification && resources.VerificationSteps(a.Type, a.Outcome) == nil, !isVerification && !slices.Contains(outcomes, a.Outcome):
		return nil, engine.Unprocessable("outcome is not one that "+a.Type+" has", "/outcome")
	}
	if err := resources.TakePart(c, inquiry); err != nil {
		return nil, err
	}
	if isVerification {
		return resources.Verify(c, inquiry, a.Type, templateOf(a.Type), a.Outcome), nil
	}
	return resources.Evidence(c, inquiry, a.Type, a.Outcome), nil
}

// templateOf is the verification template of a type, or "".
func templateOf(verification string) string {
	for id, typ := range resources.VerificationTemplates() {
		if typ == verification {
			return id
		}
	}
	return ""
}

func actMoveOn(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	if a.Step == "" {
		return nil, engine.BadRequest("step is missing")
	}
	if err := resources.TakePart(c, inquiry); err != nil {
		return nil, err
	}
	resources.MoveOn(c, inquiry, a.Step)
	return inquiry, nil
}

func actCancelSession(c *engine.Change, session *storage.Resource, _ Act) (*storage.Resource, error) {
	if session.Text("status") == "new" {
		return nil, engine.Conflict("nobody opened the session")
	}
	resources.CancelSession(c, session)
	return session, nil
}

// createReusablePersona keeps what a person proved, for a later inquiry of the
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

// useReusablePersona satisfies an inquiry with what the person proved in an earlier one
// of the account.
func useReusablePersona(c *engine.Change, inquiry *storage.Resource, _ Act) (*storage.Resource, error) {
	account := inquiry.One("account")
	found := false
	for earlier := range c.Of("inquiry", account) {
		found = found || account != "" && earlier.One("account") == account && earlier.Attributes[resources.Reusable] == true
	}
	if !found {
		return nil, engine.Conflict("no inquiry of the account made a reusable persona")
	}
	if err := resources.TakePart(c, inquiry); err != nil {
		return nil, err
	}
	v := resources.Verify(c, inquiry, "verification/government-id", resources.GovernmentIDTemplateID, "submitted")
	v.Attributes["from-reusable-persona"] = true
	resources.SetVerification(c, v, "passed")
	c.Emit("inquiry.reusable-persona-used", inquiry, nil)
	return inquiry, nil
}

// actInquiryReport makes a report that an inquiry has among its own. At Persona a step of
// its flow or a workflow does.
func actInquiryReport(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
	if inquiry.Attributes["redacted-at"] != nil {
		return nil, engine.Conflict("an inquiry that is redacted takes no report")
	}
	var account *storage.Resource
	if id := inquiry.One("account"); id != "" {
		account = c.Get(id)
	}
	report, err := reportOf(c, account, a)
	if err != nil {
		return nil, err
	}
	report.Relationships["inquiry"] = inquiry.Identifier()
	inquiry.Link("reports", report.Identifier())
	inquiry.Attributes["updated-at"] = simclock.Stamp(c.Now)
	return report, nil
}
