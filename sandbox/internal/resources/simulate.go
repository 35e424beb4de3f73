package resources

import (
	"fmt"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// simulate carries out a list of simulate actions, all or none of them (Persona docs:
// Integration testing). Production has no simulate actions.
func simulate(c *engine.Call) (*engine.Answer, error) {
	if c.Env.Name != "sandbox" {
		return nil, engine.Forbidden("simulate actions are for the sandbox environment")
	}
	inquiry, err := c.Find("inquiry")
	if err != nil {
		return nil, err
	}
	list, _ := c.Value("meta.simulate-actions")
	actions, _ := list.([]any)
	if len(actions) == 0 {
		return nil, engine.BadRequest("meta.simulate_actions must be filled")
	}
	for i, item := range actions {
		action, _ := item.(map[string]any)
		if err := simulateOne(c, inquiry, action, i); err != nil {
			return nil, err
		}
	}
	return &engine.Answer{One: inquiry}, nil
}

// simulateOne carries out the i-th action.
func simulateOne(c *engine.Call, inquiry *storage.Resource, action map[string]any, i int) error {
	moves := map[string]string{
		"start_inquiry": "pending", "complete_inquiry": "completed", "fail_inquiry": "failed", "expire_inquiry": "expired",
		"mark_for_review_inquiry": "needs_review", "approve_inquiry": "approved", "decline_inquiry": "declined",
	}
	results := map[string]string{"create_passed_verification": "passed", "create_failed_verification": "failed"}
	kind := engine.TextOf(action["type"])
	if to := moves[kind]; to != "" {
		return MoveInquiry(c.Change, inquiry, to)
	}
	result := results[kind]
	if result == "" {
		return engine.BadRequest(fmt.Sprintf("meta.simulate_actions[%d].type is not a simulate action", i))
	}
	data, _ := action["data"].(map[string]any)
	id := engine.TextOf(data["verification-template-id"])
	if id == "" {
		return engine.BadRequest(fmt.Sprintf("meta.simulate_actions[%d].data.verification_template_id is missing", i))
	}
	typ := fixtures.VerificationType(c.Change, id)
	if typ == "" {
		return engine.NotFound(fmt.Sprintf("meta.simulate_actions[%d].data.verification_template_id is not found", i))
	}
	if err := AcceptSubmission(c.Change, inquiry); err != nil {
		return err
	}
	_, err := AddVerification(c.Change, inquiry, typ, id, result, finding.Chosen{})
	return err
}

// AcceptSubmission makes sure that a person can submit something to an inquiry: it starts an
// inquiry that is created, and refuses one that is over or redacted.
func AcceptSubmission(c *engine.Change, inquiry *storage.Resource) error {
	if inquiry.Attributes["redacted-at"] != nil {
		return engine.Conflict("an inquiry that is redacted takes no verification")
	}
	switch status := inquiry.Text("status"); status {
	case "created":
		return MoveInquiry(c, inquiry, "pending")
	case "pending":
		return nil
	default:
		return engine.Conflict("an inquiry that is " + status + " takes no verification")
	}
}
