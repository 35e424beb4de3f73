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
	// Object reads the current state of an object. The error is ErrCannotRead if Persona
	// cannot read objects of this type or does not have the object.
	Object(ctx context.Context, ref domain.Ref) (domain.Object, error)

	// Facts reads an inquiry or a case with everything that a decision on it needs. Account
	// reports are read only on request. Whatever cannot be read or is withheld is listed in
	// Missing, and an inquiry or case that cannot be read is absent. An error is returned
	// only if another attempt may succeed.
	Facts(ctx context.Context, ref domain.Ref, accountReports bool) (policy.Facts, error)

	// Others reads the other inquiries with the same reference id. An error is returned
	// only if another attempt may succeed.
	Others(ctx context.Context, inquiry domain.Object) (Others, error)
}

// ErrCannotRead means that Persona cannot read objects of this type or does not have the
// object.
var ErrCannotRead = errors.New("the object cannot be read")

// Persona is a [Reader] that calls Persona's API.
type Persona struct {
	Client      *persona.Client
	Environment domain.Environment
}

// Object implements [Reader].
func (p Persona) Object(ctx context.Context, ref domain.Ref) (domain.Object, error) {
	a := p.ask(ctx, ref)
	return a.object, a.err
}

// answer is an object from Persona's API.
type answer struct {
	object   domain.Object
	included []domain.Object // objects included in the answer; those that cannot be read are left out
	err      error
}

// ask reads an object. For an inquiry, include names the related objects to include.
func (p Persona) ask(ctx context.Context, ref domain.Ref, include ...string) (a answer) {
	resource, included, err := p.get(ctx, ref, include)
	if errors.Is(err, persona.ErrNotFound) {
		err = fmt.Errorf("%w: %w", ErrCannotRead, err)
	}
	if err != nil {
		return answer{err: fmt.Errorf("read %s: %w", ref, err)}
	}
	if a.object, a.err = p.object(resource); a.err == nil && a.object.Ref != ref {
		a.err = errors.New("Persona returned another object")
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

// get calls the operation that reads objects of a type.
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

// mayRecover reports whether another attempt may succeed. That is so for the errors that
// [persona.RetryOf] retries, an invalid API key, and a context that ended. Other rejections
// and malformed answers are final.
func mayRecover(err error) bool {
	return persona.RetryOf(err) != persona.RetryNever || errors.Is(err, persona.ErrUnauthorized) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
