package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox/internal/acts"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/pages"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/seed"
)

// Sandbox is a local Persona. It is an [http.Handler]; close it when done.
type Sandbox struct {
	engine *engine.Engine
	pages  func() *pages.Router // made when the first page is asked for
}

// Environment is one of Persona's two environments.
type Environment = catalog.Environment

// The environments.
const (
	EnvironmentSandbox    = catalog.EnvironmentSandbox
	EnvironmentProduction = catalog.EnvironmentProduction
)

// CallRecord is one call of the API, replays of idempotent answers among them.
type CallRecord = engine.CallRecord

// Delivery is one event on its way to one webhook.
type Delivery = engine.Delivery

// Attempt is one request of a delivery.
type Attempt = engine.Attempt

// Act is something that no operation of the API does: a person does it, at Persona's
// dashboard or in front of a camera, or Persona does it by itself. See [Sandbox.Act].
type Act = acts.Act

// ActKind is what an [Act] does, such as archive_account: docs/sandbox.md lists them.
type ActKind = acts.ActKind

// New returns a sandbox that holds the fixtures of this package.
func New(options Options) (*Sandbox, error) {
	e, err := engine.New(options.engine(), newBehaviour(options.Seed))
	if err != nil {
		return nil, err
	}
	return &Sandbox{engine: e, pages: sync.OnceValue(func() *pages.Router { return pages.New(e) })}, nil
}

// ServeHTTP implements [http.Handler].
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.engine.Serves(r) {
		s.engine.ServeHTTP(w, r)
		return
	}
	s.pages().ServeHTTP(w, r)
}

// Close stops the deliveries of webhooks, and waits for those on their way.
func (s *Sandbox) Close() { s.engine.Close() }

// Now returns the time by the sandbox's clock.
func (s *Sandbox) Now() time.Time { return s.engine.Now() }

// Advance moves the sandbox's clock forward. What falls due by then expires, in
// order, and deliveries that wait for their next attempt are sent.
func (s *Sandbox) Advance(d time.Duration) { s.engine.Advance(d) }

// Act does what no operation of the API does, with all that follows from it. It
// returns the id of the resource that the act made, or else changed. Like an operation
// it happens wholly, with its events, or not at all.
func (s *Sandbox) Act(environment Environment, a Act) (id string, err error) {
	done, err := acts.Perform(s.engine, environment, a)
	if err != nil {
		return "", fmt.Errorf("sandbox: act %s on %s: %w", a.Do, a.ID, err)
	}
	return done.ID, nil
}

// Calls returns every call of an environment's API, oldest first.
func (s *Sandbox) Calls(environment Environment) []CallRecord { return s.engine.Calls(environment) }

// Deliveries returns every delivery of an environment's webhooks, oldest first.
func (s *Sandbox) Deliveries(environment Environment) []Delivery {
	return s.engine.Deliveries(environment)
}

// Snapshot writes everything the sandbox holds: resources, events, deliveries, calls,
// idempotency keys and the time by its clock, for [Sandbox.Restore]. Faults are not
// part of it. The format is the sandbox's own, and may change with its version.
func (s *Sandbox) Snapshot(w io.Writer) error { return s.engine.Snapshot(w) }

// Restore makes the sandbox hold what it held at a [Sandbox.Snapshot], and its clock
// show the time of then. What cannot be read changes nothing.
func (s *Sandbox) Restore(r io.Reader) error { return s.engine.Restore(r) }

// Reset makes the sandbox as a new one, with its seed, but for its clock.
func (s *Sandbox) Reset() { s.engine.Reset() }

// Load makes the sandbox hold what a file does that [Sandbox.Keep] wrote. A file that
// is not there changes nothing. The clock goes on from the wall's time, or from where
// it was if that is later.
func (s *Sandbox) Load(file string) error { return s.engine.Load(file) }

// Keep writes what the sandbox holds into a file, whenever something changed, until
// the context ends; then once more. What changed in the last seconds before a crash
// is lost. The file holds API keys and secrets of webhooks: only its owner may read it.
func (s *Sandbox) Keep(ctx context.Context, file string) error { return s.engine.Keep(ctx, file) }

// ReadSeed reads a seed file: one document of YAML. The name is for errors, which say
// line and column. What can only be known in a sandbox, such as whether an account's
// type exists, [New] checks.
func ReadSeed(name string, from io.Reader) (*Seed, error) { return seed.ReadSeed(name, from) }

// Coverage returns the operations the sandbox serves, and those it does not yet.
func Coverage() (served, missing []persona.Operation) { return resources.Coverage() }

// EventCoverage returns the events the sandbox emits, and those it does not.
func EventCoverage() (emitted, missing []webhook.Name) { return catalog.EventCoverage() }
