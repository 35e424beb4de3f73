package advance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/telemetry"
)

// Deps are the dependencies for one environment.
type Deps struct {
	Reader Reader
	Policy *policy.Policy
}

// Advancer advances objects: it applies their waiting events.
type Advancer struct {
	store        store.Store
	environments atomic.Pointer[map[domain.Environment]Deps] // replaced as a whole
	metrics      *telemetry.Metrics
	logger       *slog.Logger
	now          func() time.Time
	reevaluated  map[domain.Environment]*replacement // of [Advancer.Reevaluate] only
}

// New returns an advancer for the environments that have an entry.
func New(s store.Store, environments map[domain.Environment]Deps, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Advancer {
	a := &Advancer{store: s, metrics: metrics, logger: logger, now: now, reevaluated: map[domain.Environment]*replacement{}}
	a.environments.Store(&environments)
	return a
}

// SetPolicies replaces the policies of environments. Work that has begun ends with the
// policy that it began with. It must not be called concurrently.
func (a *Advancer) SetPolicies(policies map[domain.Environment]*policy.Policy) {
	next := maps.Clone(*a.environments.Load())
	for env, p := range policies {
		if deps, known := next[env]; known {
			deps.Policy = p
			next[env] = deps
		}
	}
	a.environments.Store(&next)
}

// Policy returns the present policy of an environment that has an entry.
func (a *Advancer) Policy(env domain.Environment) *policy.Policy {
	deps, _ := a.deps(env)
	return deps.Policy
}

// deps returns the dependencies for an environment.
func (a *Advancer) deps(env domain.Environment) (Deps, bool) {
	deps, known := (*a.environments.Load())[env]
	return deps, known
}

const (
	// maxTries is how often objects are loaded again immediately because another worker
	// saved one of them first.
	maxTries = 5

	// batch is how many events of an object are folded at once. After a long outage, an
	// object can have thousands of waiting events of up to one mebibyte each.
	batch = 50

	// maxEvents is how many events are in memory at once, of all objects of a job.
	maxEvents = 3200
)

// Advance folds the waiting events of objects. Objects that need reads get jobs of their
// own. It returns nil if no events are waiting.
func (a *Advancer) Advance(ctx context.Context, env domain.Environment, refs []domain.Ref) error {
	settings, known := a.deps(env)
	if !known {
		return fmt.Errorf("advance objects: environment %s is not configured", env)
	}
	left := slices.Clone(refs)
	for tries := 1; len(left) > 0; tries++ {
		claimed, err := a.store.Claimed(ctx, env, left)
		if err != nil {
			return fmt.Errorf("advance objects: %w", err)
		}
		left = slices.DeleteFunc(left, func(ref domain.Ref) bool { return slices.Contains(claimed, ref) })
		limit := max(1, min(batch, maxEvents/max(1, len(left))))
		unfinished, changed, err := a.advance(ctx, env, settings, left, limit)
		if err != nil {
			return err
		}
		if !changed {
			tries = 0
		}
		if left = unfinished; tries == maxTries {
			return fmt.Errorf("advance objects: %w", store.ErrChanged)
		}
	}
	return nil
}

// advance folds at most limit events of each object and saves all objects in one
// transaction. It returns the objects that are not finished, because more events may be
// waiting or because another worker saved one first. The latter sets changed.
func (a *Advancer) advance(ctx context.Context, env domain.Environment, settings Deps, refs []domain.Ref, limit int) (unfinished []domain.Ref, changed bool, err error) {
	inbox, err := a.store.Inbox(ctx, env, refs, limit)
	if err != nil {
		return nil, false, fmt.Errorf("advance objects: %w", err)
	}
	var all []*work
	for i, in := range inbox {
		if len(in.Events) == 0 {
			continue
		}
		w := a.begin(env, settings, refs[i], in)
		w.parse()
		switch {
		case w.hasThinPayload():
			w.save = store.Advance{Jobs: []store.Job{{Kind: store.JobRead, Environment: env, Object: w.ref}}}
		default:
			w.fold()
			if w.needsReads() {
				w.save = store.Advance{Jobs: []store.Job{{Kind: store.JobRead, Environment: env, Object: w.ref}}}
				break
			}
			w.skipHistory()
			w.auditTransitions()
			if len(in.Events) == limit {
				unfinished = append(unfinished, w.ref)
			}
		}
		all = append(all, w)
	}
	lost, err := a.commit(ctx, env, settings, all)
	if errors.Is(err, store.ErrRejected) {
		return nil, false, a.oneByOne(ctx, env, settings, all, limit, err)
	}
	for _, w := range lost {
		if !slices.Contains(unfinished, w.ref) {
			unfinished = append(unfinished, w.ref)
		}
	}
	return unfinished, len(lost) > 0, err
}

// oneByOne processes events individually to find the one with a value that the database
// rejects. Only that event fails, and it is marked as poison after a few tries.
func (a *Advancer) oneByOne(ctx context.Context, env domain.Environment, settings Deps, all []*work, limit int, cause error) error {
	if len(all) == 1 && limit == 1 {
		return a.rejected(ctx, all[0], cause)
	}
	var failed []error
	for _, w := range all {
		// The events of one object are processed in order, so that later ones see the
		// result of earlier ones.
		unfinished, _, err := a.advance(ctx, env, settings, []domain.Ref{w.ref}, 1)
		for err == nil && len(unfinished) > 0 {
			unfinished, _, err = a.advance(ctx, env, settings, unfinished, 1)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// maxRejections is how often the database may reject an event before it is marked as
// poison.
const maxRejections = 3

// rejected records that the database rejects a value of an event. The error makes the queue
// retry the job.
func (a *Advancer) rejected(ctx context.Context, w *work, cause error) error {
	event := w.in.Events[0]
	reason := "the database rejects a value in the payload"
	entry := audit.Entry{Environment: w.env, At: a.now(), Actor: "idem", What: "event.poison", About: w.ref, Detail: event.ID + " is set aside: " + reason}
	poison, err := a.store.Tried(ctx, w.env, w.ref, []string{event.ID}, reason, maxRejections, []domain.Notification{notify.Poison(event, reason, a.now())}, entry)
	if err != nil {
		return fmt.Errorf("advance %s: %w", w.ref, errors.Join(cause, err))
	}
	log := a.logger.With("environment", w.env, "object", w.ref.ID, "type", w.ref.Type, "event", event.ID, "tries", event.Tries+1, "reason", reason)
	if poison {
		log.ErrorContext(ctx, "event marked as poison")
		a.metrics.Advanced.WithLabelValues(string(w.env), string(domain.EventPoison)).Inc()
	} else {
		log.WarnContext(ctx, "saving an event failed; it will be retried")
	}
	return fmt.Errorf("advance %s: %w", w.ref, store.ErrRejected)
}
