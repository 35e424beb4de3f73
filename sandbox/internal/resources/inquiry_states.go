package resources

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/risk"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// inquiryMove describes how an inquiry gets a status.
type inquiryMove struct {
	from  []string
	event string
	at    string // the attribute with the time
}

// inquiryMoves returns how an inquiry gets each status. The moves from created, and the
// refusal of a repeated decision, were observed at the real sandbox. Persona does not say
// whether a decision can be changed, or an expired inquiry decided: here they can.
func inquiryMoves() map[string]inquiryMove {
	return map[string]inquiryMove{
		"pending":      {[]string{"created"}, "inquiry.started", "started-at"},
		"completed":    {[]string{"pending"}, "inquiry.completed", "completed-at"},
		"failed":       {[]string{"pending"}, "inquiry.failed", "failed-at"},
		"expired":      {[]string{"created", "pending"}, "inquiry.expired", "expired-at"},
		"needs_review": {[]string{"created", "pending", "completed", "failed", "expired"}, "inquiry.marked-for-review", "marked-for-review-at"},
		"approved":     {[]string{"created", "pending", "completed", "failed", "expired", "needs_review", "declined"}, "inquiry.approved", "decisioned-at"},
		"declined":     {[]string{"created", "pending", "completed", "failed", "expired", "needs_review", "approved"}, "inquiry.declined", "decisioned-at"},
	}
}

// MoveInquiry changes an inquiry's status, with everything that follows from it. A decision has
// no reviewer.
func MoveInquiry(c *engine.Change, inquiry *storage.Resource, to string) error {
	return moveInquiry(c, inquiry, to, nil)
}

// DecideByWorkflow runs a workflow that gives an inquiry the status of a decision. The reviewer
// of the decision is the run, which is returned.
func DecideByWorkflow(c *engine.Change, inquiry *storage.Resource, to string) (run *storage.Resource, err error) {
	if to != "approved" && to != "declined" && to != "needs_review" {
		return nil, engine.Unprocessable("outcome must be approved, declined or needs_review", "/outcome")
	}
	run = newRun(c, c.Get(fixtures.WorkflowID), "completed", c.LatestEvent(inquiry.ID))
	return run, moveInquiry(c, inquiry, to, run)
}

// DecideByUser has the user of the dashboard decide on an inquiry. A comment replaces the
// earlier one, unless it is empty.
func DecideByUser(c *engine.Change, inquiry *storage.Resource, to, comment string) error {
	if comment != "" {
		inquiry.Attributes["reviewer-comment"] = comment
	}
	return moveInquiry(c, inquiry, to, c.Get(fixtures.UserID))
}

func moveInquiry(c *engine.Change, inquiry *storage.Resource, to string, reviewer *storage.Resource) error {
	move := inquiryMoves()[to]
	from := inquiry.Text("status")
	if !slices.Contains(move.from, from) {
		return engine.Conflict("an inquiry that is " + from + " cannot become " + to)
	}
	if to == "expired" {
		expireInquiry(c, inquiry)
		return nil
	}
	inquiry.Attributes["status"] = to
	c.Stamp(inquiry, move.at, "updated-at")
	if to != "pending" {
		inquiry.Attributes["expires-at"] = nil
	}
	switch to {
	case "pending":
		if life := inquiry.Duration(afterStart); life > 0 {
			wait(c, inquiry, "expires-at", life)
		}
	case "completed":
		setStep(inquiry, LastStep)
		risk.Observe(c, inquiry)
	case "failed":
		setStep(inquiry, "fail")
		risk.Observe(c, inquiry)
	default:
		delete(inquiry.Relationships, "reviewer")
		if reviewer != nil {
			inquiry.Relationships["reviewer"] = reviewer.Identifier()
		}
	}
	c.Emit(move.event, inquiry, nil)
	if to == "completed" {
		fillAccount(c, inquiry)
		countMatches(c, inquiry)
	}
	return nil
}

// expireInquiry expires an inquiry, its sessions, and its open verifications.
func expireInquiry(c *engine.Change, inquiry *storage.Resource) {
	inquiry.Attributes["status"] = "expired"
	inquiry.Attributes["expires-at"] = nil
	c.Stamp(inquiry, "expired-at", "updated-at")
	c.Emit("inquiry.expired", inquiry, nil)
	expireSessions(c, inquiry)
	for _, id := range inquiry.Many("verifications") {
		v := c.Edit(id.ID)
		if status := v.Text("status"); status == "initiated" || status == "submitted" {
			SetVerification(c, v, "canceled")
		}
	}
}

// EnterStep moves an inquiry to a step of its flow. Its status does not change (Persona
// docs: Events).
func EnterStep(c *engine.Change, inquiry *storage.Resource, step string) {
	setStep(inquiry, step)
	c.Stamp(inquiry, "updated-at")
	c.Emit("inquiry.transitioned", inquiry, nil)
}

// The steps at which every flow begins and ends.
const (
	firstStep = "start"
	LastStep  = "success"
)

// setStep sets the step that an inquiry is at, unless it is there already.
func setStep(inquiry *storage.Resource, step string) {
	if inquiry.Attributes["next-step-name"] != step {
		inquiry.Attributes["previous-step-name"] = inquiry.Attributes["next-step-name"]
		inquiry.Attributes["next-step-name"] = step
	}
}

// inquiryDue expires an inquiry, and continues its redaction.
func inquiryDue(c *engine.Change, inquiry *storage.Resource) {
	if status := inquiry.Text("status"); (status == "created" || status == "pending") && due(c, inquiry, "expires-at") {
		expireInquiry(c, inquiry)
	}
	redactionDue(c, inquiry)
}

// expireRefused expires an inquiry that asked for one session too many (Persona help:
// Controlling when inquiries expire).
func expireRefused(c *engine.Change, inquiryID string) bool {
	return MoveInquiry(c, c.Edit(inquiryID), "expired") == nil
}

// StepName returns the name of the step of a flow with a type of verification.
func StepName(verification string) string {
	return strings.ReplaceAll(strings.ReplaceAll(verification, "/", "_"), "-", "_")
}
