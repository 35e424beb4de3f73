package sandbox

import "slices"

// archiveAccount takes an account out of use: it takes no new inquiries.
func archiveAccount(c *change, account *resource, _ Act) (*resource, error) {
	if account.attributes[archived] == true {
		return nil, conflict("the account is archived")
	}
	account.attributes[archived], account.attributes["updated-at"] = true, stamp(c.now)
	c.emit("account.archived", account, nil)
	return account, nil
}

func restoreAccount(c *change, account *resource, _ Act) (*resource, error) {
	switch {
	case account.attributes[consolidatedInto] != nil:
		return nil, conflict("the account was consolidated into another")
	case account.attributes[archived] != true:
		return nil, conflict("the account is not archived")
	}
	account.attributes[archived], account.attributes["updated-at"] = false, stamp(c.now)
	c.emit("account.restored", account, nil)
	return account, nil
}

// commentCase adds a comment to a case.
func commentCase(c *change, r *resource, a Act) (*resource, error) {
	switch {
	case a.Text == "":
		return nil, badRequest("text is missing")
	case r.attributes["redacted-at"] != nil:
		return nil, conflict("the case is redacted")
	}
	comment := c.create("case-comment", "cscm", map[string]any{
		"message": a.Text, "commenter-id": UserID, "commenter-type": "user", "updated-at": stamp(c.now),
	}, nil)
	r.link("case-comments", comment.identifier())
	r.attributes["updated-at"] = stamp(c.now)
	c.emit("case-comment.created", comment, nil)
	return comment, nil
}

// publishTemplateVersion makes a draft the version that new inquiries are made from.
func publishTemplateVersion(c *change, version *resource, _ Act) (*resource, error) {
	if status := version.text("status"); status != "draft" {
		return nil, conflict("a version that is " + status + " cannot be published")
	}
	template := c.edit(version.one("inquiry-template"))
	c.edit(template.one("latest-published-version")).attributes["live"] = false
	template.relationships["latest-published-version"] = version.identifier()
	version.attributes["status"], version.attributes["live"] = "published", true
	version.attributes["published-at"], version.attributes["updated-at"] = stamp(c.now), stamp(c.now)
	c.emit("inquiry-template-version.published", version, nil)
	return version, nil
}

// actReport makes a report about an account, of any kind: those that no operation
// makes come from workflows, at Persona.
func actReport(c *change, account *resource, a Act) (*resource, error) {
	return c.reportOf(account, a)
}

// reportOf makes the report of an act, about an account unless that is nil.
func (c *change) reportOf(account *resource, a Act) (*resource, error) {
	for id, typ := range reportTemplates() {
		if typ == a.Type {
			if err := checkQuery(typ, a.Query); err != nil {
				return nil, err
			}
			return c.newReport(typ, id, a.Query, account), nil
		}
	}
	return nil, unprocessable("type must be the type of a report", "/type")
}

// exportCase hands a case out. The case stays as it is; the audit log tells of it.
func exportCase(c *change, r *resource, _ Act) (*resource, error) {
	if r.attributes["redacted-at"] != nil {
		return nil, conflict("the case is redacted")
	}
	c.emit("case.exported", r, nil)
	return r, nil
}

// escalateVerification hands a verification to a person who looks again. Its status
// stays.
func escalateVerification(c *change, v *resource, _ Act) (*resource, error) {
	switch {
	case v.attributes["completed-at"] == nil:
		return nil, conflict("a verification that is " + v.text("status") + " cannot be escalated")
	case v.attributes[escalated] == true:
		return nil, conflict("the verification was escalated before")
	}
	v.attributes[escalated] = true
	c.emit("verification.escalated", v, nil)
	return v, nil
}

func tagVerification(c *change, v *resource, a Act) (*resource, error) {
	have, _ := v.attributes["tags"].([]any)
	tags := tagList(a.Tags)
	added, removed := without(tags, have), without(have, tags)
	if err := c.countTags(added); err != nil {
		return nil, err
	}
	if len(added)+len(removed) > 0 {
		v.attributes["tags"] = tags
		c.emit("verification.updated-tags", v, map[string]any{"added-tags": added, "removed-tags": removed})
	}
	return v, nil
}

// deleteTransactionField takes a field from a transaction type. Transactions keep what
// they have in it.
func deleteTransactionField(c *change, typ *resource, a Act) (*resource, error) {
	schemas, _ := typ.attributes["field-schemas"].([]any)
	left := slices.DeleteFunc(slices.Clone(schemas), func(schema any) bool {
		s, _ := schema.(map[string]any)
		return s["key"] == a.Field
	})
	if len(left) == len(schemas) {
		return nil, unprocessable("the transaction type has no such field", "/field")
	}
	typ.attributes["field-schemas"], typ.attributes["updated-at"] = left, stamp(c.now)
	c.emit("transaction-type.deleted-field", typ, nil)
	return typ, nil
}
