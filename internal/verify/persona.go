package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

// inquiryOf returns the part of Persona's inquiry that decisions need.
func inquiryOf(p *persona.Inquiry) Inquiry {
	a := p.Attributes
	ended := a.DecisionedAt.Time
	if ended.IsZero() {
		ended = a.FailedAt.Time
	}
	if ended.IsZero() {
		ended = a.CompletedAt.Time
	}
	return Inquiry{
		ID: p.ID, Status: string(a.Status), CreatedAt: a.CreatedAt.Time, EndedAt: ended, ExpiresAt: a.ExpiresAt.Time, Redacted: !a.RedactedAt.IsZero(),
	}
}

// errAnotherInquiry means that a cache or a proxy in front of Persona has mixed up answers. A
// link in such an answer is for somebody else.
var errAnotherInquiry = errors.New("the answer from Persona is about another inquiry")

// readInquiry reads an inquiry of a subject. It is gone if another subject has it now.
func readInquiry(ctx context.Context, c *persona.Client, id, reference string) (Inquiry, error) {
	found, err := c.Inquiries.Get(ctx, id)
	if errors.Is(err, persona.ErrNotFound) {
		return Inquiry{ID: id, Gone: true}, nil
	}
	if err != nil {
		return Inquiry{}, fmt.Errorf("read the inquiry %s: %w", id, err)
	}
	if found.ID != id {
		return Inquiry{}, errAnotherInquiry
	}
	i := inquiryOf(found)
	i.Gone = belongsToAnother(found, reference)
	return i, nil
}

// belongsToAnother reports whether an inquiry shows a reference id that is not the one of
// the subject. Persona does not distinguish capitals in them, but verdicts do, so the result
// of such an inquiry would count for somebody else.
func belongsToAnother(i *persona.Inquiry, reference string) bool {
	shown := i.Attributes.ReferenceID
	return shown != "" && shown != reference
}

// listInquiries returns the inquiries of a subject with a template.
func listInquiries(ctx context.Context, c *persona.Client, reference, template string) ([]Inquiry, error) {
	var found []Inquiry
	for p, err := range c.Inquiries.List(ctx, persona.InquiryListParams{ReferenceID: reference, InquiryTemplateID: template, Size: 100}) {
		if err != nil {
			return nil, fmt.Errorf("list the inquiries of the subject: %w", err)
		}
		if !belongsToAnother(p, reference) {
			found = append(found, inquiryOf(p))
		}
	}
	return found, nil
}

// createInquiry creates an inquiry. In an embedded flow it also returns a session token.
// attempts is how often the client sent the request. With [errOtherSpelling] the inquiry
// exists, and belongs to another subject.
func createInquiry(ctx context.Context, c *persona.Client, r Request, f Flow, key string) (i Inquiry, e Entry, attempts int, err error) {
	params := persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(f.Template), AutoCreateAccountReferenceID: persona.Set(r.Reference),
		AutoCreateInquirySession: persona.Set(f.Mode == ModeEmbedded),
	}
	if r.RedirectURI != "" {
		params.RedirectURI = persona.Set(r.RedirectURI)
	}
	if len(r.Fields) > 0 {
		fields := map[string]any{}
		for name, value := range r.Fields {
			fields[name] = value
		}
		params.Fields = persona.Set(fields)
	}
	var response *persona.Response
	made, err := c.Inquiries.Create(ctx, params, persona.WithIdempotencyKey(key), persona.WithResponse(&response))
	if response != nil {
		attempts = response.Attempts
	}
	if err != nil {
		return i, e, attempts, fmt.Errorf("create an inquiry: %w", err)
	}
	i = inquiryOf(&made.Inquiry)
	if belongsToAnother(&made.Inquiry, r.Reference) {
		return i, e, attempts, errOtherSpelling
	}
	if made.Meta.SessionToken != "" {
		e = Entry{SessionToken: made.Meta.SessionToken, ExpiresAt: i.ExpiresAt}
	}
	return i, e, attempts, nil
}

// Entry is how a person opens an inquiry. It is a credential.
type Entry struct {
	Link         string // a one-time link
	SessionToken string
	ExpiresAt    time.Time // of the link or the token; zero if Persona did not say
}

// makeLink makes a one-time link to an inquiry. Persona returns an earlier link again while
// nobody has opened it.
func makeLink(ctx context.Context, c *persona.Client, id string, life time.Duration, now time.Time) (Inquiry, Entry, error) {
	made, err := c.Inquiries.GenerateOneTimeLink(ctx, id, persona.InquiryGenerateOneTimeLinkParams{ExpiresInSeconds: persona.Set(int64(life / time.Second))})
	if err != nil {
		return Inquiry{}, Entry{}, fmt.Errorf("make a one-time link to %s: %w", id, err)
	}
	if made.ID != id {
		return Inquiry{}, Entry{}, errAnotherInquiry
	}
	i := inquiryOf(&made.Inquiry)
	expires := now.Add(life)
	if !i.ExpiresAt.IsZero() && i.ExpiresAt.Before(expires) {
		expires = i.ExpiresAt // links expire with their inquiry
	}
	return i, Entry{Link: cmp.Or(made.Meta.OneTimeLink, made.Meta.OneTimeLinkShort), ExpiresAt: expires}, nil
}

// resume makes a session token for an inquiry.
func resume(ctx context.Context, c *persona.Client, id string) (Inquiry, Entry, error) {
	made, err := c.Inquiries.Resume(ctx, id)
	if err != nil {
		return Inquiry{}, Entry{}, fmt.Errorf("resume %s: %w", id, err)
	}
	if made.ID != id {
		return Inquiry{}, Entry{}, errAnotherInquiry
	}
	i := inquiryOf(&made.Inquiry)
	return i, Entry{SessionToken: made.Meta.SessionToken, ExpiresAt: i.ExpiresAt}, nil
}

// Rejection is what Persona says about a request that it rejected for good. Details can
// quote the request, so they are for whoever made it, and not for logs.
func Rejection(err error) (details []string, rejected bool) {
	var refusal *persona.Error
	if !errors.As(err, &refusal) || !rejects(refusal) {
		return nil, false
	}
	return refusal.Details(), true
}

// rejects reports whether Persona will reject the same request again. Authentication and
// rate limits come before a request is looked at.
func rejects(refusal *persona.Error) bool {
	switch refusal.Status {
	case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusRequestTimeout:
		return false
	}
	return refusal.Status >= 400 && refusal.Status < 500
}

// Fields are the values with which Persona fills in an inquiry, as JSON.
type Fields map[string]json.RawMessage

// inquiryRef names an inquiry.
func inquiryRef(id string) domain.Ref { return domain.Ref{Type: "inquiry", ID: id} }
