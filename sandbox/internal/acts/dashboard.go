package acts

import (
	"slices"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/reportkind"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/risk"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// archiveAccount archives an account, which then accepts no new inquiries.
func archiveAccount(c *engine.Change, account *storage.Resource, _ Act) (*storage.Resource, error) {
	if account.Attributes[resources.Archived] == true {
		return nil, engine.Conflict("the account is archived")
	}
	account.Attributes[resources.Archived] = true
	c.Stamp(account, "updated-at")
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
	account.Attributes[resources.Archived] = false
	c.Stamp(account, "updated-at")
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
	comment := c.Create("case-comment", "cscm", map[string]any{"message": a.Text, "commenter-id": fixtures.UserID, "commenter-type": "user"}, nil)
	c.Stamp(comment, "updated-at")
	r.Link("case-comments", comment.Identifier())
	c.Stamp(r, "updated-at")
	c.Emit("case-comment.created", comment, nil)
	return comment, nil
}

// exportCase emits the event of an export. The case does not change.
func exportCase(c *engine.Change, r *storage.Resource, _ Act) (*storage.Resource, error) {
	if r.Attributes["redacted-at"] != nil {
		return nil, engine.Conflict("the case is redacted")
	}
	c.Emit("case.exported", r, nil)
	return r, nil
}

// decideInquiry has the user decide on an inquiry, who is then its reviewer.
func decideInquiry(to string) func(*engine.Change, *storage.Resource, Act) (*storage.Resource, error) {
	return func(c *engine.Change, inquiry *storage.Resource, a Act) (*storage.Resource, error) {
		return inquiry, resources.DecideByUser(c, inquiry, to, a.Text)
	}
}

// publishTemplateVersion publishes a draft. New inquiries then use it.
func publishTemplateVersion(c *engine.Change, version *storage.Resource, _ Act) (*storage.Resource, error) {
	if status := version.Text("status"); status != "draft" {
		return nil, engine.Conflict("a version that is " + status + " cannot be published")
	}
	template := c.Edit(version.One("inquiry-template"))
	c.Edit(template.One("latest-published-version")).Attributes["live"] = false
	template.Relationships["latest-published-version"] = version.Identifier()
	version.Attributes["status"], version.Attributes["live"] = "published", true
	c.Stamp(version, "published-at", "updated-at")
	c.Emit("inquiry-template-version.published", version, nil)
	return version, nil
}

// createReport creates a report about an account, also of the kinds that only workflows
// create at Persona. It belongs to the account's latest inquiry.
func createReport(c *engine.Change, account *storage.Resource, a Act) (*storage.Resource, error) {
	template, err := templateOf(a)
	if err != nil {
		return nil, err
	}
	report := resources.NewAccountReport(c, a.Type, template, a.Query, account)
	return report, risk.SetReport(report, a.Signals)
}

// templateOf returns the id of the template of an act's report. It refuses a query that the
// report cannot have.
func templateOf(a Act) (string, error) {
	var types []string
	for id, typ := range fixtures.ReportTemplates() {
		if typ == a.Type {
			return id, reportkind.CheckQuery(typ, a.Query)
		}
		types = append(types, typ)
	}
	return "", engine.Unprocessable("type must be the type of a report"+spelling.DidYouMean(a.Type, types), "/type")
}

// reviewReport adds the review of a user to the history of a report.
func reviewReport(c *engine.Change, report *storage.Resource, _ Act) (*storage.Resource, error) {
	if report.Text("status") == "pending" || report.Attributes["redacted-at"] != nil {
		return nil, engine.Conflict("a report that is not ready, or redacted, cannot be reviewed")
	}
	resources.AddReview(c, report)
	return report, nil
}

// escalateVerification escalates a verification to a person. Its status does not change.
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
	return v, resources.SetTags(c, v, resources.TagList(a.Tags), resources.EmitTags)
}

// deleteTransactionField deletes a field of a transaction type. Transactions keep their
// values.
func deleteTransactionField(c *engine.Change, typ *storage.Resource, a Act) (*storage.Resource, error) {
	schemas, _ := typ.Attributes[schema.Attribute].([]any)
	left := slices.DeleteFunc(slices.Clone(schemas), func(schema any) bool {
		s, _ := schema.(map[string]any)
		return s["key"] == a.Field
	})
	if len(left) == len(schemas) {
		return nil, engine.Unprocessable("the transaction type has no such field", "/field")
	}
	typ.Attributes[schema.Attribute] = left
	c.Stamp(typ, "updated-at")
	c.Emit("transaction-type.deleted-field", typ, nil)
	return typ, nil
}

// redeliver retries the failed deliveries of an event to webhooks that are enabled. After
// eight attempts Persona does not retry by itself (Persona docs: Webhooks).
func redeliver(c *engine.Change, event *storage.Resource, _ Act) (*storage.Resource, error) {
	webhooks := slices.DeleteFunc(c.Env.Outbox().FailedFor(event.ID), func(id string) bool { return c.Get(id).Text("status") != "enabled" })
	if len(webhooks) == 0 {
		return nil, engine.Conflict("no delivery of the event failed whose webhook is enabled")
	}
	c.OnCommit(func() { c.Env.Outbox().Retry(event.ID, webhooks, c.Now) })
	return event, nil
}
