package resources

import (
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	sessionLimit = 25       // for each inquiry (Persona docs: Inquiry sessions)
	sessionUntil = "_until" // when a session expires: fixed when it is made
	sessionLink  = "_link"  // the code of its one-time link
)

func sessionOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"InquirySessions.Get": func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("inquiry-session") },
		"InquirySessions.List": func(c *engine.Call) (*engine.Answer, error) {
			return c.List("inquiry-session", func(r *storage.Resource) bool { return engine.OneOf(c.Filter("inquiry-id"), r.One("inquiry")) }, engine.SplitList(c.Filter("inquiry-id"))...)
		},
		"InquirySessions.Create": func(c *engine.Call) (*engine.Answer, error) {
			inquiry := c.Edit(c.Text("data.attributes.inquiry-id"))
			if inquiry == nil || inquiry.Family() != "inquiry" {
				return nil, engine.NotFound("data.attributes.inquiry_id is not found")
			}
			session, err := newSession(c.Change, inquiry)
			return &engine.Answer{Status: 201, One: session}, err
		},
		"InquirySessions.Expire": func(c *engine.Call) (*engine.Answer, error) {
			session, err := c.Find("inquiry-session")
			if err != nil {
				return nil, err
			}
			if session.Text("status") == "expired" {
				return nil, engine.Conflict("the session has expired already")
			}
			expireSession(c.Change, session)
			return &engine.Answer{One: session}, nil
		},
		"InquirySessions.ExpireAll": func(c *engine.Call) (*engine.Answer, error) {
			ids := c.Texts("meta.inquiry-ids")
			if len(ids) == 0 {
				return nil, engine.BadRequest("meta.inquiry_ids must be filled")
			}
			expired := []*storage.Resource{}
			for _, id := range ids {
				inquiry := c.Get(id)
				if inquiry == nil || inquiry.Family() != "inquiry" {
					return nil, engine.NotFound("meta.inquiry_ids is not found")
				}
				expired = append(expired, expireSessions(c.Change, inquiry)...)
			}
			return &engine.Answer{Many: expired}, nil
		},
		"InquirySessions.GenerateOneTimeLink": func(c *engine.Call) (*engine.Answer, error) {
			session, err := c.Find("inquiry-session")
			if err != nil {
				return nil, err
			}
			if session.Text("status") == "expired" {
				return nil, engine.Conflict("the session has expired")
			}
			if err := enterable(c.Get(session.One("inquiry"))); err != nil {
				return nil, err
			}
			meta := linkMeta(c, session.Text(sessionLink))
			if l := c.Env.Links[session.Text(sessionLink)]; l == nil || !l.Opened.IsZero() || !c.Now.Before(l.Expires) {
				meta = newLink(c, session, 0)
			}
			return &engine.Answer{One: session, Meta: meta}, nil
		},
	}
}

// Closed reports whether a person can no longer enter an inquiry. One that failed, or
// that a reviewer looks at, can be entered: the reviewer may ask for more.
func Closed(inquiry *storage.Resource) bool {
	return !inquiry.Time("redacted-at").IsZero() || slices.Contains([]string{"expired", "approved", "declined"}, inquiry.Text("status"))
}

// enterable refuses what would lead a person into an inquiry that is closed.
func enterable(inquiry *storage.Resource) error {
	switch {
	case !Closed(inquiry):
		return nil
	case !inquiry.Time("redacted-at").IsZero():
		return engine.Conflict("an inquiry that is redacted takes no session")
	default:
		return engine.Conflict("an inquiry that is " + inquiry.Text("status") + " takes no session")
	}
}

// newSession adds a session to an inquiry. It expires when the inquiry does, or after
// a day where the inquiry no longer does.
func newSession(c *engine.Change, inquiry *storage.Resource) (*storage.Resource, error) {
	if err := enterable(inquiry); err != nil {
		return nil, err
	}
	if len(inquiry.Many("sessions")) >= sessionLimit {
		refused := engine.Unprocessable("the inquiry has reached its limit of 25 sessions", "/data/attributes/inquiry-id")
		refused.Expires = inquiry.ID
		return nil, refused
	}
	until := inquiry.Time("expires-at")
	if until.IsZero() {
		until = c.Now.Add(linkLife)
	}
	session := c.Create("inquiry-session", "iqse", map[string]any{"status": "new", sessionUntil: simclock.Stamp(until)}, map[string]any{"inquiry": inquiry.Identifier()})
	inquiry.Link("sessions", session.Identifier())
	c.Schedule(until, session.ID)
	return session, nil
}

// UsableSession returns a session nobody opened yet, or a new one.
func UsableSession(c *engine.Change, inquiry *storage.Resource) (*storage.Resource, error) {
	for _, id := range slices.Backward(inquiry.Many("sessions")) {
		if session := c.Get(id.ID); session.Text("status") == "new" && c.Now.Before(session.Time(sessionUntil)) {
			return session, nil
		}
	}
	return newSession(c, inquiry)
}

// StartSession lets a person in by a session that nobody used yet.
// The request is that of their browser.
func StartSession(c *engine.Change, session *storage.Resource, r *http.Request) {
	if session.Text("status") != "new" {
		return
	}
	session.Attributes["status"] = "active"
	session.Attributes["started-at"] = simclock.Stamp(c.Now)
	session.Attributes["user-agent"] = r.UserAgent()
	if address, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		session.Attributes["ip-address"] = address
	}
	session.Relationships["device"] = device(c, r.UserAgent()).Identifier()
	c.Emit("inquiry-session.started", session, nil)
}

func expireSession(c *engine.Change, session *storage.Resource) {
	session.Attributes["status"] = "expired"
	session.Attributes["expired-at"] = simclock.Stamp(c.Now)
	c.Emit("inquiry-session.expired", session, nil)
}

// CancelSession ends a session that a person left. They may leave more than once.
func CancelSession(c *engine.Change, session *storage.Resource) {
	if session.Text("status") != "expired" {
		session.Attributes["status"], session.Attributes["expired-at"] = "expired", simclock.Stamp(c.Now)
	}
	c.Emit("inquiry-session.canceled", session, nil)
}

// expireSessions expires the open sessions of an inquiry, and returns them.
func expireSessions(c *engine.Change, inquiry *storage.Resource) []*storage.Resource {
	var expired []*storage.Resource
	for _, id := range inquiry.Many("sessions") {
		if session := c.Edit(id.ID); session.Text("status") != "expired" {
			expireSession(c, session)
			expired = append(expired, session)
		}
	}
	return expired
}

// seconds reads a number of seconds of the body.
func seconds(c *engine.Call, path string) time.Duration {
	n, _ := c.Number(path)
	return time.Duration(n * float64(time.Second))
}
