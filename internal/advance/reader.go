package advance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/persona"
)

// Reader reads from Persona.
type Reader interface {
	// Object reads an object as it is now. It fails with ErrCannotRead for a kind that
	// Persona has no call for.
	Object(ctx context.Context, ref domain.Ref) (domain.Object, error)

	// Facts reads an inquiry and what a decision about it needs.
	Facts(ctx context.Context, inquiryID string) (policy.Facts, error)
}

// ErrCannotRead means that Persona has no call that reads this kind of object, or has
// the object no more.
var ErrCannotRead = errors.New("the object cannot be read")

// Persona is the Reader of an environment.
type Persona struct {
	Client      *persona.Client
	Environment domain.Environment
}

// Object implements [Reader].
func (p Persona) Object(ctx context.Context, ref domain.Ref) (domain.Object, error) {
	resource, err := p.get(ctx, ref)
	if err != nil {
		return domain.Object{}, fmt.Errorf("read %s: %w", ref, orGone(err))
	}
	raw, err := resource.MarshalJSON()
	if err != nil {
		return domain.Object{}, fmt.Errorf("read %s: %w", ref, err)
	}
	return fold.FromResource(p.Environment, raw)
}

// get makes the call that reads a kind of object.
func (p Persona) get(ctx context.Context, ref domain.Ref) (json.Marshaler, error) {
	switch ref.Family() {
	case "inquiry":
		return p.Client.Inquiries.Get(ctx, ref.ID)
	case "inquiry-session":
		return p.Client.InquirySessions.Get(ctx, ref.ID)
	case "case":
		return p.Client.Cases.Get(ctx, ref.ID)
	case "account":
		return p.Client.Accounts.Get(ctx, ref.ID)
	case "verification":
		return p.Client.Verifications.Get(ctx, ref.ID)
	case "report":
		return p.Client.Reports.Get(ctx, ref.ID)
	case "transaction":
		return p.Client.Transactions.Get(ctx, ref.ID)
	case "document":
		return p.Client.Documents.Get(ctx, ref.ID)
	default:
		return nil, ErrCannotRead
	}
}

// orGone adds to a 404 that the object cannot be read, now or later.
func orGone(err error) error {
	if errors.Is(err, persona.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrCannotRead, err)
	}
	return err
}

// Facts implements [Reader].
func (p Persona) Facts(ctx context.Context, inquiryID string) (policy.Facts, error) {
	facts := policy.Facts{Environment: p.Environment}
	inquiry, err := p.Client.Inquiries.Get(ctx, inquiryID, persona.WithInclude("account", "verifications", "reports"))
	if err != nil {
		return facts, fmt.Errorf("read inquiry %s: %w", inquiryID, orGone(err))
	}
	object, err := fold.FromResource(p.Environment, inquiry.Raw)
	if err != nil {
		return facts, err
	}
	facts.Inquiry = &object
	for _, included := range inquiry.Included {
		raw, err := included.MarshalJSON()
		if err != nil {
			return facts, err
		}
		o, err := fold.FromResource(p.Environment, raw)
		if err != nil {
			return facts, err
		}
		switch o.Ref.Family() {
		case "account":
			facts.Account = &o
		case "verification":
			facts.Verifications = append(facts.Verifications, o)
		case "report":
			facts.Reports = append(facts.Reports, o)
		}
	}
	for c, err := range p.Client.Cases.List(ctx, persona.CaseListParams{InquiryID: inquiryID}) {
		if err != nil {
			return facts, fmt.Errorf("list the cases of inquiry %s: %w", inquiryID, err)
		}
		o, err := fold.FromResource(p.Environment, c.Raw)
		if err != nil {
			return facts, err
		}
		facts.Cases = append(facts.Cases, o)
	}
	return facts, nil
}
