package idem

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"time"
)

// VerificationState is how far a subject is in a flow, as the service has stored it.
type VerificationState struct {
	ID        string           `json:"id"` // vfy_…
	Reference string           `json:"reference"`
	Flow      string           `json:"flow"`
	InquiryID string           `json:"inquiry_id"` // the newest inquiry; empty if there is none
	Attempts  int              `json:"attempts"`   // inquiries since the last reset or approval
	Starting  bool             `json:"starting"`   // an inquiry was requested, and it is not known yet whether it exists
	Earlier   []EarlierInquiry `json:"earlier"`    // the inquiries before the newest, oldest first
	CreatedAt time.Time        `json:"created_at"`
	StartedAt time.Time        `json:"started_at"` // when the newest inquiry was started; zero if there is none
	ResetAt   time.Time        `json:"reset_at"`   // the last reset; zero if there was none
}

// EarlierInquiry is an inquiry that a newer one has replaced.
type EarlierInquiry struct {
	ID        string    `json:"id"`
	StartedAt time.Time `json:"started_at"`
}

var errNoVerification = errors.New("idem: the id of the verification is empty")

// Verifications lists how far a subject is in the flows that it has begun, without a call to
// Persona. The newest comes first. The iteration ends after the first error.
func (c *Client) Verifications(ctx context.Context, reference string) iter.Seq2[VerificationState, error] {
	if reference == "" {
		return failed[VerificationState](errNoReference)
	}
	return pages[VerificationState](ctx, c, "list verifications", "verifications", "before", url.Values{"reference": {reference}})
}

// Link makes a one-time link to the newest inquiry of a verification, which must be open or in
// review. The id is that of a [Verification]. Persona returns an earlier link that was not
// used and has not expired. [Client.Verify] is enough to send a person on; unlike it, Link
// never starts an inquiry. An [*Error] with status 409 means that the inquiry cannot be
// opened any more.
func (c *Client) Link(ctx context.Context, id string) (Verification, error) {
	var v Verification
	err := c.steer(ctx, "make a link", id, "links", nil, &v)
	return v, err
}

// Reset allows the subject to start again, although all attempts are used, a cool-down has
// not ended, or the subject was declined. A live inquiry stays the one there is. The reason
// is for the audit trail: leave personal data out of it.
func (c *Client) Reset(ctx context.Context, id, reason string) (VerificationState, error) {
	var s VerificationState
	err := c.steer(ctx, "reset a verification", id, "reset", &reason, &s)
	return s, err
}

// Cancel expires the live inquiry of a verification at Persona. The attempt stays used. An
// [*Error] with status 409 means that the person has finished the inquiry. The reason is for
// the audit trail: leave personal data out of it.
func (c *Client) Cancel(ctx context.Context, id, reason string) (VerificationState, error) {
	var s VerificationState
	err := c.steer(ctx, "cancel a verification", id, "cancel", &reason, &s)
	return s, err
}

// steer makes a request about a verification. A request with a reason takes effect once.
func (c *Client) steer(ctx context.Context, op, id, what string, reason *string, into any) error {
	if id == "" {
		return errNoVerification
	}
	path := "verifications/" + segment(id) + "/" + what
	if reason == nil {
		return c.call(ctx, op, path, nil, struct{}{}, into)
	}
	return c.once(ctx, op, path, map[string]string{"reason": *reason}, into)
}
