package resources

import (
	"fmt"
	"maps"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
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
	AddVerification(c.Change, inquiry, typ, id, result)
	return nil
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

// samplePerson returns the data that the sandbox uses in place of what was submitted (Persona
// help: Sandbox vs. Production). Only the name is Persona's.
func samplePerson() map[string]any {
	return map[string]any{
		"name-first": "Alexander", "name-middle": "J", "name-last": "Sample", "birthdate": "1977-07-17", "identification-number": "I1234562",
		"address-street-1": "600 CALIFORNIA STREET", "address-city": "SAN FRANCISCO", "address-subdivision": "CA", "address-postal-code": "94109", "address-country-code": "US",
	}
}

// sampleOf returns further attributes of a type of verification that are never null (OpenAPI
// 2025-12-08).
func sampleOf(typ string) map[string]any {
	switch typ {
	case "verification/aamva":
		return map[string]any{"birthdate": samplePerson()["birthdate"], "issue-date": "2020-01-02", "expiration-date": "2030-01-02"}
	case "verification/phone-number":
		return map[string]any{"metadata": map[string]any{"telesign-risk-score": 1}}
	}
	return nil
}

// checks returns the checks of a verification: a required one with its result, and one that
// is not required (Persona docs: Verification checks).
func checks(typ, result string) []any {
	names, known := map[string][2]string{
		"verification/government-id": {"id_entity_detection", "id_color_inconsistency_detection"},
		"verification/selfie":        {"selfie_liveness_detection", "selfie_face_covering_detection"},
		"verification/document":      {"document_fraud_detection", "document_supported_detection"},
		"verification/database":      {"database_attribute_comparison", "database_name_comparison"},
	}[typ]
	if !known {
		kind := strings.ReplaceAll(strings.TrimPrefix(typ, "verification/"), "-", "_")
		names = [2]string{kind + "_comparison", kind + "_entry_detection"}
	}
	reasons := []any{}
	if result == "failed" {
		reasons = []any{"simulated_failure"}
	}
	made := []any{}
	for _, check := range []map[string]any{
		{"name": names[0], "status": result, "reasons": reasons, "requirement": "required", "metadata": map[string]any{}},
		{"name": names[1], "status": "passed", "reasons": []any{}, "requirement": "not_required", "metadata": map[string]any{}},
	} {
		if typ == "verification/government-id-nfc" { // its checks have no requirement (OpenAPI 2025-12-08)
			delete(check, "requirement")
		}
		made = append(made, check)
	}
	return made
}

// fillInquiry writes the sample person into the fields of an inquiry.
func fillInquiry(c *engine.Change, inquiry *storage.Resource) {
	fields, _ := inquiry.Attributes["fields"].(map[string]any)
	fields = maps.Clone(fields)
	for name, typ := range fixtures.FieldTypes(c, inquiry) {
		if value, known := samplePerson()[name]; known && fieldProblem(typ, value) == "" {
			fields[name] = storage.TypedField(typ, value)
		}
	}
	inquiry.Attributes["fields"] = fields
	c.Stamp(inquiry, "updated-at")
}
