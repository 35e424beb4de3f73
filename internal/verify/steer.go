package verify

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// Reset lets a subject start again although all attempts are used up or the subject was
// declined. A live inquiry stays the one there is. It returns the new verification.
func (v *Verifier) Reset(ctx context.Context, env domain.Environment, id, reason, actor string) (domain.Verification, error) {
	if err := checkReason(reason); err != nil {
		return domain.Verification{}, err
	}
	for range maxChanges {
		row, err := v.store.Verification(ctx, env, id)
		if err != nil {
			return row, err
		}
		row.Renewed, row.ResetAt, row.Attempts = true, v.now(), 0
		row.Version, err = v.store.SaveVerification(ctx, row, []audit.Entry{v.entry(row, actor, "verification.reset", row.Inquiry, reason)})
		if !errors.Is(err, store.ErrChanged) {
			return row, err
		}
	}
	return domain.Verification{}, ErrBusy
}

// Link makes a one-time link to the newest inquiry of a verification, which must be open or
// in review.
func (v *Verifier) Link(ctx context.Context, env domain.Environment, id string) (Answer, error) {
	begun := time.Now()
	row, err := v.store.Verification(ctx, env, id)
	if err != nil {
		v.observe(env, "", failure(err), begun)
		return Answer{}, err
	}
	answer, err := v.link(ctx, row)
	result := "linked"
	if err != nil {
		result = failure(err)
	}
	v.observe(env, row.Flow, result, begun)
	return answer, err
}

func (v *Verifier) link(ctx context.Context, row domain.Verification) (Answer, error) {
	if row.Inquiry == "" {
		return Answer{}, ErrNoInquiry
	}
	w := v.workOn(row)
	i, err := readInquiry(ctx, w.settings.Client, row.Inquiry, row.Reference)
	if err != nil {
		return Answer{}, err
	}
	if err := closed(i, "opened", "approved", "declined", "expired"); err != nil {
		return Answer{}, err
	}
	opened, entry, err := makeLink(ctx, w.settings.Client, i.ID, w.flow.Expiry, v.now())
	if err != nil {
		return Answer{}, err
	}
	s := State{Verification: row}
	if err := w.readVerdict(ctx, &s); err != nil {
		return Answer{}, err
	}
	return Answer{Verification: row, Verdict: s.Verdict, Action: ActionReused, Inquiry: &opened, Entry: entry}, nil
}

// workOn returns the work on a verification that exists. If its flow is no longer configured,
// the defaults count.
func (v *Verifier) workOn(row domain.Verification) work {
	s := v.settings(row.Environment)
	f, err := s.flow(row.Flow)
	if err != nil {
		f = Flow{Name: row.Flow}.WithDefaults()
	}
	return work{v, s, f, Request{Environment: row.Environment, Reference: row.Reference, Flow: row.Flow}}
}

// closed returns an error if an inquiry is in one of the statuses, or redacted.
func closed(i Inquiry, wanted string, statuses ...string) error {
	switch {
	case i.Gone:
		return &NotOpenError{i.ID, "deleted or of another reference id", wanted}
	case i.Redacted:
		return &NotOpenError{i.ID, "redacted", wanted}
	case slices.Contains(statuses, i.Status):
		return &NotOpenError{i.ID, i.Status, wanted}
	}
	return nil
}

// Cancel expires the live inquiry of a verification at Persona. An inquiry that the person
// has finished cannot be cancelled; one that has expired already is left alone.
func (v *Verifier) Cancel(ctx context.Context, env domain.Environment, id, reason, actor string) (row domain.Verification, i Inquiry, err error) {
	if err := checkReason(reason); err != nil {
		return row, i, err
	}
	if row, err = v.store.Verification(ctx, env, id); err != nil {
		return row, i, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	w := v.workOn(row)
	w.request.Actor = actor
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		ran, err := v.claimed(ctx, row, func(current domain.Verification) (err error) {
			row, i, err = w.cancelClaimed(ctx, current, reason)
			return err
		})
		if errors.Is(err, store.ErrChanged) {
			err = ErrBusy
		}
		if ran || err != nil {
			return row, i, err
		}
		if err := sleep(ctx, wait); err != nil {
			return row, i, ErrBusy
		}
	}
}

func (w work) cancelClaimed(ctx context.Context, row domain.Verification, reason string) (domain.Verification, Inquiry, error) {
	if row.Starting {
		found, err := w.find(ctx, row)
		if err != nil {
			return row, Inquiry{}, err
		}
		if found == nil {
			if row, err = w.waited(ctx, row, latest(row.KeyMadeAt, row.Spent)); err != nil {
				return row, Inquiry{}, err
			}
		}
		if found == nil { // the next start requests another one
			row.Starting = false
			row.Version, err = w.store.SaveVerification(ctx, row, []audit.Entry{w.entry(row, w.request.Actor, "verification.cancelled", "", "an inquiry that was not created: "+reason)})
			return row, Inquiry{}, err
		}
		if row, err = w.save(ctx, row, *found, "verification.found"); err != nil {
			return row, *found, err
		}
	}
	if row.Inquiry == "" {
		return row, Inquiry{}, ErrNoInquiry
	}
	i, err := readInquiry(ctx, w.settings.Client, row.Inquiry, row.Reference)
	if err != nil || i.Status == "expired" && !i.Gone {
		return row, i, err
	}
	if i.Redacted || i.Gone || i.Status != "created" && i.Status != "pending" {
		return row, i, closed(i, "cancelled", i.Status)
	}
	// Nothing is cancelled without an entry in the audit trail.
	row.Version, err = w.store.SaveVerification(ctx, row, []audit.Entry{w.entry(row, w.request.Actor, "verification.cancelled", i.ID, reason)})
	if err != nil {
		return row, i, err
	}
	return w.expire(ctx, row, i)
}

// expire expires an inquiry at Persona.
func (w work) expire(ctx context.Context, row domain.Verification, i Inquiry) (domain.Verification, Inquiry, error) {
	expired, err := w.settings.Client.Inquiries.Expire(ctx, i.ID)
	if err == nil {
		return row, inquiryOf(expired), nil
	}
	now, read := readInquiry(ctx, w.settings.Client, i.ID, row.Reference)
	switch {
	case read == nil && now.Status == "expired":
		return row, now, nil
	case read == nil && errors.Is(err, persona.ErrConflict):
		return row, now, closed(now, "cancelled", now.Status)
	}
	return row, i, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
