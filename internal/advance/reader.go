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

	// Facts reads an inquiry or a case, and what a decision about it needs. What cannot be
	// read, and what is withheld, is named in Missing of the facts. An error is only what
	// may be different when it is asked again.
	Facts(ctx context.Context, ref domain.Ref, accountReports bool) (policy.Facts, error)
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
