package idem

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// VerifyParams says whom to verify, and how.
type VerifyParams struct {
	Reference   string         `json:"reference"`              // your id of the person or business
	Flow        string         `json:"flow"`                   // the name of a flow in the service's configuration
	Fields      map[string]any `json:"fields,omitempty"`       // fill in a new inquiry; the service does not store them
	RedirectURI string         `json:"redirect_uri,omitempty"` // where Persona's page leads at the end; https
}

// VerifyAction says what a call of [Client.Verify] led to.
type VerifyAction string

// What a call of [Client.Verify] led to.
const (
	VerifyCreated         VerifyAction = "created"          // there is a new inquiry
	VerifyReused          VerifyAction = "reused"           // there is a live inquiry
	VerifyAlreadyApproved VerifyAction = "already_approved" // none is needed
	VerifyRefused         VerifyAction = "refused"          // none was started: see Reason
)

// RefusalReason says why no inquiry was started.
type RefusalReason string

// Why no inquiry was started.
const (
	ReasonDeclined     RefusalReason = "declined"      // the policy keeps a declined subject declined
	ReasonAttemptsUsed RefusalReason = "attempts_used" // an operator can reset the verification
	ReasonCoolDown     RefusalReason = "cool_down"     // RetryAt says when to try again
)

// Verification is how far a subject is in a flow, and what the person needs to go on.
//
// Link and SessionToken are credentials: give them to the person only. Printing and logging a
// Verification leaves them out.
type Verification struct {
	ID           string        `json:"id"` // vfy_…; empty if the subject never needed one
	Reference    string        `json:"reference"`
	Flow         string        `json:"flow"`
	Verdict      Verdict       `json:"verdict"`
	Action       VerifyAction  `json:"action"`
	Reason       RefusalReason `json:"reason"`        // empty unless Action is VerifyRefused
	RetryAt      time.Time     `json:"retry_at"`      // when an inquiry may be started again; zero if only a reset allows it
	Attempts     int           `json:"attempts"`      // inquiries since the last reset or approval
	Inquiry      *Inquiry      `json:"inquiry"`       // the live inquiry; nil if there is none
	Link         string        `json:"link"`          // a one-time link; empty in an embedded flow, and if the person has nothing left to do
	SessionToken string        `json:"session_token"` // for an embedded flow; empty if the inquiry's id is enough
	ExpiresAt    time.Time     `json:"expires_at"`    // when the link or the session token expires; zero if there is none
}

// Inquiry is an inquiry at Persona.
type Inquiry struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// Verify returns what a subject needs to be verified: it reuses the live inquiry of the
// subject in the flow, or starts one. A refusal, for example because all attempts are used,
// is not an error: see [Verification.Action].
//
// Verify can be called at any time and as often as you like, for example each time the
// person opens the page. A subject has at most one live inquiry in a flow, whatever is
// repeated or lost on the way, so a failed call is retried.
func (c *Client) Verify(ctx context.Context, params VerifyParams) (Verification, error) {
	switch {
	case params.Reference == "":
		return Verification{}, errNoReference
	case params.Flow == "":
		return Verification{}, errors.New("idem: the flow is empty")
	}
	var v Verification
	err := c.call(ctx, "verify a subject", "verifications", nil, params, &v)
	return v, err
}

// String leaves out the fields, which contain personal data.
func (p VerifyParams) String() string { return fmt.Sprintf("%s in %s", p.Reference, p.Flow) }

// GoString is [VerifyParams.String].
func (p VerifyParams) GoString() string { return p.String() }

// LogValue implements [slog.LogValuer] by [VerifyParams.String].
func (p VerifyParams) LogValue() slog.Value { return slog.StringValue(p.String()) }

// String leaves out the link and the session token.
func (v Verification) String() string {
	text := fmt.Sprintf("%s in %s: %s, %s", v.Reference, v.Flow, v.Verdict, v.Action)
	if v.Reason != "" {
		text += " because of " + string(v.Reason)
	}
	return text
}

// GoString is [Verification.String].
func (v Verification) GoString() string { return v.String() }

// LogValue implements [slog.LogValuer] by [Verification.String].
func (v Verification) LogValue() slog.Value { return slog.StringValue(v.String()) }
