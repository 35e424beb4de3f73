// Package hostile holds requests that no receiver of webhooks should meet, as data for
// tests: malformed, forged, huge, ambiguous, or merely odd. Each says what must become of
// it, on every database.
//
// What is answered with 200 is stored and comes to an end: no case may wait for ever.
package hostile

import (
	"net/http"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/persona/webhook"
)

// Case is one request.
type Case struct {
	Name string

	// Body makes the body. Whatever ids are in it are made of id, a short word that differs
	// for each case and each time.
	Body func(id string) []byte

	// Before makes the body of a request that is sent and worked on before; nil for none.
	Before func(id string) []byte

	// Headers are set, in place of the usual ones. One with no values is left out.
	Headers http.Header

	// Sign makes the values of the signature's header. Nil signs as Persona does.
	Sign func(body []byte, at time.Time, secret string) []string

	// Chunked sends the body without saying how long it is.
	Chunked bool

	Want Want
}

// Want is what must become of a request.
type Want struct {
	Status int               // of the answer
	State  domain.EventState // that the event comes to, where the answer is 200
	Reason fold.Reason       // of a poison event
}

// Signature returns the values of the header that signs a case's body.
func (c Case) Signature(body []byte, at time.Time, secret string) []string {
	if c.Sign == nil {
		return []string{webhook.Sign(body, at, secret)}
	}
	return c.Sign(body, at, secret)
}

// Cases returns all of them.
func Cases() []Case {
	var all []Case
	for _, some := range [][]Case{signatures(), requests(), documents(), keys(), identities(), moments(), kinds(), attributes(), references(), relationships(), includes(), histories()} {
		all = append(all, some...)
	}
	return all
}

// What may become of a request.
var (
	applied   = Want{Status: http.StatusOK, State: domain.EventApplied}
	stale     = Want{Status: http.StatusOK, State: domain.EventStale}
	unhandled = Want{Status: http.StatusOK, State: domain.EventUnhandled}
	refused   = Want{Status: http.StatusBadRequest}
	forged    = Want{Status: http.StatusUnauthorized}
)

func poison(reason fold.Reason) Want {
	return Want{Status: http.StatusOK, State: domain.EventPoison, Reason: reason}
}

// sound is an event that there is nothing wrong with. ID stands for the case's word.
const sound = `{"data":{"type":"event","id":"evt_ID","attributes":{"name":"inquiry.created","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":` + inquiry + `}}}}`

const inquiry = `{"type":"inquiry","id":"inq_ID","attributes":{"status":"created","created-at":"2026-03-01T11:00:00.000Z","reference-id":"user-ID"},"relationships":{"account":{"data":{"type":"account","id":"act_ID"}},"verifications":{"data":[]}}}`

// text is a body that is written as it is, but for ID.
func text(body string) func(id string) []byte {
	return func(id string) []byte { return []byte(strings.ReplaceAll(body, "ID", id)) }
}

// swap is the sound event with parts of its text replaced: pairs of old and new.
func swap(pairs ...string) func(id string) []byte {
	body := sound
	for i := 0; i < len(pairs); i += 2 {
		body = strings.Replace(body, pairs[i], pairs[i+1], 1)
	}
	return text(body)
}

// about is a sound event about another resource.
func about(name, resource string) func(id string) []byte {
	return swap("inquiry.created", name, inquiry, resource)
}
