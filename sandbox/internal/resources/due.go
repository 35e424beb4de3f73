package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// DueByFamily is what falls due for the resources of each family. Each looks again
// whether something is due: nothing that is scheduled is ever taken back.
func DueByFamily() map[string]func(*engine.Change, *storage.Resource) {
	return map[string]func(*engine.Change, *storage.Resource){
		"inquiry":               inquiryDue,
		"account":               func(c *engine.Change, r *storage.Resource) { redactionDue(c, r) },
		"inquiry-session":       sessionDue,
		"connect":               func(c *engine.Change, r *storage.Resource) { connectDue(c, r) },
		"verification":          func(c *engine.Change, r *storage.Resource) { verificationDue(c, r) },
		"document":              func(c *engine.Change, r *storage.Resource) { documentDue(c, r) },
		"workflow-run":          func(c *engine.Change, r *storage.Resource) { workflowRunDue(c, r) },
		"graph-query":           func(c *engine.Change, r *storage.Resource) { graphQueryDue(c, r) },
		"report":                func(c *engine.Change, r *storage.Resource) { reportDue(c, r) },
		"relay":                 func(c *engine.Change, r *storage.Resource) { relayDue(c, r) },
		"importer-pipeline-run": func(c *engine.Change, r *storage.Resource) { pipelineRunDue(c, r) },
		"importer":              func(c *engine.Change, r *storage.Resource) { runImport(c, r) },
		"case":                  func(c *engine.Change, r *storage.Resource) { slaDue(c, r) },
	}
}

func inquiryDue(c *engine.Change, r *storage.Resource) {
	due := r.Time("expires-at")
	if status := r.Text("status"); (status == "created" || status == "pending") && !due.IsZero() && !c.Now.Before(due) {
		expireInquiry(c, r)
	}
	redactionDue(c, r)
}

func sessionDue(c *engine.Change, r *storage.Resource) {
	if due := r.Time(sessionUntil); r.Text("status") != "expired" && !c.Now.Before(due) {
		expireSession(c, r)
	}
}

// ExpireRefusedInquiry expires an inquiry that asked for one session too many (Persona
// help centre: Controlling when Inquiries expire).
func ExpireRefusedInquiry(c *engine.Change, inquiryID string) bool {
	return MoveInquiry(c, c.Edit(inquiryID), "expired") == nil
}
