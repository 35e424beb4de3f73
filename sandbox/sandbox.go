package sandbox

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/pages"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/seed"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// Sandbox is a local Persona. It is an [http.Handler] and safe for concurrent use. Close it
// when done.
type Sandbox struct {
	engine *engine.Engine
	router *http.ServeMux
}

// Environment is one of Persona's two environments, each with its own resources:
// [EnvironmentSandbox] or [EnvironmentProduction].
type Environment = catalog.Environment

// The environments.
const (
	EnvironmentSandbox    Environment = catalog.EnvironmentSandbox
	EnvironmentProduction Environment = catalog.EnvironmentProduction
)

// New returns a sandbox with the fixtures of this package and the seed of the options.
func New(options Options) (*Sandbox, error) {
	settings, err := options.engine()
	if err != nil {
		return nil, err
	}
	behaviour := resources.Behaviour()
	behaviour.Populate = func(e *engine.Engine, env *engine.Environment) error {
		fixtures.Add(env, simclock.Stamp(e.Now()))
		return seed.Apply(e, env, options.Seed)
	}
	e, err := engine.New(settings, behaviour)
	if err != nil {
		return nil, err
	}
	router := http.NewServeMux()
	e.Register(router)
	pages.Register(router, e, options.RemoteControl)
	return &Sandbox{e, router}, nil
}

// ServeHTTP implements [http.Handler].
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if engine.Unclean(r) {
		s.engine.ServeUnclean(w, r)
		return
	}
	s.router.ServeHTTP(w, r)
}

// Close stops sending webhooks, and waits for the attempts under way.
func (s *Sandbox) Close() { s.engine.Close() }

// Now returns the time of the sandbox's clock.
func (s *Sandbox) Now() time.Time { return s.engine.Now() }

// Advance moves the sandbox's clock forward. Everything that is due by then happens, in
// order; webhooks that are due are sent.
func (s *Sandbox) Advance(d time.Duration) { s.engine.Advance(d) }

// Snapshot writes everything in the sandbox for [Sandbox.Restore]: resources, events,
// deliveries, calls, idempotency keys and the time. Faults are not part of it. The format
// is the sandbox's own and may change with its version.
func (s *Sandbox) Snapshot(w io.Writer) error { return s.engine.Snapshot(w) }

// Restore replaces everything in the sandbox, and the time, with a [Sandbox.Snapshot]. If
// it cannot be read, nothing changes.
func (s *Sandbox) Restore(r io.Reader) error { return s.engine.Restore(r) }

// Reset makes the sandbox like a new one with the same options, except for its clock.
func (s *Sandbox) Reset() { s.engine.Reset() }

// Load restores the state that [Sandbox.Keep] wrote to a file. If there is no file, nothing
// changes. The clock keeps the present time, or takes the file's if that is later.
func (s *Sandbox) Load(file string) error { return s.engine.Load(file) }

// Keep saves the sandbox in a file while something changes, until the context ends; then it
// saves once more. A crash loses the changes of the last seconds. The file contains API
// keys and secrets of webhooks, so only its owner may read it.
func (s *Sandbox) Keep(ctx context.Context, file string) error { return s.engine.Keep(ctx, file) }

// Coverage returns the operations that the sandbox serves, and those that it does not.
func Coverage() (served, missing []persona.Operation) { return resources.Coverage() }

// EventCoverage returns the events that the sandbox emits, and those that it does not.
func EventCoverage() (emitted, missing []webhook.Name) { return catalog.EventCoverage() }
