package api

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Subject is the verdict on a person, and what it is based on.
type Subject struct {
	Reference string         `json:"reference" doc:"the host's reference id"`
	Verdict   domain.Verdict `json:"verdict" enum:"none,pending,review,approved,declined,expired,redacted"`
	Object    domain.Ref     `json:"object" doc:"the object the verdict comes from"`
	Status    string         `json:"status" doc:"that object's status at Persona"`
	Since     *time.Time     `json:"since" doc:"since when the verdict stands; null where nothing is known"`
	Version   int64          `json:"version" doc:"grows with every change"`
}

func showSubject(row domain.Subject) Subject {
	return Subject{row.Reference, row.Verdict, row.Object, row.Status, orNull(row.Since), row.Version}
}

func (s *server) getSubject(ctx context.Context, in *SubjectInput) (*struct{ Body Subject }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	row, err := s.Store.Subject(ctx, env, string(in.Reference))
	if errors.Is(err, store.ErrNotFound) { // an unknown subject has a verdict too
		row, err = domain.Subject{Reference: string(in.Reference), Verdict: domain.VerdictNone}, nil
	}
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &struct{ Body Subject }{showSubject(row)}, nil
}

// SubjectList is a page of subjects.
type SubjectList struct {
	Data []Subject `json:"data" doc:"the one whose verdict stands longest comes first"`
	Next string    `json:"next,omitempty" doc:"give it as after for the next page"`
}

func (s *server) listSubjects(ctx context.Context, in *struct {
	EnvironmentInput
	Verdict string `query:"verdict" enum:"none,pending,review,approved,declined,expired,redacted" doc:"only those with this verdict"`
	After   string `query:"after" doc:"the next of the page before"`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"the maximum number of rows"`
}) (*struct{ Body SubjectList }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	cursor, err := base64.RawURLEncoding.DecodeString(in.After)
	if err != nil {
		return nil, problem(invalidRequest, "after is not the next of a page")
	}
	rows, next, err := s.Store.Subjects(ctx, env, domain.Verdict(in.Verdict), string(cursor), in.Limit)
	switch {
	case errors.Is(err, store.ErrCursor):
		return nil, problem(invalidRequest, "after is not the next of a page")
	case err != nil:
		return nil, s.failed(ctx, err)
	}
	list := SubjectList{Data: []Subject{}, Next: base64.RawURLEncoding.EncodeToString([]byte(next))}
	for _, row := range rows {
		list.Data = append(list.Data, showSubject(row))
	}
	return &struct{ Body SubjectList }{list}, nil
}
