package resources

import (
	"maps"
	"net"
	"net/http"
	"slices"

	"github.com/idemhq/idem/sandbox/internal/browser"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/risk"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	sessionLimit = 25       // for each inquiry (Persona docs: Inquiry sessions)
	sessionUntil = "_until" // when a session expires
	sessionLink  = "_link"  // the code of its one-time link
)

func sessionOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"InquirySessions.Get": engine.Get("inquiry-session"),
		"InquirySessions.List": func(c *engine.Call) (*engine.Answer, error) {
			return c.List("inquiry-session", func(r *storage.Resource) bool { return accepted(c, r, "inquiry-id") }, engine.SplitList(c.Filter("inquiry-id"))...)
		},
		"InquirySessions.Create": createSession,
		"InquirySessions.Expire": edit("inquiry-session", func(c *engine.Call, session *storage.Resource) error {
			if session.Text("status") == "expired" {
				return engine.Conflict("the session has expired already")
			}
			expireSession(c.Change, session)
			return nil
		}),
		"InquirySessions.ExpireAll":           expireAllSessions,
		"InquirySessions.GenerateOneTimeLink": generateSessionLink,
	}
}

func createSession(c *engine.Call) (*engine.Answer, error) {
	inquiry, err := c.Referenced("data.attributes.inquiry-id", "inquiry")
	if err != nil {
		return nil, err
	}
	session, err := NewSession(c.Change, c.Edit(inquiry.ID))
	return &engine.Answer{Status: 201, One: session}, err
}

// expireAllSessions expires the sessions of several inquiries.
func expireAllSessions(c *engine.Call) (*engine.Answer, error) {
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
}

// generateSessionLink answers with the link of a session, or with a new one if that was used.
func generateSessionLink(c *engine.Call) (*engine.Answer, error) {
	session, err := c.Find("inquiry-session")
	if err != nil {
		return nil, err
	}
	if session.Text("status") == "expired" {
		return nil, engine.Conflict("the session has expired")
	}
	if err := refuseClosed(c.Get(session.One("inquiry"))); err != nil {
		return nil, err
	}
	meta := linkMeta(c, session.Text(sessionLink))
	if unusedLink(c.Change, session) == nil {
		meta = newLink(c, session, 0)
	}
	return &engine.Answer{One: session, Meta: meta}, nil
}

// Closed reports whether a person can no longer enter an inquiry. A person can enter one that
// failed or is in review, because the reviewer may ask for more.
func Closed(inquiry *storage.Resource) bool {
	return !inquiry.Time("redacted-at").IsZero() || slices.Contains([]string{"expired", "approved", "declined"}, inquiry.Text("status"))
}

// refuseClosed refuses an inquiry that is closed.
func refuseClosed(inquiry *storage.Resource) error {
	switch {
	case !Closed(inquiry):
		return nil
	case !inquiry.Time("redacted-at").IsZero():
		return engine.Conflict("an inquiry that is redacted takes no session")
	default:
		return engine.Conflict("an inquiry that is " + inquiry.Text("status") + " takes no session")
	}
}

// NewSession adds a session to an inquiry. It expires with the inquiry, or after a day if
// the inquiry does not expire.
func NewSession(c *engine.Change, inquiry *storage.Resource) (*storage.Resource, error) {
	if err := refuseClosed(inquiry); err != nil {
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

// UsableSession returns a session that nobody has opened yet, or a new one.
func UsableSession(c *engine.Change, inquiry *storage.Resource) (*storage.Resource, error) {
	for _, id := range slices.Backward(inquiry.Many("sessions")) {
		if session := c.Get(id.ID); session.Text("status") == "new" && c.Now.Before(session.Time(sessionUntil)) {
			return session, nil
		}
	}
	return NewSession(c, inquiry)
}

// StartSession starts a session that nobody has opened yet. The request is from the person's
// browser.
func StartSession(c *engine.Change, session *storage.Resource, r *http.Request) {
	if session.Text("status") != "new" {
		return
	}
	session.Attributes["status"] = "active"
	c.Stamp(session, "started-at")
	session.Attributes["user-agent"] = r.UserAgent()
	seen := risk.Place()
	maps.Copy(seen, browser.Parse(r.UserAgent()))
	if address, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		seen["ip-address"] = address
	}
	maps.Copy(seen, risk.Magic(c.Get(session.One("inquiry"))))
	maps.Copy(seen, session.Attributes) // what a test has set stays
	session.Attributes = seen
	from := device(c, r.UserAgent())
	session.Relationships["device"], session.Attributes["browser-fingerprint"] = from.Identifier(), from.Attributes["browser-fingerprint"]
	risk.DescribeNetwork(c, session)
	c.Emit("inquiry-session.started", session, nil)
}

func expireSession(c *engine.Change, session *storage.Resource) {
	session.Attributes["status"] = "expired"
	c.Stamp(session, "expired-at")
	c.Emit("inquiry-session.expired", session, nil)
}

// CancelSession ends a session that a person has left. A person can leave more than once.
func CancelSession(c *engine.Change, session *storage.Resource) {
	if session.Text("status") != "expired" {
		session.Attributes["status"] = "expired"
		c.Stamp(session, "expired-at")
	}
	c.Emit("inquiry-session.canceled", session, nil)
}

// expireSessions expires the sessions of an inquiry that have not expired, and returns them.
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

// sessionDue expires a session.
func sessionDue(c *engine.Change, session *storage.Resource) {
	if session.Text("status") != "expired" && due(c, session, sessionUntil) {
		expireSession(c, session)
	}
}
