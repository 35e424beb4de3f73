package sandbox

import "slices"

// actSubmit is what a person submits to an inquiry: a verification of any type, or a
// document or selfie outside of one.
func actSubmit(c *change, inquiry *resource, a Act) (*resource, error) {
	outcomes := map[string][]string{"document": {"processed", "errored", "pending"}, "selfie": {"processed", "errored"}}[familyOf(a.Type)]
	if a.Type == "document/government-id" {
		outcomes = append(outcomes, "extracted")
	}
	isVerification := familyOf(a.Type) == "verification"
	switch {
	case shapes()[a.Type] == [2]string{} && familyOf(a.Type) != "selfie", !isVerification && outcomes == nil:
		return nil, unprocessable("type must be the type of a verification, of a document or of a selfie", "/type")
	case isVerification && verificationSteps(a.Type, a.Outcome) == nil, !isVerification && !slices.Contains(outcomes, a.Outcome):
		return nil, unprocessable("outcome is not one that "+a.Type+" has", "/outcome")
	}
	if err := c.takePart(inquiry); err != nil {
		return nil, err
	}
	if isVerification {
		return c.verify(inquiry, a.Type, templateOf(a.Type), a.Outcome), nil
	}
	return c.evidence(inquiry, a.Type, a.Outcome), nil
}

// templateOf is the verification template of a type, or "".
func templateOf(verification string) string {
	for id, typ := range verificationTemplates() {
		if typ == verification {
			return id
		}
	}
	return ""
}

func actMoveOn(c *change, inquiry *resource, a Act) (*resource, error) {
	if a.Step == "" {
		return nil, badRequest("step is missing")
	}
	if err := c.takePart(inquiry); err != nil {
		return nil, err
	}
	c.moveOn(inquiry, a.Step)
	return inquiry, nil
}

func actCancelSession(c *change, session *resource, _ Act) (*resource, error) {
	if session.text("status") == "new" {
		return nil, conflict("nobody opened the session")
	}
	c.cancelSession(session)
	return session, nil
}

// createReusablePersona keeps what a person proved, for a later inquiry of the
// account.
func createReusablePersona(c *change, inquiry *resource, _ Act) (*resource, error) {
	switch {
	case inquiry.text("status") != "completed" && inquiry.text("status") != "approved":
		return nil, conflict("an inquiry that is " + inquiry.text("status") + " makes no reusable persona")
	case inquiry.attributes[reusable] == true:
		return nil, conflict("the inquiry made a reusable persona before")
	}
	inquiry.attributes[reusable] = true
	c.emit("inquiry.reusable-persona-created", inquiry, nil)
	return inquiry, nil
}

// useReusablePersona satisfies an inquiry with what the person proved in an earlier one
// of the account.
func useReusablePersona(c *change, inquiry *resource, _ Act) (*resource, error) {
	account := inquiry.one("account")
	found := false
	for earlier := range c.of("inquiry", account) {
		found = found || account != "" && earlier.one("account") == account && earlier.attributes[reusable] == true
	}
	if !found {
		return nil, conflict("no inquiry of the account made a reusable persona")
	}
	if err := c.takePart(inquiry); err != nil {
		return nil, err
	}
	v := c.verify(inquiry, "verification/government-id", GovernmentIDTemplateID, "submitted")
	v.attributes["from-reusable-persona"] = true
	c.setVerification(v, "passed")
	c.emit("inquiry.reusable-persona-used", inquiry, nil)
	return inquiry, nil
}

// actInquiryReport makes a report that an inquiry has among its own. At Persona a step of
// its flow or a workflow does.
func actInquiryReport(c *change, inquiry *resource, a Act) (*resource, error) {
	if inquiry.attributes["redacted-at"] != nil {
		return nil, conflict("an inquiry that is redacted takes no report")
	}
	var account *resource
	if id := inquiry.one("account"); id != "" {
		account = c.get(id)
	}
	report, err := c.reportOf(account, a)
	if err != nil {
		return nil, err
	}
	report.relationships["inquiry"] = inquiry.identifier()
	inquiry.link("reports", report.identifier())
	inquiry.attributes["updated-at"] = stamp(c.now)
	return report, nil
}
