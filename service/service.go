package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/intake"
	"github.com/idemhq/idem/internal/perform"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/queue"
	"github.com/idemhq/idem/internal/reconcile"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/persona"
)

// Service receives webhooks, decides and acts. Create it with [New], and call [Service.Run]
// once.
type Service struct {
	cfg        Config
	logger     *slog.Logger
	metrics    *telemetry.Metrics
	db         database
	queue      jobs
	limiters   []*persona.RateLimiter
	keys       map[Environment]*apiKey
	clients    map[Environment]*persona.Client
	intake     *intake.Intake
	advancer   *advance.Advancer
	reconciler *reconcile.Reconciler
	verifier   *verify.Verifier
	watch      *deliver.Watch
	deliverer  *deliver.Deliverer
	stopping   chan struct{} // closed when Run comes to its end
	ready      atomic.Bool
	newer      atomic.Bool // a newer version has migrated the database

	reloading     sync.Mutex                  // held while a configuration is loaded and applied
	inUse         inUse                       // what was loaded last; for the holder of reloading
	reloaded      atomic.Pointer[reloadState] // of the last reload
	reevaluateNow chan struct{}               // the policies have changed
}

// drainTime is how long running jobs may continue after the service is told to stop.
const drainTime = 10 * time.Second

// New opens the database, loads the policies and assembles the stages. Its errors say what
// to configure.
func New(ctx context.Context, cfg Config, logger *slog.Logger) (*Service, error) {
	if err := cfg.Check(); err != nil {
		return nil, fmt.Errorf("invalid configuration:\n%w", err)
	}
	s := &Service{cfg: cfg, logger: logger, metrics: telemetry.New(), stopping: make(chan struct{}), keys: map[Environment]*apiKey{}, clients: map[Environment]*persona.Client{}, reevaluateNow: make(chan struct{}, 1)}
	s.reloaded.Store(&reloadState{})
	s.inUse = inUseOf(cfg)
	advancing := map[Environment]advance.Deps{}
	performing := map[Environment]perform.Deps{}
	var advancer *advance.Advancer // is set before the first job runs
	sources := map[Environment]intake.Source{}
	reconciling := map[Environment]reconcile.Deps{}
	verifying := map[Environment]verify.Settings{}
	for name, e := range cfg.Environments {
		p, err := loadPolicy(name, e.Policy)
		if err != nil {
			return nil, fmt.Errorf("invalid policy for the %s environment: %w", name, err)
		}
		limiter := persona.NewRateLimiter()
		s.limiters = append(s.limiters, limiter)
		s.keys[name] = newAPIKey(e.APIKey)
		client, err := newClient(cfg, name, limiter, logger, persona.WithMiddleware(s.keys[name].use))
		if err != nil {
			return nil, fmt.Errorf("create the client of the %s environment: %w", name, err)
		}
		s.clients[name] = client
		reader := advance.Persona{Client: client, Environment: name}
		advancing[name] = advance.Deps{Reader: reader, Policy: p}
		performing[name] = perform.Deps{
			Client: client, Reader: reader, KeepResults: len(cfg.SecretsKey) > 0,
			Confirm: func(ctx context.Context, late domain.Action) (string, error) { return advancer.Confirm(ctx, late) },
		}
		reconciling[name] = reconcile.Deps{Lister: reconcile.Persona{Client: client, RateLimiter: limiter}, Since: e.Since}
		verifying[name] = verify.Settings{Client: client, Flows: e.flows(), Verdicts: p.VerdictRules(), AllowLoopback: cfg.AllowPrivateAddresses}
		sources[name] = intake.Source{Secrets: reveal(e.WebhookSecrets), Tolerance: e.Tolerance}
	}
	var performer *perform.Performer
	work := queue.Workers{ // performer is set before the first job runs
		Advance: func(ctx context.Context, env Environment, objects []domain.Ref) error {
			s.intake.MakeWay(ctx)
			return advancer.Advance(ctx, env, objects)
		},
		Read: func(ctx context.Context, env Environment, object domain.Ref, failures int) error {
			return advancer.Read(ctx, env, object, failures)
		},
		Perform: func(ctx context.Context, env Environment, id string) error { return performer.Perform(ctx, env, id) },
	}
	if cfg.Simulation != nil {
		work.Poll = cfg.Simulation.Poll
	}
	var err error
	if s.db, s.queue, err = openDatabase(ctx, cfg, quiet(logger), work); err != nil {
		return nil, err
	}
	secrets, _ := cfg.vault() // checked above
	if err := s.db.UseVault(ctx, secrets); err != nil {
		return nil, errors.Join(fmt.Errorf("secrets_key (IDEM_SECRETS_KEY): %w", err), s.db.Close())
	}
	if err := s.metrics.WatchBacklog(slices.Collect(maps.Keys(cfg.Environments)), s.db.Backlog, logger, s.db.Now); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	if err := s.metrics.WatchEndpoints(slices.Collect(maps.Keys(cfg.Environments)), s.db.Endpoints, logger); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	advancer = advance.New(s.db, advancing, s.metrics, logger, s.db.Now)
	s.advancer = advancer
	performer = perform.New(s.db, performing, s.metrics, logger, s.db.Now)
	s.reconciler = reconcile.New(s.db, reconciling, s.metrics, logger, s.db.Now)
	s.verifier = verify.New(s.db, verifying, logger, s.db.Now)
	s.verifier.Observe(func(o verify.Observation) {
		s.metrics.Verified.WithLabelValues(string(o.Environment), o.Flow, o.Result).Inc()
		s.metrics.Verifying.WithLabelValues(string(o.Environment), o.Flow).Observe(o.Took.Seconds())
	})
	s.watch = deliver.NewWatch(s.db.NotificationVersion)
	s.deliverer = deliver.New(s.db, s.watch, deliver.Config{
		Environments: slices.Sorted(maps.Keys(cfg.Environments)), Endpoints: cfg.endpoints(), Network: cfg.network(),
	}, s.metrics, logger, s.db.Now)
	proxies, _ := cfg.proxies() // checked above
	s.intake = intake.New(s.db, sources, proxies, s.metrics, logger, s.db.Now)
	return s, nil
}

func loadPolicy(environment Environment, path string) (*policy.Policy, error) {
	name, source := policy.Default()
	if path != "" {
		var err error
		if source, err = os.ReadFile(path); err != nil {
			return nil, err
		}
		name = path
	}
	return policy.Load(name, source, environment)
}

// newClient makes the client of an environment. It retries little: the queue does.
func newClient(cfg Config, environment Environment, limiter *persona.RateLimiter, logger *slog.Logger, more ...persona.Option) (*persona.Client, error) {
	e := cfg.Environments[environment]
	opts := []persona.Option{
		persona.WithAPIKey(e.APIKey.Reveal()), persona.WithEnvironment(persona.Environment(environment)),
		persona.WithMaxRetries(2), persona.WithMaxWait(5 * time.Second), persona.WithBackoff(100*time.Millisecond, time.Second),
		persona.WithLogger(logger.With("environment", environment)), persona.WithRateLimiter(limiter),
	}
	if e.BaseURL != "" {
		opts = append(opts, persona.WithBaseURL(e.BaseURL))
	}
	if cfg.Simulation != nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DialContext = cfg.Simulation.Dial
		opts = append(opts, persona.WithHTTPClient(&http.Client{Transport: transport}))
	}
	return persona.NewClient(append(opts, more...)...)
}

func reveal(secrets []Secret) []string {
	out := make([]string, len(secrets))
	for i, s := range secrets {
		out[i] = s.Reveal()
	}
	return out
}

// quiet passes only warnings and errors of River.
func quiet(logger *slog.Logger) *slog.Logger {
	return slog.New(levelHandler{logger.Handler(), slog.LevelWarn})
}

type levelHandler struct {
	slog.Handler
	level slog.Level
}

func (h levelHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// SetWebhookSecrets replaces the webhook secrets of an environment while the service runs.
// To rotate a secret, first set the old and the new one, and then the new one alone when
// the old one has expired at Persona.
func (s *Service) SetWebhookSecrets(environment Environment, secrets []Secret) {
	s.intake.SetSecrets(environment, reveal(secrets))
}

// CheckPolicies loads the configured policies and returns the first error.
func CheckPolicies(cfg Config) error {
	for name, e := range cfg.Environments {
		if _, err := loadPolicy(name, e.Policy); err != nil {
			return fmt.Errorf("invalid policy for the %s environment: %w", name, err)
		}
	}
	return nil
}

// Run processes events until ctx ends, gives running jobs ten seconds to finish, and closes
// the database.
func (s *Service) Run(ctx context.Context) error {
	release, err := s.claim()
	if err != nil {
		return errors.Join(err, s.db.Close())
	}
	defer release()
	defer s.db.Close()
	if err := s.db.Resume(ctx); err != nil {
		return fmt.Errorf("resume pending jobs: %w", err)
	}
	if err := s.db.SealResults(ctx); err != nil { // those that an earlier version or key left
		return err
	}
	if err := s.queue.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	working, stopWork := context.WithCancel(ctx)
	defer stopWork()
	var running sync.WaitGroup
	running.Go(func() { s.intake.Run(working) })
	running.Go(func() { s.maintain(working) })
	running.Go(func() { s.deliverer.Run(working) })
	running.Go(func() { s.reevaluate(working) })
	running.Go(func() { s.reconciler.RunPeriodically(working, cmp.Or(s.cfg.ReconcileInterval, 10*time.Minute)) })
	running.Go(func() { s.watchVersion(working, stopWork) })
	running.Go(func() { s.rotate(working) })
	s.ready.Store(true)
	s.logger.InfoContext(ctx, "service started", "environments", len(s.cfg.Environments))
	<-working.Done()
	s.ready.Store(false)
	close(s.stopping)
	running.Wait()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := s.queue.Stop(drain); err != nil {
		return fmt.Errorf("stop the queue: %w", err)
	}
	<-ctx.Done() // watchVersion may have stopped the work before ctx ended
	s.logger.Info("service stopped")
	return nil
}

// watchVersion stops the work when a newer version of Idem has migrated the database, since
// this version may misread the newer rows. The process keeps running and reports this at
// /readyz.
func (s *Service) watchVersion(ctx context.Context, stopWork context.CancelFunc) {
	every(ctx, 5*time.Second, nil, func() {
		if err := s.db.CheckVersion(ctx); errors.Is(err, store.ErrNewer) {
			s.newer.Store(true)
			s.logger.ErrorContext(ctx, "work stopped: a newer version of Idem migrated the database; restart this node with that version")
			stopWork()
		}
	})
}

// reevaluate recomputes the verdicts that were computed under another policy. It repeats
// this, because a node with another policy may still be running.
func (s *Service) reevaluate(ctx context.Context) {
	every(ctx, 10*time.Minute, s.reevaluateNow, func() {
		for name := range s.cfg.Environments {
			if err := s.advancer.Reevaluate(ctx, name); err != nil && ctx.Err() == nil {
				s.logger.ErrorContext(ctx, "re-evaluating verdicts failed; retrying in ten minutes", "environment", name, "error", err)
			}
		}
	})
}

// every calls f immediately, and then after each wait and whenever now receives, until ctx
// ends.
func every(ctx context.Context, wait time.Duration, now <-chan struct{}, f func()) {
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-now:
		case <-time.After(wait):
		}
	}
}

// Close closes the database. Use it if [Service.Run] is not called.
func (s *Service) Close() error { return s.db.Close() }
