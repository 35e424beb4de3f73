package sandbox

import (
	"fmt"
	"maps"
	"strings"
)

// simulate carries out a series of simulate actions, all or none of them (Persona
// docs: Integration testing). There are none in production.
func simulate(c *call) (*answer, error) {
	if c.env.name != "sandbox" {
		return nil, forbidden("simulate actions are for the sandbox environment")
	}
	inquiry, err := c.find("inquiry")
	if err != nil {
		return nil, err
	}
	list, _ := at(c.body, "meta.simulate-actions")
	actions, _ := list.([]any)
	if len(actions) == 0 {
		return nil, badRequest("meta.simulate_actions must be filled")
	}
	for i, item := range actions {
		action, _ := item.(map[string]any)
		if err := c.simulateOne(inquiry, action, i); err != nil {
			return nil, err
		}
	}
	return &answer{one: inquiry}, nil
}

func (c *call) simulateOne(inquiry *resource, action map[string]any, i int) error {
	moves := map[string]string{
		"start_inquiry": "pending", "complete_inquiry": "completed", "fail_inquiry": "failed", "expire_inquiry": "expired",
		"mark_for_review_inquiry": "needs_review", "approve_inquiry": "approved", "decline_inquiry": "declined",
	}
	results := map[string]string{"create_passed_verification": "passed", "create_failed_verification": "failed"}
	kind := textOf(action["type"])
	if to := moves[kind]; to != "" {
		return c.moveInquiry(inquiry, to)
	}
	result := results[kind]
	if result == "" {
		return badRequest(fmt.Sprintf("meta.simulate_actions[%d].type is not a simulate action", i))
	}
	data, _ := action["data"].(map[string]any)
	id := textOf(data["verification-template-id"])
	if id == "" {
		return badRequest(fmt.Sprintf("meta.simulate_actions[%d].data.verification_template_id is missing", i))
	}
	typ := c.verificationType(id)
	if typ == "" {
		return notFound(fmt.Sprintf("meta.simulate_actions[%d].data.verification_template_id is not found", i))
	}
	if err := c.takePart(inquiry); err != nil {
		return err
	}
	c.verify(inquiry, typ, id, result)
	return nil
}

// takePart makes sure that a person can submit something to an inquiry. Who begins to
// starts the inquiry. What was redacted is not filled in again.
func (c *change) takePart(inquiry *resource) error {
	if inquiry.attributes["redacted-at"] != nil {
		return conflict("an inquiry that is redacted takes no verification")
	}
	switch status := inquiry.text("status"); status {
	case "created":
		return c.moveInquiry(inquiry, "pending")
	case "pending":
		return nil
	default:
		return conflict("an inquiry that is " + status + " takes no verification")
	}
}

// samplePerson is who the sandbox puts in the place of what was submitted (Persona
// help: Sandbox vs. Production). All but the name is ours.
func samplePerson() map[string]any {
	return map[string]any{
		"name-first": "Alexander", "name-middle": "J", "name-last": "Sample", "birthdate": "1977-07-17", "identification-number": "I1234562",
		"address-street-1": "600 CALIFORNIA STREET", "address-city": "SAN FRANCISCO", "address-subdivision": "CA", "address-postal-code": "94109", "address-country-code": "US",
	}
}

// sampleOf is what verifications of a type say besides, which is never null (OpenAPI
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

// checks are what a verification looked at: one required check that has its result,
// and one that is not required (Persona docs: Verification checks).
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
		if typ == "verification/government-id-nfc" { // its checks have none (OpenAPI 2025-12-08)
			delete(check, "requirement")
		}
		made = append(made, check)
	}
	return made
}

// fillInquiry writes the sample person into an inquiry, over what was submitted.
func (c *change) fillInquiry(inquiry *resource) {
	fields, _ := inquiry.attributes["fields"].(map[string]any)
	fields = maps.Clone(fields)
	for _, name := range c.fieldsOf(inquiry) {
		if value, known := samplePerson()[name]; known {
			fields[name] = field(name, value)
		}
	}
	inquiry.attributes["fields"] = fields
	inquiry.attributes["updated-at"] = stamp(c.now)
}
