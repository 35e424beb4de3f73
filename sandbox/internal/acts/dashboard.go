package acts

import (
	"slices"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// archiveAccount takes an account out of use: it takes no new inquiries.
func archiveAccount(c *engine.Change, account *storage.Resource, _ Act) (*storage.Resource, error) {
	if account.Attributes[resources.Archived] == true {
		return nil, engine.Conflict("the account is archived")
	}
	account.Attributes[resources.Archived], account.Attributes["updated-at"] = true, simclock.Stamp(c.Now)
	c.Emit("account.archived", account, nil)
	return account, nil
}

func restoreAccount(c *engine.Change, account *storage.Resource, _ Act) (*storage.Resource, error) {
	switch {
	case account.Attributes[resources.ConsolidatedInto] != nil:
		return nil, engine.Conflict("the account was consolidated into another")
	case account.Attributes[resources.Archived] != true:
		return nil, engine.Conflict("the account is not archived")
	}
	account.Attributes[resources.Archived], account.Attributes["updated-at"] = false, simclock.Stamp(c.Now)
	c.Emit("account.restored", account, nil)
	return account, nil
}

// commentCase adds a comment to a case.
func commentCase(c *engine.Change, r *storage.Resource, a Act) (*storage.Resource, error) {
	switch {
	case a.Text == "":
		return nil, engine.BadRequest("text is missing")
	case r.Attributes["redacted-at"] != nil:
		return nil, engine.Conflict("the case is redacted")
	}
	comment := c.Create("case-comment", "cscm", map[string]any{
		"message": a.Text, "commenter-id": resources.UserID, "commenter-type": "user", "updated-at": simclock.Stamp(c.Now),
	}, nil)
	r.Link("case-comments", comment.Identifier())
	r.Attributes["updated-at"] = simclock.Stamp(c.Now)
	c.Emit("case-comment.created", comment, nil)
	return comment, nil
}

// publishTemplateVersion makes a draft the version that new inquiries are made from.
func publishTemplateVersion(c *engine.Change, version *storage.Resource, _ Act) (*storage.Resource, error) {
	if status := version.Text("status"); status != "draft" {
		return nil, engine.Conflict("a version that is " + status + " cannot be published")
	}
	template := c.Edit(version.One("inquiry-template"))
	c.Edit(template.One("latest-published-version")).Attributes["live"] = false
	template.Relationships["latest-published-version"] = version.Identifier()
	version.Attributes["status"], version.Attributes["live"] = "published", true
	version.Attributes["published-at"], version.Attributes["updated-at"] = simclock.Stamp(c.Now), simclock.Stamp(c.Now)
	c.Emit("inquiry-template-version.published", version, nil)
	return version, nil
}

// actReport makes a report about an account, of any kind: those that no operation
// makes come from workflows, at Persona.
func actReport(c *engine.Change, account *storage.Resource, a Act) (*storage.Resource, error) {
	return reportOf(c, account, a)
}

// reportOf makes the report of an act, about an account unless that is nil.
func reportOf(c *engine.Change, account *storage.Resource, a Act) (*storage.Resource, error) {
	for id, typ := range resources.ReportTemplates() {
		if typ == a.Type {
			if err := resources.CheckQuery(typ, a.Query); err != nil {
				return nil, err
			}
			return resources.NewReport(c, typ, id, a.Query, account), nil
		}
	}
	return nil, engine.Unprocessable("type must be the type of a report", "/type")
}

// exportCase hands a case out. The case stays as it is; the audit log tells of it.
func exportCase(c *engine.Change, r *storage.Resource, _ Act) (*storage.Resource, error) {
	if r.Attributes["redacted-at"] != nil {
		return nil, engine.Conflict("the case is redacted")
	}
	c.Emit("case.exported", r, nil)
	return r, nil
}

// escalateVerification hands a verification to a person who looks again. Its status
// stays.
func escalateVerification(c *engine.Change, v *storage.Resource, _ Act) (*storage.Resource, error) {
	switch {
	case v.Attributes["completed-at"] == nil:
		return nil, engine.Conflict("a verification that is " + v.Text("status") + " cannot be escalated")
	case v.Attributes[resources.Escalated] == true:
		return nil, engine.Conflict("the verification was escalated before")
	}
	v.Attributes[resources.Escalated] = true
	c.Emit("verification.escalated", v, nil)
	return v, nil
}

func tagVerification(c *engine.Change, v *storage.Resource, a Act) (*storage.Resource, error) {
	have, _ := v.Attributes["tags"].([]any)
	tags := resources.TagList(a.Tags)
	added, removed := resources.Without(tags, have), resources.Without(have, tags)
	if err := resources.CountTags(c, added); err != nil {
		return nil, err
	}
	if len(added)+len(removed) > 0 {
		v.Attributes["tags"] = tags
		c.Emit("verification.updated-tags", v, map[string]any{"added-tags": added, "removed-tags": removed})
	}
	return v, nil
}

// deleteTransactionField takes a field from a transaction type. Transactions keep what
// they have in it.
func deleteTransactionField(c *engine.Change, typ *storage.Resource, a Act) (*storage.Resource, error) {
	schemas, _ := typ.Attributes["field-schemas"].([]any)
	left := slices.DeleteFunc(slices.Clone(schemas), func(schema any) bool {
		s, _ := schema.(map[string]any)
		return s["key"] == a.Field
	})
	if len(left) == len(schemas) {
		return nil, engine.Unprocessable("the transaction type has no such field", "/field")
	}
	typ.Attributes["field-schemas"], typ.Attributes["updated-at"] = left, simclock.Stamp(c.Now)
	c.Emit("transaction-type.deleted-field", typ, nil)
	return typ, nil
}
