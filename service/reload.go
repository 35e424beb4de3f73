package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/persona"
)

// setting is a group of settings that take effect without a restart.
type setting struct {
	names []string // in the file, without the environment

	// prepare checks the new settings and returns how to apply them. It changes nothing,
	// and apply cannot fail.
	prepare func(context.Context, Config) (apply func(), err error)
}

// reloadable returns the settings that take effect without a restart. All others need one.
func (s *Service) reloadable() []setting {
	return []setting{
		{[]string{"api_key", "api_key_file"}, s.prepareKeys},
		{[]string{"webhook_secrets", "webhook_secrets_file"}, s.prepareSecrets},
		{[]string{"policy"}, s.preparePolicies},
		{[]string{"notifications"}, s.prepareEndpoints},
		{[]string{"flows"}, s.prepareFlows},
	}
}

// Reload loads the configuration again and applies the API keys, webhook secrets, policies,
// notification endpoints and flows. It applies all of them or, if one of them cannot be used,
// none; the error says why. Other settings need a restart: a warning in the log names
// those that have changed. load is usually a call of [LoadConfig].
func (s *Service) Reload(ctx context.Context, load func() (Config, error)) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	cfg, err := load()
	steps, err := s.prepare(ctx, cfg, err)
	return s.conclude(ctx, cfg, steps, err)
}

// prepare checks all reloadable settings of a configuration, and returns the steps that
// apply them. loaded is the error of loading it.
func (s *Service) prepare(ctx context.Context, cfg Config, loaded error) (steps []func(), err error) {
	if loaded != nil {
		return nil, loaded
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	for _, group := range s.reloadable() {
		step, err := group.prepare(ctx, cfg)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// conclude applies the steps of a configuration, or reports why it cannot be used.
func (s *Service) conclude(ctx context.Context, cfg Config, steps []func(), err error) error {
	if err != nil {
		s.reloaded.Store(&reloadState{failed: s.db.Now(), restart: s.reloaded.Load().restart})
		s.metrics.ReloadOK.Set(0)
		s.logger.ErrorContext(ctx, "reload failed: the configuration cannot be used, and nothing was changed", "error", err)
		s.recordReload(ctx, inUseOf(cfg), true, nil)
		return err
	}
	for _, step := range steps {
		step()
	}
	restart := s.needRestart(cfg)
	s.reloaded.Store(&reloadState{restart: restart})
	s.metrics.ReloadOK.Set(1)
	s.metrics.ReloadedAt.SetToCurrentTime()
	s.logger.InfoContext(ctx, "configuration reloaded", "environments", len(cfg.Environments))
	next := inUseOf(cfg)
	s.recordReload(ctx, next, false, restart)
	s.inUse = next
	if len(restart) > 0 {
		s.logger.WarnContext(ctx, "some changed settings take effect only after a restart", "settings", restart)
	}
	return nil
}

// running returns the environments of a configuration that this service was started with.
func (s *Service) running(cfg Config) map[Environment]EnvironmentConfig {
	known := maps.Clone(cfg.Environments)
	maps.DeleteFunc(known, func(name Environment, _ EnvironmentConfig) bool {
		_, started := s.cfg.Environments[name]
		return !started
	})
	return known
}

// keyTestTimeout is how long the test of a new API key may take.
const keyTestTimeout = 10 * time.Second

// prepareKeys tests changed API keys at Persona. A key that Persona rejects is not used. If
// Persona cannot be reached, the key is used: the old one may be about to expire.
func (s *Service) prepareKeys(ctx context.Context, cfg Config) (func(), error) {
	for name, e := range s.running(cfg) {
		if e.APIKey == s.keys[name].get() {
			continue
		}
		client, err := newClient(cfg, name, persona.NewRateLimiter(), s.logger)
		if err != nil {
			return nil, fmt.Errorf("environments.%s.api_key: %w", name, err)
		}
		ctx, cancel := context.WithTimeout(ctx, keyTestTimeout)
		defer cancel()
		if _, err := client.RateLimits.List(ctx); errors.Is(err, persona.ErrUnauthorized) {
			return nil, fmt.Errorf("environments.%s.api_key: Persona rejects the new key: %w", name, err)
		} else if err != nil {
			s.logger.WarnContext(ctx, "the new API key could not be tested", "environment", name, "error", err)
		}
	}
	return func() {
		for name, e := range s.running(cfg) {
			s.keys[name].set(e.APIKey)
		}
	}, nil
}

func (s *Service) prepareSecrets(_ context.Context, cfg Config) (func(), error) {
	return func() {
		for name, e := range s.running(cfg) {
			s.SetWebhookSecrets(name, e.WebhookSecrets)
		}
	}, nil
}

// preparePolicies loads the policies. Verdicts depend on them, so they are re-evaluated.
func (s *Service) preparePolicies(_ context.Context, cfg Config) (func(), error) {
	policies := map[Environment]*policy.Policy{}
	for name, e := range s.running(cfg) {
		p, err := loadPolicy(name, e.Policy)
		if err != nil {
			return nil, fmt.Errorf("invalid policy for the %s environment: %w", name, err)
		}
		policies[name] = p
	}
	return func() {
		s.advancer.SetPolicies(policies)
		for name, p := range policies {
			s.logger.Info("policy loaded", "environment", name, "version", p.Version())
			s.verifier.SetVerdicts(name, p.VerdictRules())
		}
		select {
		case s.reevaluateNow <- struct{}{}:
		default: // it is about to begin
		}
	}, nil
}

func (s *Service) prepareEndpoints(_ context.Context, cfg Config) (func(), error) {
	return func() { s.deliverer.SetEndpoints(cfg.endpoints()) }, nil
}

func (s *Service) prepareFlows(_ context.Context, cfg Config) (func(), error) {
	return func() {
		for name, e := range s.running(cfg) {
			s.verifier.SetFlows(name, e.flows())
		}
	}, nil
}

// reloadState is the result of the last reload.
type reloadState struct {
	failed  time.Time // zero if it succeeded
	restart []string  // settings that need a restart to take effect
}

// String describes what a person should look at. It is empty if there is nothing.
func (r *reloadState) String() string {
	var parts []string
	if !r.failed.IsZero() {
		parts = append(parts, fmt.Sprintf("the configuration on disk cannot be used, see the log at %s", r.failed.UTC().Format(time.RFC3339)))
	}
	if len(r.restart) > 0 {
		parts = append(parts, "these changes need a restart: "+strings.Join(r.restart, ", "))
	}
	return strings.Join(parts, "; ")
}

// needRestart returns the settings that differ from those that the service was started
// with and that cannot be reloaded.
func (s *Service) needRestart(cfg Config) []string {
	var reloaded []string
	for _, group := range s.reloadable() {
		reloaded = append(reloaded, group.names...)
	}
	changed := differences(s.cfg, cfg, []string{"environments"})
	for _, name := range []Environment{Sandbox, Production} {
		was, started := s.cfg.Environments[name]
		is, configured := cfg.Environments[name]
		switch {
		case started != configured:
			changed = append(changed, "environments."+string(name))
		case started:
			for _, setting := range differences(was, is, reloaded) {
				changed = append(changed, fmt.Sprintf("environments.%s.%s", name, setting))
			}
		}
	}
	return changed
}

// differences returns the names of the settings that differ between two structs of the
// configuration, except some.
func differences(a, b any, except []string) (names []string) {
	was, is := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range was.NumField() {
		name := was.Type().Field(i).Tag.Get("yaml")
		if name == "" || name == "-" || slices.Contains(except, name) {
			continue
		}
		if !reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			names = append(names, name)
		}
	}
	return names
}
