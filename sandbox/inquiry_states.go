package sandbox

import (
	"slices"
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

// moveInquiry changes an inquiry's status, with all that follows from it.
func (c *change) moveInquiry(inquiry *resource, to string) error {
	move := inquiryMoves()[to]
	from := inquiry.text("status")
	if !slices.Contains(move.from, from) {
		return conflict("an inquiry that is " + from + " cannot become " + to)
	}
	if to == "expired" {
		c.expireInquiry(inquiry)
		return nil
	}
	inquiry.attributes["status"] = to
	inquiry.attributes[move.at] = stamp(c.now)
	inquiry.attributes["updated-at"] = stamp(c.now)
	if to == "pending" {
		if life := inquiry.duration(afterStart); life > 0 {
			inquiry.attributes["expires-at"] = stamp(c.now.Add(life))
			c.remind(c.now.Add(life), inquiry.id)
		}
	} else {
		inquiry.attributes["expires-at"] = nil
	}
	c.emit(move.event, inquiry, nil)
	if to == "completed" {
		c.fillAccount(inquiry)
		c.countMatches(inquiry)
	}
	return nil
}

// expireInquiry expires an inquiry, its sessions, and its open verifications.
func (c *change) expireInquiry(inquiry *resource) {
	inquiry.attributes["status"] = "expired"
	inquiry.attributes["expired-at"] = stamp(c.now)
	inquiry.attributes["expires-at"] = nil
	inquiry.attributes["updated-at"] = stamp(c.now)
	c.emit("inquiry.expired", inquiry, nil)
	c.expireSessions(inquiry)
	for _, id := range inquiry.many("verifications") {
		v := c.edit(id.ID)
		if status := v.text("status"); status == "initiated" || status == "submitted" {
			c.setVerification(v, "canceled")
		}
	}
}

// moveOn takes an inquiry to the next step of its flow. Its status stays (Persona docs:
// Events).
func (c *change) moveOn(inquiry *resource, step string) {
	inquiry.attributes["previous-step-name"] = inquiry.attributes["next-step-name"]
	inquiry.attributes["next-step-name"] = step
	inquiry.attributes["updated-at"] = stamp(c.now)
	c.emit("inquiry.transitioned", inquiry, nil)
}

// nullFields keeps the names and types of fields without their values.
func nullFields(r *resource) map[string]any {
	fields, _ := r.attributes["fields"].(map[string]any)
	blank := make(map[string]any, len(fields))
	for name, value := range fields {
		one, _ := value.(map[string]any)
		blank[name] = map[string]any{"type": one["type"], "value": nil}
	}
	return blank
}
