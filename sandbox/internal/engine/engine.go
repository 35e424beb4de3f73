package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Options are the settings of an engine. All must be set, unless they say otherwise.
type Options struct {
	Clock      *simclock.Clock
	RateLimit  int            // calls per minute and environment
	Quotas     map[string]int // creations per minute and environment, by product; may be nil
	URL        string         // the public address; "" for the one that a caller uses
	FaultSeed  uint64         // decides what faults with a rate hit
	Faults     []faults.Fault // planned from the start and after a reset; may be nil
	Deliveries deliveries.Options
}

// Engine answers requests to the API and for files, and sends webhooks. Close it when
// done.
type Engine struct {
	options    Options
	behaviour  Behaviour
	clock      *simclock.Clock
	operations []persona.Operation
	params     map[string]paramsType // by operationId
	shapes     map[string]shape      // by type
	dispatcher *deliveries.Dispatcher
	changes    atomic.Int64 // counts everything that makes a snapshot differ

	mu           sync.Mutex // guards what is below
	orgID        string
	signingKey   []byte // signs session tokens and links to files
	environments map[catalog.Environment]*Environment
	answers      compressor
	encoder      jsonEncoder
	plan         faults.Plan
	address      string // the base of links to files: the public address, or the one that was called last
}

// New returns an engine whose environments hold what the behaviour puts into them.
func New(options Options, b Behaviour) (*Engine, error) {
	e := &Engine{
		options:    options,
		behaviour:  b,
		clock:      options.Clock,
		operations: operations(),
		params:     paramsTypes(),
		shapes:     parseShapes(),
		orgID:      storage.NewID("org"),
		signingKey: []byte(storage.NewID("key")),
		address:    options.URL,
	}
	e.dispatcher = deliveries.NewDispatcher(options.Deliveries, e.clock, (*deliverySource)(e))
	if err := e.populate(); err != nil {
		return nil, err
	}
	e.dispatcher.Start()
	return e, nil
}

// populate replaces both environments and the faults with those of a new sandbox. If it
// succeeds once, it always does.
func (e *Engine) populate() error {
	e.plan = faults.Plan{Seed: e.options.FaultSeed}
	for _, f := range e.options.Faults {
		complete, err := f.Complete()
		if err != nil {
			return err
		}
		e.plan.Add(complete)
	}
	e.environments = map[catalog.Environment]*Environment{}
	for _, name := range catalog.Environments() {
		env := newEnvironment(string(name), e.behaviour.UniqueName)
		e.environments[name] = env
		if err := e.behaviour.Populate(e, env); err != nil {
			return err
		}
	}
	e.useOutboxes()
	return nil
}

// useOutboxes makes the dispatcher use the outboxes of the environments.
func (e *Engine) useOutboxes() {
	outboxes := map[string]*deliveries.Outbox{}
	for name, env := range e.environments {
		outboxes[string(name)] = env.outbox
	}
	e.dispatcher.Use(outboxes)
}

// Close stops sending webhooks, and waits for the attempts under way.
func (e *Engine) Close() { e.dispatcher.Close() }

// Now returns the sandbox's time.
func (e *Engine) Now() time.Time { return e.clock.Now() }

// Advance moves the sandbox's clock forward. Everything that is due by then happens, in
// order; webhooks that are due are sent.
func (e *Engine) Advance(d time.Duration) {
	e.clock.Advance(d)
	e.WithLock(e.changed)
}

// WithLock does what is due, and then calls do while it holds the engine's lock. After
// that, webhooks that are due are sent. Inside of do, methods that take the lock would
// never return.
func (e *Engine) WithLock(do func()) {
	defer e.dispatcher.Wake()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expireDue()
	do()
}

// Reset makes the sandbox like a new one, except for its clock.
func (e *Engine) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.changed()
	_ = e.populate() // it succeeded in New
}

func (e *Engine) changed() { e.changes.Add(1) }

// Environment returns an environment, or nil if there is none of this name. The caller
// holds the lock.
func (e *Engine) Environment(name catalog.Environment) *Environment { return e.environments[name] }

// Environments yields both environments. The caller holds the lock.
func (e *Engine) Environments() iter.Seq[*Environment] {
	return func(yield func(*Environment) bool) {
		for _, name := range catalog.Environments() {
			if !yield(e.environments[name]) {
				return
			}
		}
	}
}

// OrganizationID returns the id of the sandbox's organization. The caller holds the lock.
func (e *Engine) OrganizationID() string { return e.orgID }

// Sign returns the MAC of a text under a key that only this sandbox has. The caller holds
// the lock.
func (e *Engine) Sign(text []byte) []byte {
	mac := hmac.New(sha256.New, e.signingKey)
	mac.Write(text)
	return mac.Sum(nil)
}

// base returns the base of links: the public address, or the one that the caller used.
func (e *Engine) base(r *http.Request) string {
	if e.options.URL != "" {
		return e.options.URL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// Perform carries out an operation for the sandbox itself, without the checks of a
// request's key and limits. The body has keys in kebab-case. The caller holds the lock
// and commits the change.
func (e *Engine) Perform(c *Change, operation string, key *storage.Resource, body map[string]any, ids ...string) (*Answer, error) {
	op := e.operationNamed(operation)
	if op == nil {
		return nil, fmt.Errorf("there is no operation %s", operation)
	}
	call := &Call{Change: c, Engine: e, Op: op, IDs: ids, Key: key, Body: body, render: renderOptions{version: catalog.DefaultVersion, inflection: "kebab"}}
	if err := e.validate(op, body); err != nil {
		return nil, err
	}
	return e.behaviour.Operations[op.ID](call)
}

func (e *Engine) operationNamed(name string) *persona.Operation {
	for i := range e.operations {
		if e.operations[i].Name() == name {
			return &e.operations[i]
		}
	}
	return nil
}
