package pages

import (
	"net/http"
	"net/url"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// relayToken is the parameter with the access token of a relay's session.
const relayToken = "relay-session-access-token"

// relay shows the page on which a person answers the question of a relay (Persona docs: Relay
// hosted flow). As at Persona, the page must be opened without a referrer.
func (h *hosted) relay(w http.ResponseWriter, r *http.Request) {
	if from, err := url.Parse(r.Referer()); err != nil || r.Referer() != "" && from.Host != r.Host {
		h.write(w, r, nil, nil, newFlowError(http.StatusForbidden, "invalid_config", "error referrer"))
		return
	}
	page := newHostedPage(r)
	var err error
	h.engine.WithLock(func() {
		var relay *storage.Resource
		if page.Environment, relay, err = h.relayOf(r); err == nil {
			page.showRelay(r, relay)
		}
	})
	h.write(w, r, nil, page, err)
}

// answerRelay takes a person's answer and redirects to the page.
func (h *hosted) answerRelay(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if http.NewCrossOriginProtection().Check(r) != nil || r.ParseForm() != nil {
		h.write(w, r, nil, nil, invalidConfig("error form"))
		return
	}
	var err error
	h.engine.WithLock(func() {
		var environment string
		var relay *storage.Resource
		if environment, relay, err = h.relayOf(r); err == nil {
			err = h.decideRelay(environment, relay, r.PostForm.Get("outcome"))
		}
	})
	if err != nil {
		h.write(w, r, nil, nil, err)
		return
	}
	http.Redirect(w, r, r.URL.RequestURI(), http.StatusSeeOther)
}

// relayOf finds the relay of an access token, and the name of its environment.
func (h *hosted) relayOf(r *http.Request) (environment string, relay *storage.Resource, err error) {
	id, ok := resources.ReadSessionToken(h.engine, r.URL.Query().Get(relayToken))
	for env := range h.engine.Environments() {
		if found := env.Get(id); ok && found != nil && found.Typ == "relay" {
			return env.Name, found, nil
		}
	}
	return "", nil, newFlowError(http.StatusConflict, "unauthenticated", "error relay")
}

// decideRelay sets the result of a relay. An answer that was given before stays.
func (h *hosted) decideRelay(environment string, relay *storage.Resource, outcome string) error {
	if outcome != "passed" && outcome != "failed" {
		return invalidConfig("error outcome")
	}
	for env := range h.engine.Environments() {
		if env.Name == environment {
			c := engine.NewChange(env, h.engine.Now())
			resources.AnswerRelay(c.Edit(relay.ID), outcome)
			h.engine.Commit(c)
		}
	}
	return nil
}

// showRelay asks for the answer, or shows that it was given.
func (p *hostedPage) showRelay(r *http.Request, relay *storage.Resource) {
	if resources.RelayAnswered(relay) {
		p.Title, p.Text = p.say("thanks"), []string{p.say("relay done text")}
		return
	}
	claim := resources.ClaimOf(relay)
	p.Title, p.Text = p.say("relay"), []string{p.say("relay text", p.sayOr("claim "+claim, claim))}
	p.Form = &hostedForm{Action: r.URL.RequestURI(), Question: p.say("outcome"), Do: "submit", Button: p.say("submit"), Choices: []hostedChoice{
		{"passed", p.say("passed"), p.say("relay passed text"), true},
		{"failed", p.say("failed"), p.say("relay failed text"), false},
	}}
}
