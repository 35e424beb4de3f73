package perform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/action"
	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona"
)

// Outbox stores the actions.
type Outbox interface {
	Claim(ctx context.Context, env domain.Environment, target domain.Ref) (store.Claim, bool, error)
	Release(ctx context.Context, c store.Claim) (again bool, err error)
	Action(ctx context.Context, env domain.Environment, id string) (domain.Action, error)
	SaveAction(ctx context.Context, a domain.Action, n []domain.Notification, log []audit.Entry) (version int64, err error)
}

// Reader reads objects from Persona.
type Reader interface {
	Object(ctx context.Context, ref domain.Ref) (domain.Object, error)
}

// Deps are the dependencies for one environment.
type Deps struct {
	Client *persona.Client
	Reader Reader

	// Confirm checks again whether an action of a decision that was made long ago should be
	// performed. If not, why says so. Nil means that it should.
	Confirm func(ctx context.Context, late domain.Action) (why string, err error)

	// KeepResults says that the outbox encrypts the results of actions. Without encryption
	// they are not kept: a one-time link is a credential.
	KeepResults bool
}

// Performer performs actions.
type Performer struct {
	outbox       Outbox
	environments map[domain.Environment]Deps
	metrics      *telemetry.Metrics
	logger       *slog.Logger
	now          func() time.Time
}

// New returns a performer for the environments that have an entry.
func New(outbox Outbox, environments map[domain.Environment]Deps, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Performer {
	return &Performer{outbox: outbox, environments: environments, metrics: metrics, logger: logger, now: now}
}

const (
	factsHold        = 2 * time.Minute // how long a decision holds without another look; waiting for the rate limit takes a minute
	keyLife          = 23 * time.Hour  // Persona keeps keys for 24 h (Persona docs: Idempotence)
	maxAttempts      = 20
	firstKeyAttempts = 5 // attempts with the first key while only a gateway answers
	maxConflict      = 5 // attempts that end in a 409 which the state does not explain
	firstWait        = time.Second
	longestWait      = 10 * time.Minute
	releaseTimeout   = 5 * time.Second // limit for releasing a claim, since the database may not respond
	claimedDelay     = time.Second     // delay before retrying an action that another worker has claimed
)

// Perform makes the next attempt of an action, unless the action is finished. If it is not
// due yet, the error is a [store.NotDue]. Any other error means that the outcome could not
// be stored: the job is retried with the stored key.
func (p *Performer) Perform(ctx context.Context, env domain.Environment, id string) (err error) {
	settings, known := p.environments[env]
	if !known {
		return fmt.Errorf("perform %s: environment %s is not configured", id, env)
	}
	claim, ok, err := p.outbox.Claim(ctx, env, domain.Ref{Type: store.ActionClaim, ID: id})
	if err != nil {
		return fmt.Errorf("perform %s: %w", id, err)
	}
	if !ok {
		return store.NotDue{Wait: claimedDelay}
	}
	defer func() { // also if the attempt panics, which the queue recovers from
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		_, released := p.outbox.Release(last, claim)
		err = errors.Join(err, released)
	}()
	return p.attempt(ctx, env, settings, id)
}

// attempt makes the next attempt of a claimed action.
func (p *Performer) attempt(ctx context.Context, env domain.Environment, settings Deps, id string) error {
	a, err := p.outbox.Action(ctx, env, id)
	if err != nil {
		return err
	}
	if a.State != domain.ActionWaiting {
		return nil
	}
	if wait := a.NextAttemptAt.Sub(p.now()); wait > 0 && wait <= longestWait+store.ClockError { // a longer one was set by a clock that was ahead
		return store.NotDue{Wait: wait}
	}
	kind, _ := action.Find(a.Spec.Kind)
	if env == domain.Production && kind.SandboxOnly {
		return p.finish(ctx, a, domain.ActionDead, "inquiries are simulated in the sandbox only")
	}
	now, err := settings.Reader.Object(ctx, a.Spec.Target)
	if err != nil {
		return p.failed(ctx, settings, a, err, false)
	}
	switch precondition, why := action.Check(a.Spec, now); precondition {
	case action.Reached:
		return p.finish(ctx, a, domain.ActionAlreadyDone, "the "+now.Ref.Family()+" is already in the requested state")
	case action.Unmet:
		return p.finish(ctx, a, domain.ActionDropped, why)
	}
	if settings.Confirm != nil && p.isLate(a) {
		why, err := settings.Confirm(ctx, a)
		switch {
		case err != nil:
			return p.failed(ctx, settings, a, err, false)
		case why != "":
			return p.finish(ctx, a, domain.ActionDropped, why)
		}
	}
	if p.now().Sub(a.KeyMadeAt) > keyLife {
		if kind.Traceless && a.Attempts > 0 {
			return p.finish(ctx, a, domain.ActionDead, "it may have taken effect: the answer was lost, and Persona no longer knows the idempotency key; retry it to make the call again")
		}
		if a, err = p.renewKey(ctx, a); err != nil {
			return err
		}
	}
	a.Attempts++
	if kind.Traceless && a.Attempts == 1 {
		// Store the attempt before the call: after a crash nothing else shows that the call
		// was made.
		if a.Version, err = p.outbox.SaveAction(ctx, a, nil, nil); err != nil {
			return err
		}
	}
	var response *persona.Response
	result, err := action.Call(ctx, settings.Client, a.Spec, persona.WithIdempotencyKey(a.IdempotencyKey), persona.WithResponse(&response))
	if response != nil {
		a.RequestID = domain.Storable(response.RequestID, maxRequestID)
	}
	if err != nil {
		return p.failed(ctx, settings, a, err, true)
	}
	outcome := accepted
	switch {
	case settings.KeepResults:
		a.Result = result
	case len(result) > 0:
		outcome = accepted + withoutResult
	}
	return p.finish(ctx, a, domain.ActionDone, outcome)
}

// isLate reports whether the decision of an action was made long ago. A time in the future was
// set by a clock that was ahead, and says nothing.
func (p *Performer) isLate(a domain.Action) bool {
	age := p.now().Sub(a.CreatedAt)
	return age > factsHold || age < -store.ClockError
}

// Outcomes of actions that are done.
const (
	accepted      = "Persona accepted the call"
	withoutResult = "; its result is not stored, because secrets_key is not set: a new link comes with POST /v1/{environment}/verifications, or from Persona"
)

// renewKey stores a new key before it is used.
func (p *Performer) renewKey(ctx context.Context, a domain.Action) (domain.Action, error) {
	a.IdempotencyKey, a.KeyMadeAt, a.NextAttemptAt = a.FreshKey(p.now()), p.now(), time.Time{}
	version, err := p.outbox.SaveAction(ctx, a, nil, nil)
	a.Version = version
	return a, err
}

// failed decides what follows an error. called says whether the error is of the call itself
// rather than of reading the object.
func (p *Performer) failed(ctx context.Context, settings Deps, a domain.Action, cause error, called bool) error {
	if ctx.Err() != nil {
		return ctx.Err() // the service is stopping: the job is retried with the same key
	}
	var refusal *persona.Error
	if errors.As(cause, &refusal) {
		a.Said = errorText(refusal)
	}
	switch {
	case errors.Is(cause, persona.ErrRateLimited):
		if called {
			a.Attempts-- // waiting for the rate limit is not an attempt
		}
		wait := firstWait * 5
		if refusal != nil && refusal.RetryAfter() > 0 {
			wait = min(refusal.RetryAfter(), longestWait) // a mistake of Persona must not hold back a decision
		}
		return p.retryLater(ctx, a, wait, "rate limit reached")
	case called && errors.Is(cause, persona.ErrConflict):
		return p.resolveConflict(ctx, settings, a, cause)
	case errors.Is(cause, persona.ErrNotFound), errors.Is(cause, persona.ErrForbidden), errors.Is(cause, persona.ErrInvalid), errors.Is(cause, persona.ErrBadRequest):
		return p.finish(ctx, a, domain.ActionDead, cause.Error())
	}
	if !called {
		a.Attempts++
	}
	if a.Attempts >= maxAttempts {
		return p.finish(ctx, a, domain.ActionDead, fmt.Sprintf("given up after %d attempts: %v", a.Attempts, cause))
	}
	if called && keyIsSpent(cause, a.Spec.Kind, a.Attempts) {
		// The next attempt reads the state first, so a new key cannot cause a second
		// effect.
		a.IdempotencyKey, a.KeyMadeAt = a.FreshKey(p.now()), p.now()
	}
	return p.retryLater(ctx, a, backoff(a.Attempts), cause.Error())
}

// errorText returns the titles and details of Persona's error.
func errorText(refusal *persona.Error) string {
	return domain.Storable(strings.Join(refusal.Details(), "\n"), maxSaid)
}

// Maximum lengths of the stored parts of Persona's error, in bytes.
const (
	maxSaid      = 4 << 10
	maxOutcome   = 1 << 10
	maxRequestID = 100
)

// keyIsSpent reports whether an error makes a key useless: see [persona.RetryOf]. A gateway's
// answers (502, 503, 504) are not supposed to be stored under the key, so the same key is
// kept at first. In case Persona did store one, later attempts use a new key each, but only
// for kinds of action whose effect the next attempt would see.
func keyIsSpent(cause error, kind domain.ActionKind, attempts int) bool {
	switch persona.RetryOf(cause) {
	case persona.RetryNewKey:
		return true
	case persona.RetrySameKey:
		var answered *persona.Error
		k, _ := action.Find(kind)
		return errors.As(cause, &answered) && !k.Traceless && attempts >= firstKeyAttempts
	default:
		return false
	}
}

// backoff returns the wait after a number of attempts. Half of it is random.
func backoff(attempts int) time.Duration {
	wait := min(longestWait, firstWait<<min(attempts-1, 20))
	return wait/2 + rand.N(wait/2+1)
}

// resolveConflict handles a 409. Either the effect is already there, or the state forbids the
// action, or another change happened at the same time (Persona's "Stale object error"), in
// which case the action is retried.
func (p *Performer) resolveConflict(ctx context.Context, settings Deps, a domain.Action, cause error) error {
	now, err := settings.Reader.Object(ctx, a.Spec.Target)
	if err != nil {
		return p.failed(ctx, settings, a, err, false)
	}
	switch precondition, why := action.Check(a.Spec, now); precondition {
	case action.Reached:
		return p.finish(ctx, a, domain.ActionAlreadyDone, "Persona answered 409, and the state agrees")
	case action.Unmet:
		return p.finish(ctx, a, domain.ActionDropped, why)
	}
	if a.Attempts >= maxConflict {
		return p.finish(ctx, a, domain.ActionDead, cause.Error())
	}
	a.IdempotencyKey, a.KeyMadeAt = a.FreshKey(p.now()), p.now() // Persona stores the rejection under the old key
	return p.retryLater(ctx, a, backoff(a.Attempts), cause.Error())
}

// retryLater schedules the next attempt of an action.
func (p *Performer) retryLater(ctx context.Context, a domain.Action, wait time.Duration, why string) error {
	why = domain.Storable(why, maxOutcome)
	a.NextAttemptAt, a.Outcome = p.now().Add(wait), why
	p.logger.WarnContext(ctx, "action will be retried", "environment", a.Environment, "action", a.ID, "kind", a.Spec.Kind, "object", a.Spec.Target.ID,
		"attempts", a.Attempts, "wait", wait, "reason", why)
	p.metrics.Performed.WithLabelValues(string(a.Environment), string(a.Spec.Kind), string(a.State)).Inc()
	_, err := p.outbox.SaveAction(ctx, a, nil, nil)
	return err
}

// finish stores the final state of an action.
func (p *Performer) finish(ctx context.Context, a domain.Action, state domain.ActionState, outcome string) error {
	outcome = domain.Storable(outcome, maxOutcome)
	a.State, a.Outcome, a.FinishedAt, a.NextAttemptAt = state, outcome, p.now(), time.Time{}
	var notifications []domain.Notification
	if n, told := notify.Finished(a); told {
		notifications = append(notifications, n)
	}
	entry := audit.Entry{
		Environment: a.Environment, At: p.now(), Actor: "idem", What: "action." + string(state), About: a.Spec.Target,
		Detail: fmt.Sprintf("%s %s: %s", a.ID, a.Spec.Kind, outcome),
	}
	if _, err := p.outbox.SaveAction(ctx, a, notifications, []audit.Entry{entry}); err != nil {
		return err
	}
	level := slog.LevelInfo
	if state == domain.ActionDead {
		level = slog.LevelError
	}
	p.logger.Log(ctx, level, "action finished", "environment", a.Environment, "action", a.ID, "kind", a.Spec.Kind, "object", a.Spec.Target.ID,
		"state", state, "attempts", a.Attempts, "outcome", outcome, "request_id", a.RequestID)
	p.metrics.Performed.WithLabelValues(string(a.Environment), string(a.Spec.Kind), string(state)).Inc()
	notify.Print(ctx, p.logger, notifications)
	return nil
}
