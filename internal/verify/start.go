package verify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// started is the result of [work.start].
type started struct {
	done         bool // there is an inquiry now; false if another call is at work
	created      bool // and this call created it
	verification domain.Verification
	inquiry      Inquiry
}

// start creates an inquiry, or finds the one that an earlier call requested. Only one call at
// a time does, and only if the verification is still as it was decided on. anew says that
// earlier attempts no longer count.
func (w work) start(ctx context.Context, decidedOn domain.Verification, anew bool) (started, Entry, error) {
	row, err := w.stored(ctx, decidedOn)
	if err != nil {
		return started{}, Entry{}, err
	}
	var s started
	var entry Entry
	_, err = w.claimed(ctx, row, func(current domain.Verification) error {
		if current.Version != max(decidedOn.Version, 1) { // 1 is that of an empty one
			return nil // decide again
		}
		if anew {
			current.Attempts = 0
		}
		s, entry, err = w.startClaimed(ctx, current)
		return err
	})
	if errors.Is(err, store.ErrChanged) {
		return started{}, Entry{}, nil // decide again
	}
	return s, entry, err
}

// claimed runs f with the current verification while no other call starts an inquiry for it.
// It reports whether f ran: not if another call is at work.
func (v *Verifier) claimed(ctx context.Context, row domain.Verification, f func(domain.Verification) error) (ran bool, err error) {
	claim, ok, err := v.store.Claim(ctx, row.Environment, domain.Ref{Type: store.VerificationClaim, ID: row.ID})
	if err != nil || !ok {
		return false, err
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
		defer cancel()
		if _, released := v.store.Release(last, claim); released != nil {
			v.logger.WarnContext(ctx, "releasing a verification failed; it expires soon", "verification", row.ID, "error", released)
		}
	}()
	current, err := v.store.Verification(ctx, row.Environment, row.ID)
	if err != nil {
		return false, err
	}
	return true, f(current)
}

func (w work) startClaimed(ctx context.Context, row domain.Verification) (started, Entry, error) {
	found, err := w.find(ctx, row)
	if err != nil {
		return started{}, Entry{}, err
	}
	if found != nil && found.ID == row.Inquiry {
		return started{}, Entry{}, nil // it was resumed meanwhile: decide again
	}
	if found != nil {
		row, err = w.save(ctx, row, *found, "verification.found")
		return started{done: true, verification: row, inquiry: *found}, Entry{}, err
	}
	if !row.Spent.IsZero() {
		if _, err := w.waited(ctx, row, row.Spent); err != nil {
			return started{}, Entry{}, err
		}
	}
	first := !row.Starting || !row.Spent.IsZero() || w.now().Sub(row.KeyMadeAt) > keyLife
	if first {
		if row, err = w.intend(ctx, row); err != nil {
			return started{}, Entry{}, err
		}
	}
	made, entry, attempts, err := createInquiry(ctx, w.settings.Client, w.request, w.flow, row.IdempotencyKey)
	if errors.Is(err, errOtherSpelling) {
		// The row stays as it is, so that the next call repeats the request with the same key
		// and Persona creates no other inquiry.
		_, _, expired := w.expire(ctx, row, made)
		return started{}, Entry{}, cmp.Or(expired, err)
	}
	if err != nil {
		return started{}, Entry{}, w.failed(ctx, row, err, first && (attempts <= 1 || !errors.Is(err, persona.ErrConflict)))
	}
	if row, err = w.save(ctx, row, made, "verification.started"); err != nil {
		return started{}, Entry{}, err
	}
	return started{done: true, created: true, verification: row, inquiry: made}, entry, nil
}

// waited returns an error while the effect of a call at a time may be invisible. A time in the
// future was stored by a clock that was ahead: the wait begins now.
func (w work) waited(ctx context.Context, row domain.Verification, since time.Time) (domain.Verification, error) {
	now := w.now()
	if now.Sub(since) >= effectDelay {
		return row, nil
	}
	if since.Sub(now) > effectDelay {
		var err error
		row.Spent, row.KeyMadeAt = now, earlier(row.KeyMadeAt, now)
		if row.Version, err = w.store.SaveVerification(ctx, row, nil); err != nil {
			return row, err
		}
	}
	return row, ErrUncertain
}

// find looks for a live inquiry at Persona, or one that an earlier call requested. It returns
// nil if there is none. Persona may also have a live inquiry that was not started by a call,
// for example from before there was a flow.
func (w work) find(ctx context.Context, row domain.Verification) (*Inquiry, error) {
	if w.flow.Template == "" {
		return nil, nil // the flow is no longer configured
	}
	all, err := listInquiries(ctx, w.settings.Client, row.Reference, w.flow.Template)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		j, err := w.judged(ctx, i)
		if err != nil {
			return nil, err
		}
		known := i.ID == row.Inquiry || slices.ContainsFunc(row.Earlier, func(e domain.EarlierInquiry) bool { return e.Inquiry == i.ID })
		resumed := !row.Starting && i.ID == row.Inquiry && (i.Status == "created" || i.Status == "pending")
		requested := row.Starting && !known && i.CreatedAt.After(row.KeyMadeAt.Add(-clockError))
		if resumed || requested || isLive(*j, w.now()) && i.ID != row.Inquiry {
			return j, nil
		}
	}
	return nil, nil
}

// intend stores that an inquiry will be requested, with a new key.
func (w work) intend(ctx context.Context, row domain.Verification) (domain.Verification, error) {
	row.Starts++
	row.Starting, row.IdempotencyKey, row.KeyMadeAt, row.Spent = true, keyOf(row), w.now(), time.Time{}
	version, err := w.store.SaveVerification(ctx, row, nil)
	row.Version = version
	return row, err
}

// keyOf derives the idempotency key of a request. The id of the verification stands for its
// environment, subject and flow.
func keyOf(v domain.Verification) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "verification %s %s %d", v.Environment, v.ID, v.Starts))
	return "idem-" + hex.EncodeToString(sum[:20])
}

// save stores the newest inquiry of a verification, also if the call has no time left.
func (w work) save(ctx context.Context, row domain.Verification, i Inquiry, what string) (domain.Verification, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	if row.Inquiry != "" {
		row.Earlier = append(slices.Clone(row.Earlier), domain.EarlierInquiry{Inquiry: row.Inquiry, StartedAt: row.StartedAt})
		row.Earlier = row.Earlier[max(0, len(row.Earlier)-maxRemembered):]
	}
	row.Inquiry, row.StartedAt, row.Starting, row.Spent, row.Renewed = i.ID, w.now(), false, time.Time{}, false
	row.Attempts++
	entry := w.entry(row, w.request.Actor, what, i.ID, fmt.Sprintf("flow %s, attempt %d", row.Flow, row.Attempts))
	version, err := w.store.SaveVerification(ctx, row, []audit.Entry{entry})
	if err != nil {
		return row, err
	}
	row.Version = version
	w.logger.InfoContext(ctx, what, "environment", row.Environment, "verification", row.ID, "flow", row.Flow, "attempt", row.Attempts, "inquiry", i.ID)
	return row, nil
}

// entry returns an audit entry about a verification.
func (v *Verifier) entry(row domain.Verification, actor, what, inquiry, detail string) audit.Entry {
	e := audit.Entry{Environment: row.Environment, At: v.now(), Actor: actor, What: what, Detail: row.ID + ": " + detail}
	if inquiry != "" {
		e.About = inquiryRef(inquiry)
	}
	return e
}

// failed stores what an error of a request means for the next one, and returns the error of
// the call. alone says that no other request with this key can be the reason of the error.
func (w work) failed(ctx context.Context, row domain.Verification, cause error, alone bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	answer := cause
	switch _, rejected := Rejection(cause); {
	case rejected && alone:
		row.Starting = false // nothing was created
	case rejected, persona.RetryOf(cause) == persona.RetryNewKey, w.isStuck(row, cause):
		// Persona answers the key with an error from now on: because the request differs
		// from the first one, or because that one failed. Only the list of inquiries tells
		// whether it took effect.
		row.Spent, answer = w.now(), errors.Join(ErrUncertain, cause)
	default:
		return cause // the next call repeats the request with the same key
	}
	if _, err := w.store.SaveVerification(ctx, row, nil); err != nil {
		return errors.Join(err, cause)
	}
	return answer
}

// isStuck reports whether a gateway's error has been the answer for so long that Persona may
// have stored it for the key.
func (w work) isStuck(row domain.Verification, cause error) bool {
	var answered *persona.Error
	return errors.As(cause, &answered) && answered.Status >= 500 && w.now().Sub(row.KeyMadeAt) > gatewayErrorLimit
}
