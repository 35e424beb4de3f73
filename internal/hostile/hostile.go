// Package hostile contains requests that no webhook receiver should get, as test data:
// malformed, forged, huge, ambiguous or unusual. Each case has its expected outcome, which
// is the same on every database.
//
// An event that is answered with 200 is stored and must reach a final state.
package hostile

import (
	"net/http"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/persona/webhook"
)

// Case is a request.
type Case struct {
	Name string

	// Body returns the body. All ids in it contain id, a short word that is different for
	// each case and run.
	Body func(id string) []byte

	// Before returns the body of a request that is sent and processed first; may be nil.
	Before func(id string) []byte

	// Headers replace the usual ones. A header without values is omitted.
	Headers http.Header

	// Sign returns the values of the signature header. Nil signs as Persona does.
	Sign func(body []byte, at time.Time, secret string) []string

	// Chunked sends the body without a Content-Length.
	Chunked bool

	Want Want
}

// Want is the expected outcome of a request.
type Want struct {
	Status int               // of the answer
	State  domain.EventState // final state of the event, if the answer is 200
	Reason fold.Reason       // of a poison event
}

// Signature returns the values of the signature header for a case's body.
func (c Case) Signature(body []byte, at time.Time, secret string) []string {
	if c.Sign == nil {
		return []string{webhook.Sign(body, at, secret)}
	}
	return c.Sign(body, at, secret)
}

// Cases returns all cases.
func Cases() []Case {
	var all []Case
	for _, some := range [][]Case{signatures(), requests(), documents(), keys(), identities(), moments(), kinds(), attributes(), references(), relationships(), includes(), histories()} {
		all = append(all, some...)
	}
	return all
}

// Possible outcomes.
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

// sound is a valid event. ID is replaced by the case's word.
const sound = `{"data":{"type":"event","id":"evt_ID","attributes":{"name":"inquiry.created","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":` + inquiry + `}}}}`

const inquiry = `{"type":"inquiry","id":"inq_ID","attributes":{"status":"created","created-at":"2026-03-01T11:00:00.000Z","reference-id":"user-ID"},"relationships":{"account":{"data":{"type":"account","id":"act_ID"}},"verifications":{"data":[]}}}`

// text returns a fixed body, except for ID.
func text(body string) func(id string) []byte {
	return func(id string) []byte { return []byte(strings.ReplaceAll(body, "ID", id)) }
}

// swap returns the valid event with parts of its text replaced: pairs of old and new.
func swap(pairs ...string) func(id string) []byte {
	body := sound
	for i := 0; i < len(pairs); i += 2 {
		body = strings.Replace(body, pairs[i], pairs[i+1], 1)
	}
	return text(body)
}

// about returns a valid event about another resource.
func about(name, resource string) func(id string) []byte {
	return swap("inquiry.created", name, inquiry, resource)
}
