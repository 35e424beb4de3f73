package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/telemetry"
)

// Rows stores endpoints and deliveries: see [store.Store].
type Rows interface {
	store.Deliveries
	Claim(ctx context.Context, env domain.Environment, target domain.Ref) (store.Claim, bool, error)
	Renew(ctx context.Context, c store.Claim) (held bool, err error)
	Release(ctx context.Context, c store.Claim) (again bool, err error)
}

// Config is the configuration of a deliverer.
type Config struct {
	Environments []domain.Environment
	Endpoints    []domain.Endpoint // from the configuration file
	Network      Network
}

// Deliverer delivers the notifications of all environments. Make it with [New].
type Deliverer struct {
	environments []domain.Environment
	rows         Rows
	watch        *Watch
	sender       *sender
	metrics      *telemetry.Metrics
	logger       *slog.Logger
	now          func() time.Time
	turns        chan struct{} // limits how many lanes use the database at a time

	lanes   map[key]*lane
	running sync.WaitGroup

	mu         sync.Mutex
	configured []domain.Endpoint
	functions  []Function
}

// key names an endpoint.
type key struct {
	environment domain.Environment
	name        string
}

const (
	concurrency = 32 // concurrent attempts at an endpoint
	databaseUse = 4  // lanes that use the database at a time; events come first

	refreshEvery = time.Second // another node may have changed the settings
	pruneEvery   = time.Hour
	keepFor      = 30 * 24 * time.Hour // finished deliveries
)

// New returns a deliverer. The watch tells it about new notifications.
func New(rows Rows, watch *Watch, config Config, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Deliverer {
	return &Deliverer{
		environments: config.Environments, configured: config.Endpoints, rows: rows, watch: watch, sender: newSender(config.Network, attemptTime, now), metrics: metrics, logger: logger, now: now,
		turns: make(chan struct{}, databaseUse), lanes: map[key]*lane{},
	}
}

// Run delivers until the context ends. It then waits for running attempts, for at most
// three seconds.
func (d *Deliverer) Run(ctx context.Context) {
	defer d.sender.client.CloseIdleConnections()
	defer d.running.Wait()
	d.running.Go(func() { d.watch.Run(ctx) })
	refresh, prune := time.NewTicker(refreshEvery), time.NewTicker(pruneEvery)
	defer refresh.Stop()
	defer prune.Stop()
	failed := false
	for {
		switch err := d.refresh(ctx); {
		case ctx.Err() != nil:
		case err != nil && !failed:
			d.logger.ErrorContext(ctx, "reading the endpoints failed; retrying", "error", err)
			failed = true
		case err == nil:
			failed = false
		}
		select {
		case <-ctx.Done():
			return
		case <-refresh.C:
		case <-prune.C:
			d.prune(ctx)
		}
	}
}

// refresh starts a lane for each enabled endpoint, updates the settings of running lanes,
// and stops the lanes of other endpoints.
func (d *Deliverer) refresh(ctx context.Context) error {
	wanted := map[key]domain.Endpoint{}
	for _, env := range d.environments {
		endpoints, err := d.rows.Endpoints(ctx, env)
		if err != nil {
			return err
		}
		changed, err := d.storeConfigured(ctx, env, endpoints)
		if err == nil && changed {
			endpoints, err = d.rows.Endpoints(ctx, env)
		}
		if err != nil {
			return err
		}
		for _, e := range endpoints {
			if e, ok := d.settings(e); ok && e.Disabled == "" {
				wanted[key{env, e.Name}] = e
			}
		}
	}
	for k, l := range d.lanes {
		if _, ok := wanted[k]; !ok {
			l.stop()
			delete(d.lanes, k)
			d.metrics.Paused.DeleteLabelValues(string(k.environment), k.name)
		}
	}
	for k, e := range wanted {
		if l, running := d.lanes[k]; running {
			l.set(e)
			continue
		}
		own, stop := context.WithCancel(ctx)
		l := &lane{Deliverer: d, key: k, settings: e, stop: stop}
		d.lanes[k] = l
		d.running.Go(func() { l.run(own) })
	}
	return nil
}

// settings returns an endpoint with the secrets of the configuration. ok is false if the
// endpoint is only in the configuration of another node.
func (d *Deliverer) settings(e domain.Endpoint) (domain.Endpoint, bool) {
	if !e.Configured {
		return e, true
	}
	for _, c := range d.endpoints() {
		if c.Environment == e.Environment && c.Name == e.Name {
			e.Secrets = c.Secrets
			return e, true
		}
	}
	return e, false
}

// SetEndpoints replaces the endpoints of the configuration.
func (d *Deliverer) SetEndpoints(endpoints []domain.Endpoint) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.configured = endpoints
}

// endpoints returns the endpoints of the configuration and those of functions.
func (d *Deliverer) endpoints() []domain.Endpoint {
	functions := d.functionEndpoints()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Concat(d.configured, functions)
}

// storeConfigured creates and updates the rows of the configured endpoints, and reports
// whether one may have changed. A new endpoint receives the notifications from now on, a
// new function all of them.
func (d *Deliverer) storeConfigured(ctx context.Context, env domain.Environment, rows []domain.Endpoint) (changed bool, err error) {
	for _, c := range d.endpoints() {
		if c.Environment != env {
			continue
		}
		position := int64(-1)
		if _, ok := d.function(c.Name); ok {
			position = 0
		}
		i := slices.IndexFunc(rows, func(row domain.Endpoint) bool { return row.Name == c.Name })
		switch {
		case i < 0:
			changed, err = true, d.rows.CreateEndpoint(ctx, domain.Endpoint{
				Environment: env, Name: c.Name, URL: c.URL, Types: c.Types, Configured: true, Position: position, CreatedAt: d.now(),
			}, nil)
		case rows[i].URL != c.URL || !slices.Equal(rows[i].Types, c.Types) || !rows[i].Configured:
			row := Move(rows[i], c.URL)
			row.Types, row.Secrets, row.Configured = c.Types, nil, true
			changed, err = true, d.rows.UpdateEndpoint(ctx, row, nil)
		}
		if err != nil && !errors.Is(err, store.ErrExists) && !errors.Is(err, store.ErrChanged) { // another node was faster
			return changed, err
		}
	}
	return changed, nil
}

// Configured reports whether an endpoint is in this node's configuration.
func (d *Deliverer) Configured(env domain.Environment, name string) bool {
	return slices.ContainsFunc(d.endpoints(), func(c domain.Endpoint) bool { return c.Environment == env && c.Name == name })
}

// Test sends a test message to an endpoint now, and returns the result.
func (d *Deliverer) Test(ctx context.Context, e domain.Endpoint) (domain.Attempt, error) {
	e, ok := d.settings(e)
	if !ok {
		return domain.Attempt{Error: "the endpoint is not in this node's configuration"}, nil
	}
	if _, ok := d.function(e.Name); ok {
		return domain.Attempt{Error: "it is a function of the program and receives no test messages"}, nil
	}
	n := notify.Test(e.Environment, e.Name, d.now())
	body, err := notify.Body(n)
	if err != nil {
		return domain.Attempt{}, err
	}
	return d.sender.send(ctx, e, n.ID, body).Attempt, nil
}

func (d *Deliverer) prune(ctx context.Context) {
	for _, env := range d.environments {
		for {
			n, err := d.rows.PruneDeliveries(ctx, env, d.now().Add(-keepFor))
			if err != nil {
				d.logger.ErrorContext(ctx, "pruning deliveries failed; retrying in an hour", "environment", env, "error", err)
			}
			if n == 0 {
				break
			}
		}
	}
}

// turn calls use when fewer than databaseUse lanes use the database.
func (d *Deliverer) turn(ctx context.Context, use func() error) error {
	select {
	case d.turns <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for the database: %w", ctx.Err())
	}
	defer func() { <-d.turns }()
	return use()
}
