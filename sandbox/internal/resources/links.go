package resources

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	linkLife  = 24 * time.Hour  // OpenAPI 2025-12-08
	linkGrace = 5 * time.Minute // Persona docs: Resuming inquiries
)

// oneTimeLink returns the meta with a link to an inquiry: an unused link that exists already,
// or a new one with its own session.
func oneTimeLink(c *engine.Call, inquiry *storage.Resource, life time.Duration) (map[string]any, error) {
	if err := refuseClosed(inquiry); err != nil {
		return nil, err
	}
	for _, id := range inquiry.Many("sessions") {
		session := c.Get(id.ID)
		if l := unusedLink(c.Change, session); l != nil && session.Text("status") == "new" {
			return linkMeta(c, l.Code), nil
		}
	}
	session, err := NewSession(c.Change, inquiry)
	if err != nil {
		return nil, err
	}
	return newLink(c, session, life), nil
}

// unusedLink returns the link of a session if it can still be used for the first time, or
// nil.
func unusedLink(c *engine.Change, session *storage.Resource) *engine.Link {
	l := c.Env.Link(session.Text(sessionLink))
	if l == nil || !l.Opened.IsZero() || !c.Now.Before(l.Expires) {
		return nil
	}
	return l
}

// newLink creates a link to a session and returns the meta with it.
func newLink(c *engine.Call, session *storage.Resource, life time.Duration) map[string]any {
	if life <= 0 {
		life = linkLife
	}
	l := &engine.Link{Code: "us1-" + strings.TrimPrefix(storage.NewID("x"), "x_"), Session: session.ID, Expires: c.Now.Add(life)}
	session.Attributes[sessionLink] = l.Code
	c.OnCommit(func() { c.Env.AddLink(l) })
	return linkMeta(c, l.Code)
}

func linkMeta(c *engine.Call, code string) map[string]any {
	address := c.Base + "/verify?code=" + code
	return map[string]any{"one-time-link": address, "one-time-link-short": address}
}

// OpenLink opens a one-time link. It works once, and again within five minutes, so that the
// page can be reloaded. It returns the ids of the link's inquiry and session, and the
// session's token. The caller holds the lock.
func OpenLink(e *engine.Engine, r *http.Request) (status int, ids map[string]any, token string) {
	now := e.Now()
	code := r.URL.Query().Get("code")
	for env := range e.Environments() {
		l := env.Link(code)
		if l == nil {
			continue
		}
		c := engine.NewChange(env, now)
		session := c.Edit(l.Session)
		inquiry := c.Get(session.One("inquiry"))
		used := !l.Opened.IsZero() && !now.Before(l.Opened.Add(linkGrace))
		over := session.Text("status") == "expired" || Closed(inquiry)
		if used || over || !now.Before(l.Expires) {
			return http.StatusGone, (&engine.Refusal{Title: "Gone", Details: "the link was used, or has expired"}).Body(), ""
		}
		if l.Opened.IsZero() {
			l.Opened = now
			StartSession(c, session, r)
			e.Commit(c)
		}
		return http.StatusOK, map[string]any{"inquiry-id": inquiry.ID, "inquiry-session-id": session.ID, "environment": env.Name}, SessionToken(e, session, now)
	}
	return http.StatusNotFound, engine.NotFound("there is no such link").Body(), ""
}

// SessionToken returns a token for a session: a JWT like Persona's, signed with a key that
// only this sandbox has. The caller holds the lock.
func SessionToken(e *engine.Engine, session *storage.Resource, now time.Time) string {
	claims, _ := json.Marshal(map[string]any{ // strings and numbers only
		"iss": "sandbox", "aud": "persona-verify", "sub": session.ID, "sid": session.ID, "jti": storage.NewID("jti"),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": session.Time(sessionUntil).Unix(),
	})
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return signToken(e, text)
}

// ReadSessionToken returns the id of the session of a token. It is not ok if the token is not
// this sandbox's, or has expired. The caller holds the lock.
func ReadSessionToken(e *engine.Engine, token string) (sessionID string, ok bool) {
	end := strings.LastIndex(token, ".")
	if end < 0 || token != signToken(e, token[:end]) {
		return "", false
	}
	var claims struct {
		Sub string
		Exp int64
	}
	_, part, _ := strings.Cut(token[:end], ".")
	if !decodePart(part, &claims) {
		return "", false
	}
	return claims.Sub, e.Now().Before(time.Unix(claims.Exp, 0))
}

// signToken appends the signature to the header and the claims of a token.
func signToken(e *engine.Engine, text string) string {
	return text + "." + base64.RawURLEncoding.EncodeToString(e.Sign([]byte(text)))
}
