package resources

import (
	"crypto/hmac"
	"crypto/sha256"
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

// oneTimeLink returns a link to an inquiry: the one there is when nobody used it
// yet, else a new one with a session of its own.
func oneTimeLink(c *engine.Call, inquiry *storage.Resource, life time.Duration) (map[string]any, *storage.Resource, error) {
	if err := enterable(inquiry); err != nil {
		return nil, nil, err
	}
	for _, id := range inquiry.Many("sessions") {
		session := c.Get(id.ID)
		if l := c.Env.Links[session.Text(sessionLink)]; l != nil && l.Opened.IsZero() && c.Now.Before(l.Expires) && session.Text("status") == "new" {
			return linkMeta(c, l.Code), session, nil
		}
	}
	session, err := newSession(c.Change, inquiry)
	if err != nil {
		return nil, nil, err
	}
	return newLink(c, session, life), session, nil
}

// newLink makes a link to a session.
func newLink(c *engine.Call, session *storage.Resource, life time.Duration) map[string]any {
	if life <= 0 {
		life = linkLife
	}
	l := &engine.Link{Code: "us1-" + strings.TrimPrefix(storage.NewID("x"), "x_"), Session: session.ID, Expires: c.Now.Add(life)}
	session.Attributes[sessionLink] = l.Code
	env := c.Env
	c.Then = append(c.Then, func() { env.Links[l.Code] = l })
	return linkMeta(c, l.Code)
}

func linkMeta(c *engine.Call, code string) map[string]any {
	address := c.Host + "/verify?code=" + code
	return map[string]any{"one-time-link": address, "one-time-link-short": address}
}

// OpenLink opens a one-time link. It works once: again within five minutes, so that a
// page can be loaded anew, and never later. It tells whose link it is, and the token of
// its session. The caller holds the lock.
func OpenLink(s *engine.Engine, r *http.Request) (status int, said map[string]any, token string) {
	now := s.Clock.Now()
	code := r.URL.Query().Get("code")
	for _, env := range s.Environments {
		l := env.Links[code]
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
			s.Commit(c)
		}
		return http.StatusOK, map[string]any{"inquiry-id": inquiry.ID, "inquiry-session-id": session.ID, "environment": env.Name}, SessionToken(s, session, now)
	}
	return http.StatusNotFound, engine.NotFound("there is no such link").Body(), ""
}

// SessionToken returns a token for a session: a JWT, as Persona's, signed with a key
// that only this sandbox knows.
func SessionToken(s *engine.Engine, session *storage.Resource, now time.Time) string {
	claims, _ := json.Marshal(map[string]any{ // strings and numbers only
		"iss": "sandbox", "aud": "persona-verify", "sub": session.ID, "sid": session.ID, "jti": storage.NewID("jti"),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": session.Time(sessionUntil).Unix(),
	})
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return SignToken(s, text)
}

// SignToken adds the signature to the rest of a token.
func SignToken(s *engine.Engine, text string) string {
	mac := hmac.New(sha256.New, s.Signing)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
