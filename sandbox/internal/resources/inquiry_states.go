package resources

import (
	"slices"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// inquiryMove is one way for an inquiry to change its status.
type inquiryMove struct {
	from  []string
	event string
	at    string // the attribute that takes the moment
}

// inquiryMoves are the ways into each status. Those from created, and the refusal of
// a second decision, were seen at the real sandbox; a decision may be changed to the
// other, and an expired inquiry decided, where Persona is silent.
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

// MoveInquiry changes an inquiry's status, with all that follows from it.
func MoveInquiry(c *engine.Change, inquiry *storage.Resource, to string) error {
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
	inquiry.Attributes[move.at] = simclock.Stamp(c.Now)
	inquiry.Attributes["updated-at"] = simclock.Stamp(c.Now)
	if to == "pending" {
		if life := inquiry.Duration(afterStart); life > 0 {
			inquiry.Attributes["expires-at"] = simclock.Stamp(c.Now.Add(life))
			c.Schedule(c.Now.Add(life), inquiry.ID)
		}
	} else {
		inquiry.Attributes["expires-at"] = nil
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
	inquiry.Attributes["expired-at"] = simclock.Stamp(c.Now)
	inquiry.Attributes["expires-at"] = nil
	inquiry.Attributes["updated-at"] = simclock.Stamp(c.Now)
	c.Emit("inquiry.expired", inquiry, nil)
	expireSessions(c, inquiry)
	for _, id := range inquiry.Many("verifications") {
		v := c.Edit(id.ID)
		if status := v.Text("status"); status == "initiated" || status == "submitted" {
			SetVerification(c, v, "canceled")
		}
	}
}

// MoveOn takes an inquiry to the next step of its flow. Its status stays (Persona docs:
// Events).
func MoveOn(c *engine.Change, inquiry *storage.Resource, step string) {
	inquiry.Attributes["previous-step-name"] = inquiry.Attributes["next-step-name"]
	inquiry.Attributes["next-step-name"] = step
	inquiry.Attributes["updated-at"] = simclock.Stamp(c.Now)
	c.Emit("inquiry.transitioned", inquiry, nil)
}

// nullFields keeps the names and types of fields without their values.
func nullFields(r *storage.Resource) map[string]any {
	fields, _ := r.Attributes["fields"].(map[string]any)
	blank := make(map[string]any, len(fields))
	for name, value := range fields {
		one, _ := value.(map[string]any)
		blank[name] = map[string]any{"type": one["type"], "value": nil}
	}
	return blank
}
