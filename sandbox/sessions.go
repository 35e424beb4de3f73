package sandbox

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"time"
)

const (
	sessionLimit = 25       // for each inquiry (Persona docs: Inquiry sessions)
	sessionUntil = "_until" // when a session expires: fixed when it is made
	sessionLink  = "_link"  // the code of its one-time link
)

func sessionOperations() map[string]operation {
	return map[string]operation{
		"InquirySessions.Get": func(c *call) (*answer, error) { return c.answerFound("inquiry-session") },
		"InquirySessions.List": func(c *call) (*answer, error) {
			return c.list("inquiry-session", func(r *resource) bool { return oneOf(c.filter("inquiry-id"), r.one("inquiry")) }, splitList(c.filter("inquiry-id"))...)
		},
		"InquirySessions.Create": func(c *call) (*answer, error) {
			inquiry := c.edit(c.text("data.attributes.inquiry-id"))
			if inquiry == nil || inquiry.family() != "inquiry" {
				return nil, notFound("data.attributes.inquiry_id is not found")
			}
			session, err := c.newSession(inquiry)
			return &answer{status: 201, one: session}, err
		},
		"InquirySessions.Expire": func(c *call) (*answer, error) {
			session, err := c.find("inquiry-session")
			if err != nil {
				return nil, err
			}
			if session.text("status") == "expired" {
				return nil, conflict("the session has expired already")
			}
			c.expireSession(session)
			return &answer{one: session}, nil
		},
		"InquirySessions.ExpireAll": func(c *call) (*answer, error) {
			ids := c.texts("meta.inquiry-ids")
			if len(ids) == 0 {
				return nil, badRequest("meta.inquiry_ids must be filled")
			}
			expired := []*resource{}
			for _, id := range ids {
				inquiry := c.get(id)
				if inquiry == nil || inquiry.family() != "inquiry" {
					return nil, notFound("meta.inquiry_ids is not found")
				}
				expired = append(expired, c.expireSessions(inquiry)...)
			}
			return &answer{many: expired}, nil
		},
		"InquirySessions.GenerateOneTimeLink": func(c *call) (*answer, error) {
			session, err := c.find("inquiry-session")
			if err != nil {
				return nil, err
			}
			if session.text("status") == "expired" {
				return nil, conflict("the session has expired")
			}
			if err := enterable(c.get(session.one("inquiry"))); err != nil {
				return nil, err
			}
			meta := c.linkMeta(session.text(sessionLink))
			if l := c.env.links[session.text(sessionLink)]; l == nil || !l.opened.IsZero() || !c.now.Before(l.expires) {
				meta = c.newLink(session, 0)
			}
			return &answer{one: session, meta: meta}, nil
		},
	}
}

// closed reports whether a person can no longer enter an inquiry. One that failed, or
// that a reviewer looks at, can be entered: the reviewer may ask for more.
func closed(inquiry *resource) bool {
	return !inquiry.time("redacted-at").IsZero() || slices.Contains([]string{"expired", "approved", "declined"}, inquiry.text("status"))
}

// enterable refuses what would lead a person into an inquiry that is closed.
func enterable(inquiry *resource) error {
	switch {
	case !closed(inquiry):
		return nil
	case !inquiry.time("redacted-at").IsZero():
		return conflict("an inquiry that is redacted takes no session")
	default:
		return conflict("an inquiry that is " + inquiry.text("status") + " takes no session")
	}
}

// newSession adds a session to an inquiry. It expires when the inquiry does, or after
// a day where the inquiry no longer does.
func (c *change) newSession(inquiry *resource) (*resource, error) {
	if err := enterable(inquiry); err != nil {
		return nil, err
	}
	if len(inquiry.many("sessions")) >= sessionLimit {
		refused := unprocessable("the inquiry has reached its limit of 25 sessions", "/data/attributes/inquiry-id")
		refused.expires = inquiry.id
		return nil, refused
	}
	until := inquiry.time("expires-at")
	if until.IsZero() {
		until = c.now.Add(linkLife)
	}
	session := c.create("inquiry-session", "iqse", map[string]any{"status": "new", sessionUntil: stamp(until)}, map[string]any{"inquiry": inquiry.identifier()})
	inquiry.link("sessions", session.identifier())
	c.remind(until, session.id)
	return session, nil
}

// expireRefused expires the inquiry that asked for one session too many (Persona help
// centre: Controlling when Inquiries expire). What was refused left no trace of its own.
func (s *Sandbox) expireRefused(env *environment, now time.Time, err error) {
	var refused *refusal
	if !errors.As(err, &refused) || refused.expires == "" {
		return
	}
	c := newChange(env, now)
	if c.moveInquiry(c.edit(refused.expires), "expired") == nil {
		s.commit(c)
	}
}

// usableSession returns a session nobody opened yet, or a new one.
func (c *change) usableSession(inquiry *resource) (*resource, error) {
	for _, id := range slices.Backward(inquiry.many("sessions")) {
		if session := c.get(id.ID); session.text("status") == "new" && c.now.Before(session.time(sessionUntil)) {
			return session, nil
		}
	}
	return c.newSession(inquiry)
}

// startSession lets a person in by a session that nobody used yet.
// The request is that of their browser.
func (c *change) startSession(session *resource, r *http.Request) {
	if session.text("status") != "new" {
		return
	}
	session.attributes["status"] = "active"
	session.attributes["started-at"] = stamp(c.now)
	session.attributes["user-agent"] = r.UserAgent()
	if address, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		session.attributes["ip-address"] = address
	}
	session.relationships["device"] = c.device(r.UserAgent()).identifier()
	c.emit("inquiry-session.started", session, nil)
}

func (c *change) expireSession(session *resource) {
	session.attributes["status"] = "expired"
	session.attributes["expired-at"] = stamp(c.now)
	c.emit("inquiry-session.expired", session, nil)
}

// cancelSession ends a session that a person left. They may leave more than once.
func (c *change) cancelSession(session *resource) {
	if session.text("status") != "expired" {
		session.attributes["status"], session.attributes["expired-at"] = "expired", stamp(c.now)
	}
	c.emit("inquiry-session.canceled", session, nil)
}

// expireSessions expires the open sessions of an inquiry, and returns them.
func (c *change) expireSessions(inquiry *resource) []*resource {
	var expired []*resource
	for _, id := range inquiry.many("sessions") {
		if session := c.edit(id.ID); session.text("status") != "expired" {
			c.expireSession(session)
			expired = append(expired, session)
		}
	}
	return expired
}

// seconds reads a number of seconds of the body.
func (c *call) seconds(path string) time.Duration {
	n, _ := c.number(path)
	return time.Duration(n * float64(time.Second))
}
