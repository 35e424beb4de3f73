package verify

import (
	"context"
	"errors"
	"net/http"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// work is one call.
type work struct {
	*Verifier
	settings Settings
	flow     Flow
	request  Request
}

// look reads what is known about the subject and the flow, and the inquiry if it matters.
func (w work) look(ctx context.Context) (State, error) {
	var s State
	var err error
	r := w.request
	s.Verification, err = w.store.VerificationOf(ctx, r.Environment, r.Reference, r.Flow)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	if err := w.readVerdict(ctx, &s); err != nil {
		return s, err
	}
	if Decide(s, w.flow, w.now()).Step != Look {
		return s, nil
	}
	i, err := readInquiry(ctx, w.settings.Client, s.Verification.Inquiry, r.Reference)
	if err != nil {
		return s, err
	}
	if s.Inquiry, err = w.judged(ctx, i); err != nil {
		return s, err
	}
	return s, w.readVerdict(ctx, &s) // it must not be older than what is known about the inquiry
}

func (w work) readVerdict(ctx context.Context, s *State) error {
	subject, err := w.store.Subject(ctx, w.request.Environment, w.request.Reference)
	if errors.Is(err, store.ErrNotFound) {
		subject, err = domain.Subject{Verdict: domain.VerdictNone}, nil
	}
	s.Verdict, s.Since = subject.Verdict, subject.Since
	return err
}

// judged adds to an inquiry what the service knows about it.
func (w work) judged(ctx context.Context, i Inquiry) (*Inquiry, error) {
	objects, err := w.store.SubjectObjects(ctx, w.request.Environment, w.request.Reference)
	if err != nil {
		return nil, err
	}
	var own, cases []domain.Object
	for _, o := range objects {
		switch {
		case o.Ref == inquiryRef(i.ID):
			own = append(own, o)
			i.Known = o.Status == i.Status && o.RedactedAt.IsZero() != i.Redacted
		case o.Ref.Family() == "case":
			cases = append(cases, o)
		}
	}
	if len(own) > 0 {
		i.Own = fold.Verdict(own, nil, cases, w.settings.Verdicts).Verdict
	}
	return &i, nil
}

// refuse answers that no inquiry is started. The verification is stored, so that it can be
// reset by its id.
func (w work) refuse(ctx context.Context, s State, plan Plan) (Answer, error) {
	row, err := w.stored(ctx, s.Verification)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Verification: row, Verdict: s.Verdict, Action: ActionRefused, Reason: plan.Reason, RetryAt: plan.RetryAt}, nil
}

// stored returns the verification of the request, which it stores if there is none.
func (w work) stored(ctx context.Context, row domain.Verification) (domain.Verification, error) {
	if row.Version > 0 {
		return row, nil
	}
	r := w.request
	row = domain.Verification{ID: domain.NewID("vfy"), Environment: r.Environment, Reference: r.Reference, Flow: r.Flow, CreatedAt: w.now()}
	version, err := w.store.SaveVerification(ctx, row, nil)
	if errors.Is(err, store.ErrChanged) {
		return w.store.VerificationOf(ctx, r.Environment, r.Reference, r.Flow)
	}
	row.Version = version
	return row, err
}

// open makes a link or a session token for an open inquiry.
func (w work) open(ctx context.Context, i Inquiry) (Inquiry, Entry, error) {
	if w.flow.Mode == ModeLink {
		return makeLink(ctx, w.settings.Client, i.ID, w.flow.Expiry, w.now())
	}
	opened, entry, err := resume(ctx, w.settings.Client, i.ID)
	var refusal *persona.Error
	if i.Status == "created" && errors.As(err, &refusal) && refusal.Status == http.StatusConflict {
		// Nobody has begun it: its id alone opens it (Persona docs: Resuming inquiries).
		return i, Entry{ExpiresAt: i.ExpiresAt}, nil
	}
	return opened, entry, err
}

// openFinished makes a link to an inquiry that is in review. It returns the zero Entry if
// Persona makes none: the person has nothing left to do.
func (w work) openFinished(ctx context.Context, i Inquiry) (Entry, error) {
	if w.flow.Mode != ModeLink || i.Status == "approved" || i.Status == "declined" {
		return Entry{}, nil
	}
	_, entry, err := w.open(ctx, i)
	if _, rejected := Rejection(err); rejected {
		return Entry{}, nil
	}
	return entry, err
}

// withLink adds a link to the answer about a new inquiry. If none can be made now, the next
// call reuses the inquiry.
func (w work) withLink(ctx context.Context, a Answer) (Answer, error) {
	if w.flow.Mode != ModeLink {
		return a, nil
	}
	_, entry, err := w.open(ctx, *a.Inquiry)
	if err != nil {
		return Answer{}, err
	}
	a.Entry = entry
	return a, nil
}
