package service

import (
	"context"
	"encoding/json"
	"time"

	"github.com/idemhq/idem/internal/verify"
)

// VerifyRequest asks to verify a subject.
type VerifyRequest struct {
	Reference string // your id of the person or business
	Flow      string // the name of a flow in the configuration

	// Fields fill in a new inquiry, by the template's names of fields. RedirectURI is where
	// Persona's page leads at its end: https, or http at this machine if
	// allow_private_addresses is set. An inquiry that is reused keeps its own. Neither is
	// stored.
	Fields      map[string]json.RawMessage
	RedirectURI string
}

// Verified is the answer of [Service.Verify].
type Verified struct {
	ID        string // of the verification: vfy_…; empty if there is none
	Reference string
	Flow      string
	Verdict   Verdict
	Action    VerifyAction
	Reason    string    // of ActionRefused: declined, attempts_used or cool_down
	RetryAt   time.Time // when a call may start an inquiry again; zero if only a reset allows it

	InquiryID     string // the live inquiry; empty if there is none
	InquiryStatus string // at Persona

	// Link is a one-time link, and SessionToken opens the inquiry in an embedded flow. They
	// are credentials. Both are empty if the person has nothing left to do.
	Link         string
	SessionToken string
	ExpiresAt    time.Time
}

// VerifyAction says what a call of [Service.Verify] did.
type VerifyAction string

// The actions.
const (
	ActionCreated         = VerifyAction(verify.ActionCreated)         // a new inquiry
	ActionReused          = VerifyAction(verify.ActionReused)          // nothing new: there is a live inquiry
	ActionAlreadyApproved = VerifyAction(verify.ActionAlreadyApproved) // nothing: the subject is approved
	ActionRefused         = VerifyAction(verify.ActionRefused)         // nothing: see Verified.Reason
)

// Verify returns the live inquiry of a subject in a flow, with a link or a session token for
// the person, or starts an inquiry. However many calls are made, at the same time and on any
// number of nodes, a subject has at most one live inquiry in a flow.
//
// Errors wrap [ErrUnknownFlow], [ErrInvalidRequest] or [ErrUncertain], or are those of the
// SDK: a *persona.Error with a status from 400 to 499 means that Persona rejects the
// request. After any other error the same call may succeed later.
func (s *Service) Verify(ctx context.Context, environment Environment, r VerifyRequest) (Verified, error) {
	a, err := s.verifier.Verify(ctx, verify.Request{
		Environment: environment, Reference: r.Reference, Flow: r.Flow, Fields: r.Fields, RedirectURI: r.RedirectURI, Actor: "embedded",
	})
	if err != nil {
		return Verified{}, err
	}
	out := Verified{
		ID: a.Verification.ID, Reference: r.Reference, Flow: r.Flow, Verdict: Verdict(a.Verdict), Action: VerifyAction(a.Action),
		Reason: string(a.Reason), RetryAt: a.RetryAt, Link: a.Entry.Link, SessionToken: a.Entry.SessionToken, ExpiresAt: a.Entry.ExpiresAt,
	}
	if a.Inquiry != nil {
		out.InquiryID, out.InquiryStatus = a.Inquiry.ID, a.Inquiry.Status
	}
	return out, nil
}

// The errors of [Service.Verify].
var (
	// ErrUnknownFlow means that no flow has this name.
	ErrUnknownFlow = verify.ErrUnknownFlow

	// ErrInvalidRequest means that the reference or the redirect address cannot be used.
	ErrInvalidRequest = verify.ErrInvalid

	// ErrUncertain means that it is not known yet whether Persona created an inquiry. A call
	// in a minute finds out.
	ErrUncertain = verify.ErrUncertain
)
