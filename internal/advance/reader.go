package advance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/family"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/persona"
)

// Reader reads from Persona.
type Reader interface {
	// Object reads an object as it is now. It fails with ErrCannotRead for a kind that
	// Persona has no call for, and for an object that Persona does not have.
	Object(ctx context.Context, ref domain.Ref) (domain.Object, error)

	// Facts reads an inquiry or a case, and what a decision about it needs; the reports of
	// the account only where they are asked for. What cannot be read, and what is
	// withheld, is named in the Missing of the facts: of an inquiry or a case that cannot
	// be read itself there is no object. An error is only what may be different when the
	// facts are read again.
	Facts(ctx context.Context, ref domain.Ref, accountReports bool) (policy.Facts, error)

	// Others reads the other inquiries of the person of an inquiry, by the reference id. An
	// error is only what may be different when they are read again.
	Others(ctx context.Context, inquiry domain.Object) (Others, error)
}

// ErrCannotRead means that Persona has no call that reads this kind of object, or does
// not have the object.
var ErrCannotRead = errors.New("the object cannot be read")

// Persona is the Reader of an environment.
type Persona struct {
	Client      *persona.Client
	Environment domain.Environment
}

// Object implements [Reader].
func (p Persona) Object(ctx context.Context, ref domain.Ref) (domain.Object, error) {
	a := p.ask(ctx, ref)
	return a.object, a.err
}

// answer is an object as Persona answers with it.
type answer struct {
	object   domain.Object
	included []domain.Object // what came along with it; what of that cannot be read is left out
	err      error
}

// ask reads an object, and what an inquiry is to include.
func (p Persona) ask(ctx context.Context, ref domain.Ref, include ...string) (a answer) {
	resource, included, err := p.get(ctx, ref, include)
	if errors.Is(err, persona.ErrNotFound) {
		err = fmt.Errorf("%w: %w", ErrCannotRead, err)
	}
	if err != nil {
		return answer{err: fmt.Errorf("read %s: %w", ref, err)}
	}
	if a.object, a.err = p.object(resource); a.err == nil && a.object.Ref != ref {
		a.err = errors.New("Persona answers with another object")
	}
	if a.err != nil {
		return answer{err: fmt.Errorf("read %s: %w", ref, a.err)}
	}
	for _, other := range included {
		if o, err := p.object(other); err == nil {
			a.included = append(a.included, o)
		}
	}
	return a
}

func (p Persona) object(resource json.Marshaler) (domain.Object, error) {
	raw, err := resource.MarshalJSON()
	if err != nil {
		return domain.Object{}, err
	}
	return fold.FromResource(p.Environment, raw)
}

// get makes the call that reads a kind of object.
func (p Persona) get(ctx context.Context, ref domain.Ref, include []string) (resource json.Marshaler, included []persona.Object, err error) {
	if !family.Readable(ref) {
		return nil, nil, ErrCannotRead
	}
	var opts []persona.Option
	if len(include) > 0 {
		opts = append(opts, persona.WithInclude(include...))
	}
	return family.Read(ctx, p.Client, ref, opts...)
}

// mayChange reports whether an error may be gone when the call is made again: see
// [persona.RetryOf]; besides, a key that is not valid, and a context that ended. What
// Persona refuses otherwise, and what it answers that cannot be read, stays so.
func mayChange(err error) bool {
	return persona.RetryOf(err) != persona.RetryNever || errors.Is(err, persona.ErrUnauthorized) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
