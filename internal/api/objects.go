package api

import (
	"context"
	"encoding/json"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// ObjectDetail is an object with its attributes, which contain personal data.
type ObjectDetail struct {
	Object
	Attributes    map[string]json.RawMessage `json:"attributes" doc:"as Persona has them, with kebab-case keys"`
	Relationships map[string][]domain.Ref    `json:"relationships"`
}

// getObject returns an object by its id. The audit trail records it.
func (s *server) getObject(ctx context.Context, in *IDInput) (*struct{ Body ObjectDetail }, error) {
	return s.objectDetail(ctx, in, "")
}

// cases lists the objects that are cases.
func (s *server) cases(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Object], error) {
	f.Cases = true
	return s.Store.Objects(ctx, env, f)
}

func (s *server) getCase(ctx context.Context, in *IDInput) (*struct{ Body ObjectDetail }, error) {
	return s.objectDetail(ctx, in, "case")
}

// objectDetail returns an object of a type; "" means any.
func (s *server) objectDetail(ctx context.Context, in *IDInput, typ string) (*struct{ Body ObjectDetail }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	page, err := s.Store.Objects(ctx, env, store.Filter{Object: domain.Ref{ID: string(in.ID)}, Limit: 1})
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	if len(page.Rows) == 0 || typ != "" && page.Rows[0].Ref.Type != typ {
		return nil, problem(notFound, "there is no such object in this environment: check the id")
	}
	o := page.Rows[0]
	if err := s.recordRead(ctx, env, "object.read", o.Ref, ""); err != nil {
		return nil, err
	}
	detail := ObjectDetail{showObject(o), o.Attributes, o.Relationships}
	if detail.Relationships == nil {
		detail.Relationships = map[string][]domain.Ref{}
	}
	return &struct{ Body ObjectDetail }{detail}, nil
}
