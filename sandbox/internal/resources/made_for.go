package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// At Persona a workflow makes inquiries, verifications, documents and reports for a
// transaction. What is made for an inquiry of a transaction is made for the transaction too.

// made is the relationship of a transaction with what was made for it.
const made = "_made"

// ownedBy returns the relationships of something that is made for an inquiry or a transaction.
func ownedBy(owner *storage.Resource) map[string]any {
	if owner.Typ == "transaction" {
		return map[string]any{"transaction": owner.Identifier()}
	}
	owned := map[string]any{"inquiry": owner.Identifier()}
	for _, name := range []string{"inquiry-template", "inquiry-template-version", "transaction"} {
		if of, known := owner.Relationships[name]; known {
			owned[name] = of
		}
	}
	return owned
}

// accountOf returns the id of the account that an inquiry or a transaction is about, or "". A
// transaction is about its payer.
func accountOf(owner *storage.Resource) string {
	if owner.Typ != "transaction" {
		return owner.One("account")
	}
	for _, id := range RelatedBy(owner, "payer") {
		return id
	}
	return ""
}

// keepMade adds something to what was made for a transaction.
func keepMade(c *engine.Change, transactionID string, r *storage.Resource) {
	if transaction := c.Edit(transactionID); transaction != nil {
		transaction.Link(made, r.Identifier())
		showRelated(c, transaction)
	}
}

// MakeInquiry has a workflow make an inquiry for a transaction. It is about the payer.
func MakeInquiry(c *engine.Change, transaction *storage.Resource, templateID string) (*storage.Resource, error) {
	template := c.Get(templateID)
	if template == nil || template.Typ != "inquiry-template" {
		return nil, engine.Unprocessable("there is no inquiry template with this id", "/template")
	}
	inquiry := newInquiry(c, map[string]any{"creator": "Workflow", "expires-at": simclock.Stamp(c.Now.Add(inquiryLife))}, map[string]any{
		"inquiry-template": template.Identifier(), "inquiry-template-version": template.Relationships["latest-published-version"], "transaction": transaction.Identifier(),
	})
	if account := c.Get(accountOf(transaction)); account != nil {
		if err := refuseArchived(account); err != nil {
			return nil, err
		}
		inquiry.Relationships["account"], inquiry.Attributes["reference-id"] = account.Identifier(), account.Attributes["reference-id"]
	}
	c.Schedule(c.Now.Add(inquiryLife), inquiry.ID)
	keepMade(c, transaction.ID, inquiry)
	c.Emit("inquiry.created", inquiry, nil)
	return inquiry, nil
}

// DecideTransaction runs a workflow that gives a transaction a status. The reviewer is the
// run, which is returned.
func DecideTransaction(c *engine.Change, transaction *storage.Resource, to string) (run *storage.Resource, err error) {
	if to != "approved" && to != "declined" && to != "needs_review" {
		return nil, engine.Unprocessable("outcome must be approved, declined or needs_review", "/outcome")
	}
	run = newRun(c, c.Get(fixtures.WorkflowID), "completed", c.LatestEvent(transaction.ID))
	transaction.Relationships["reviewer"] = run.Identifier()
	c.Stamp(transaction, "updated-at")
	if transaction.Text("status") != to {
		transaction.Attributes["status"] = to
		c.Emit("transaction.status-updated", transaction, nil)
	}
	return run, nil
}

// AcceptTransaction refuses a transaction for which nothing can be made any more.
func AcceptTransaction(transaction *storage.Resource) error {
	if transaction.Attributes[RedactedOnce] != nil {
		return engine.Conflict("the transaction is redacted")
	}
	return nil
}
