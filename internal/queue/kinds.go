package queue

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Workers do the jobs. A job that fails is retried. A job that returns [store.NotDue] is
// snoozed.
type Workers struct {
	Advance func(ctx context.Context, env domain.Environment, objects []domain.Ref) error
	Read    func(ctx context.Context, env domain.Environment, object domain.Ref, failures int) error // failures of this job
	Perform func(ctx context.Context, env domain.Environment, action string) error

	// Poll is how often to look for jobs. Only simulations set it; the default depends on
	// the database.
	Poll time.Duration
}

// Each kind of job has its own workers, so that hanging calls delay neither folding nor
// each other.
const (
	advanceQueue   = river.QueueDefault
	advanceWorkers = 4 // they use the processor and the database
	readQueue      = "read"
	performQueue   = "perform"
	callWorkers    = 32 // they mostly wait for Persona
)

func queues() map[string]river.QueueConfig {
	return map[string]river.QueueConfig{
		advanceQueue: {MaxWorkers: advanceWorkers}, readQueue: {MaxWorkers: callWorkers}, performQueue: {MaxWorkers: callWorkers},
	}
}

// queueOf returns the queue of a kind of job.
func queueOf(kind store.JobKind) string {
	switch kind {
	case store.JobRead:
		return readQueue
	case store.JobPerform:
		return performQueue
	default:
		return advanceQueue
	}
}

// register registers the workers with River.
func (work Workers) register() *river.Workers {
	all := river.NewWorkers()
	river.AddWorker(all, river.WorkFunc(func(ctx context.Context, job *river.Job[advanceArgs]) error {
		return snoozeIfNotDue(work.Advance(ctx, job.Args.Environment, job.Args.refs()))
	}))
	river.AddWorker(all, river.WorkFunc(func(ctx context.Context, job *river.Job[readArgs]) error {
		return snoozeIfNotDue(work.Read(ctx, job.Args.Environment, job.Args.Objects[0], len(job.Errors)))
	}))
	river.AddWorker(all, river.WorkFunc(func(ctx context.Context, job *river.Job[performArgs]) error {
		return snoozeIfNotDue(work.Perform(ctx, job.Args.Environment, job.Args.Action))
	}))
	return all
}

func snoozeIfNotDue(err error) error {
	var early store.NotDue
	if errors.As(err, &early) {
		return river.JobSnooze(min(early.Wait, longestDelay))
	}
	return err
}

// objectsPerJob is how many objects one job advances in one transaction.
const objectsPerJob = 256

// batchJobs combines jobs that advance objects into fewer River jobs. If one fails, it is
// retried for all its objects, and those that were finished have no waiting events.
func batchJobs(jobs []store.Job) []jobArgs {
	var all []jobArgs
	gathering := map[domain.Environment]*advanceArgs{}
	for _, job := range jobs {
		switch job.Kind {
		case store.JobPerform:
			all = append(all, &performArgs{job.Environment, job.Action, job.At})
		case store.JobRead:
			all = append(all, &readArgs{job.Environment, refs{job.Object}, job.At})
		default:
			args := gathering[job.Environment]
			if args == nil || len(args.Objects) == objectsPerJob {
				args = &advanceArgs{Environment: job.Environment}
				all = append(all, args)
				gathering[job.Environment] = args
			}
			if !slices.Contains(args.Objects, job.Object) {
				args.Objects = append(args.Objects, job.Object)
			}
		}
	}
	return all
}

// advanceArgs are the arguments of a job that advances objects.
type advanceArgs struct {
	Environment domain.Environment `json:"environment"`
	Objects     refs               `json:"objects"`
	Object      domain.Ref         `json:"object,omitzero"` // of jobs from a version with one object per job
}

func (a advanceArgs) refs() []domain.Ref {
	if a.Object.IsZero() {
		return a.Objects
	}
	return append(slices.Clone(a.Objects), a.Object)
}

func (advanceArgs) Kind() string  { return string(store.JobAdvance) }
func (advanceArgs) at() time.Time { return time.Time{} }

// readArgs are the arguments of a job that advances one object with reads.
type readArgs struct {
	Environment domain.Environment `json:"environment"`
	Objects     refs               `json:"objects"`

	scheduled time.Time
}

func (readArgs) Kind() string    { return string(store.JobRead) }
func (a readArgs) at() time.Time { return a.scheduled }

// refs are encoded as one string. PostgreSQL indexes every value of a job's arguments, and
// indexing a list would take longer than storing the events.
type refs []domain.Ref

// MarshalText implements [encoding.TextMarshaler].
func (r refs) MarshalText() ([]byte, error) {
	var b []byte
	for i, ref := range r {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, url.QueryEscape(ref.Type)...), ' '), url.QueryEscape(ref.ID)...)
	}
	return b, nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *refs) UnmarshalText(text []byte) error {
	for one := range strings.SplitSeq(string(text), ",") {
		typ, id, ok := strings.Cut(one, " ")
		typ, err1 := url.QueryUnescape(typ)
		id, err2 := url.QueryUnescape(id)
		if !ok || err1 != nil || err2 != nil {
			return errors.New("a job's objects cannot be read")
		}
		*r = append(*r, domain.Ref{Type: typ, ID: id})
	}
	return nil
}

// performArgs are the arguments of a job that performs an action.
type performArgs struct {
	Environment domain.Environment `json:"environment"`
	Action      string             `json:"action"`

	scheduled time.Time
}

func (performArgs) Kind() string    { return string(store.JobPerform) }
func (a performArgs) at() time.Time { return a.scheduled }

// jobArgs are the arguments of a River job that contains one or more of the service's jobs.
type jobArgs interface {
	river.JobArgs
	at() time.Time
}
