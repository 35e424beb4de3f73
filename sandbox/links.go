package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

const (
	linkLife  = 24 * time.Hour  // OpenAPI 2025-12-08
	linkGrace = 5 * time.Minute // Persona docs: Resuming inquiries
)

// link is a one-time link to a session.
type link struct {
	code    string
	session string
	expires time.Time
	opened  time.Time // zero until it is used
}

// oneTimeLink returns a link to an inquiry: the one there is when nobody used it
// yet, else a new one with a session of its own.
func (c *call) oneTimeLink(inquiry *resource, life time.Duration) (map[string]any, *resource, error) {
	if err := enterable(inquiry); err != nil {
		return nil, nil, err
	}
	for _, id := range inquiry.many("sessions") {
		session := c.get(id.ID)
		if l := c.env.links[session.text(sessionLink)]; l != nil && l.opened.IsZero() && c.now.Before(l.expires) && session.text("status") == "new" {
			return c.linkMeta(l.code), session, nil
		}
	}
	session, err := c.newSession(inquiry)
	if err != nil {
		return nil, nil, err
	}
	return c.newLink(session, life), session, nil
}

// newLink makes a link to a session.
func (c *call) newLink(session *resource, life time.Duration) map[string]any {
	if life <= 0 {
		life = linkLife
	}
	l := &link{code: "us1-" + strings.TrimPrefix(newID("x"), "x_"), session: session.id, expires: c.now.Add(life)}
	session.attributes[sessionLink] = l.code
	env := c.env
	c.then = append(c.then, func() { env.links[l.code] = l })
	return c.linkMeta(l.code)
}

func (c *call) linkMeta(code string) map[string]any {
	address := c.host + "/verify?code=" + code
	return map[string]any{"one-time-link": address, "one-time-link-short": address}
}

// openLink opens a one-time link. It works once: again within five minutes, so that a
// page can be loaded anew, and never later. It tells whose link it is, and the token of
// its session. The caller holds the lock.
func (s *Sandbox) openLink(r *http.Request) (status int, said map[string]any, token string) {
	now := s.clock.now()
	code := r.URL.Query().Get("code")
	for _, env := range s.environments {
		l := env.links[code]
		if l == nil {
			continue
		}
		c := newChange(env, now)
		session := c.edit(l.session)
		inquiry := c.get(session.one("inquiry"))
		used := !l.opened.IsZero() && !now.Before(l.opened.Add(linkGrace))
		over := session.text("status") == "expired" || closed(inquiry)
		if used || over || !now.Before(l.expires) {
			return http.StatusGone, (&refusal{title: "Gone", details: "the link was used, or has expired"}).body(), ""
		}
		if l.opened.IsZero() {
			l.opened = now
			c.startSession(session, r)
			s.commit(c)
		}
		return http.StatusOK, map[string]any{"inquiry-id": inquiry.id, "inquiry-session-id": session.id, "environment": env.name}, s.sessionToken(session, now)
	}
	return http.StatusNotFound, notFound("there is no such link").body(), ""
}

// sessionToken returns a token for a session: a JWT, as Persona's, signed with a key
// that only this sandbox knows.
func (s *Sandbox) sessionToken(session *resource, now time.Time) string {
	claims, _ := json.Marshal(map[string]any{ // strings and numbers only
		"iss": "sandbox", "aud": "persona-verify", "sub": session.id, "sid": session.id, "jti": newID("jti"),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": session.time(sessionUntil).Unix(),
	})
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return s.signToken(text)
}

// signToken adds the signature to the rest of a token.
func (s *Sandbox) signToken(text string) string {
	mac := hmac.New(sha256.New, s.signing)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
