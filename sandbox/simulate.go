package sandbox

import (
	"fmt"
	"maps"
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
	if inquiry.text("status") == "created" {
		if err := c.moveInquiry(inquiry, "pending"); err != nil { // who begins a verification starts the inquiry
			return err
		}
	}
	if status := inquiry.text("status"); status != "pending" {
		return conflict("an inquiry that is " + status + " takes no verification")
	}
	c.verify(inquiry, typ, id, result)
	return nil
}

// samplePerson is who the sandbox puts in the place of what was submitted (Persona
// help: Sandbox vs. Production). All but the name is ours.
func samplePerson() map[string]any {
	return map[string]any{
		"name-first": "Alexander", "name-middle": "J", "name-last": "Sample", "birthdate": "1977-07-17", "identification-number": "I1234562",
		"address-street-1": "600 CALIFORNIA STREET", "address-city": "SAN FRANCISCO", "address-subdivision": "CA", "address-postal-code": "94109", "address-country-code": "US",
	}
}

// verify adds a verification with a result to an inquiry, and the document or selfie
// it is about.
func (c *change) verify(inquiry *resource, typ, template, result string) {
	owner := map[string]any{"inquiry": inquiry.identifier(), "inquiry-template": inquiry.relationships["inquiry-template"], "inquiry-template-version": inquiry.relationships["inquiry-template-version"]}
	relationships := maps.Clone(owner)
	relationships["verification-template"] = identifier{"verification-template/" + typ[len("verification/"):], template}
	if account := inquiry.one("account"); account != "" {
		relationships["accounts"] = []identifier{{"account", account}}
	}
	switch typ {
	case "verification/government-id":
		document := c.evidence(inquiry, "documents", "document", "document/government-id", "doc", owner)
		relationships["document"] = document.identifier()
	case "verification/document":
		document := c.evidence(inquiry, "documents", "document", "document/generic", "doc", owner)
		relationships["document"] = document.identifier()
	case "verification/selfie":
		c.evidence(inquiry, "selfies", "selfie", "selfie/profile-and-center", "self", map[string]any{"inquiry": inquiry.identifier()})
	}
	v := c.create(typ, "ver", map[string]any{"status": "initiated", "country-code": "US", "tags": []any{}, "checks": checks(typ, result), "created-at-ts": c.now.Unix()}, relationships)
	inquiry.link("verifications", v.identifier())
	if typ != "verification/selfie" {
		for name, value := range samplePerson() {
			v.attributes[name] = value
		}
		c.fillInquiry(inquiry)
	}
	c.emit("verification.created", v, nil)
	v.attributes["status"] = "submitted"
	v.attributes["submitted-at"], v.attributes["submitted-at-ts"] = stamp(c.now), c.now.Unix()
	c.emit("verification.submitted", v, nil)
	v.attributes["status"] = result
	v.attributes["completed-at"], v.attributes["completed-at-ts"] = stamp(c.now), c.now.Unix()
	c.emit("verification."+result, v, nil)
}

// evidence adds a document or a selfie to an inquiry, through its three events.
func (c *change) evidence(inquiry *resource, relationship, event, typ, prefix string, relationships map[string]any) *resource {
	r := c.create(typ, prefix, map[string]any{"status": "initiated"}, relationships)
	inquiry.link(relationship, r.identifier())
	c.emit(event+".created", r, nil)
	r.attributes["status"] = "submitted"
	c.emit(event+".submitted", r, nil)
	r.attributes["status"] = "processed"
	r.attributes["processed-at"], r.attributes["processed-at-ts"] = stamp(c.now), c.now.Unix()
	c.emit(event+".processed", r, nil)
	return r
}

// checks are what a verification looked at: one required check that has its result,
// and one that is not required (Persona docs: Verification checks).
func checks(typ, result string) []any {
	names := map[string][2]string{
		"verification/government-id": {"id_entity_detection", "id_color_inconsistency_detection"},
		"verification/selfie":        {"selfie_liveness_detection", "selfie_face_covering_detection"},
		"verification/document":      {"document_fraud_detection", "document_supported_detection"},
		"verification/database":      {"database_attribute_comparison", "database_name_comparison"},
	}[typ]
	reasons := []any{}
	if result == "failed" {
		reasons = []any{"simulated_failure"}
	}
	return []any{
		map[string]any{"name": names[0], "status": result, "reasons": reasons, "requirement": "required", "metadata": map[string]any{}},
		map[string]any{"name": names[1], "status": "passed", "reasons": []any{}, "requirement": "not_required", "metadata": map[string]any{}},
	}
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
