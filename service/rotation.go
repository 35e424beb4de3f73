package service

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/rotate"
	"github.com/idemhq/idem/persona"
)

const (
	// rotationInterval is how often the service looks whether a rotation is due.
	rotationInterval = time.Hour

	// ageInterval is how often it reads the age of keys that it does not rotate, and
	// ageDelay how long after the start it does so first.
	ageInterval = 24 * time.Hour
	ageDelay    = time.Minute

	secretOverlap = 24 * time.Hour // how long an old webhook secret stays valid
	keyGrace      = time.Hour      // how long an old key stays valid after it was found unused
)

// KeyQuiet returns how long an old API key must not be used before it is expired: longer
// than the pauses between the calls that every node makes in any case.
func KeyQuiet(cfg Config) time.Duration {
	return max(30*time.Minute, 3*cmp.Or(cfg.ReconcileInterval, 10*time.Minute))
}

// rotation is the API key or the webhook secrets of an environment.
type rotation struct {
	environment Environment
	kind        string // api_key or webhook_secret
	automatic   bool   // whether the service rotates it
	after       time.Duration

	look func(context.Context) (age, error)
	step func(ctx context.Context, begin bool) (rotate.Status, error)
}

// age is the result of a look.
type age struct {
	created, expires time.Time // expires is zero for what does not expire
	rotating         bool
}

// rotationTimes are the waiting times of rotations.
type rotationTimes struct{ quiet, grace, overlap time.Duration }

// rotations returns what can be rotated in an environment.
func (s *Service) rotations(name Environment, e EnvironmentConfig, times rotationTimes) []rotation {
	key := rotate.Key{
		Place: rotate.Place(e.APIKeyPlace), Value: e.APIKey.Reveal(), ID: e.APIKeyID, Quiet: times.quiet, Grace: times.grace, Now: s.db.Now,
		Dial: func(key string) (*persona.Client, error) {
			return newClient(s.cfg, name, persona.NewRateLimiter(), s.logger, persona.WithAPIKey(key))
		},
		Use: func(key string) { s.keys[name].set(Secret(key)) },
	}
	secrets := rotate.Secrets{
		Place: rotate.Place(e.WebhookSecretsPlace), Values: reveal(e.WebhookSecrets), Overlap: times.overlap, Now: s.db.Now,
		Dial: func() (*persona.Client, error) { return s.clients[name], nil },
		Use:  func(values []string) { s.intake.SetSecrets(name, values) },
	}
	return []rotation{
		{name, "api_key", e.RotateKeys > 0 && e.APIKeyPlace != (Place{}), e.RotateKeys, func(ctx context.Context) (age, error) {
			a, err := key.Look(ctx)
			return age{a.Created, a.Expires, a.Rotating}, err
		}, key.Step},
		{name, "webhook_secret", e.RotateKeys > 0 && e.WebhookSecretsPlace != (Place{}), e.RotateKeys, func(ctx context.Context) (age, error) {
			a, err := secrets.Look(ctx)
			return age{created: a.Since, rotating: a.Rotating}, err
		}, secrets.Step},
	}
}

// rotate rotates keys and secrets when they are due, and publishes their ages, until ctx
// ends.
func (s *Service) rotate(ctx context.Context) {
	if s.cfg.Simulation != nil {
		return
	}
	times := rotationTimes{KeyQuiet(s.cfg), keyGrace, secretOverlap}
	var running sync.WaitGroup
	for name, e := range s.cfg.Environments {
		for _, r := range s.rotations(name, e, times) {
			running.Go(func() { s.keepRotating(ctx, r) })
		}
	}
	running.Wait()
}

func (s *Service) keepRotating(ctx context.Context, r rotation) {
	wait := ageDelay
	if r.automatic {
		wait = 0
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = s.rotateIfDue(ctx, r)
	}
}

// rotateIfDue takes the next step of a rotation that is due or under way, and returns when
// to call it again.
func (s *Service) rotateIfDue(ctx context.Context, r rotation) (wait time.Duration) {
	found, err := r.look(ctx)
	if err == nil {
		s.showAge(r, found)
	}
	if !r.automatic {
		if err != nil && ctx.Err() == nil {
			s.logger.DebugContext(ctx, "the age of a key is not known", "environment", r.environment, "kind", r.kind, "error", err)
		}
		return ageInterval
	}
	var status rotate.Status
	if err == nil && found.created.IsZero() {
		err = errors.New("its age is not known, since Persona does not show when it was made")
	}
	if err == nil {
		status, err = r.step(ctx, s.db.Now().Sub(found.created) >= r.after)
	}
	if ctx.Err() != nil {
		return rotationInterval
	}
	labels := []string{string(r.environment), r.kind}
	if err != nil && persona.RetryOf(err) != persona.RetryNever {
		s.logger.WarnContext(ctx, "rotation interrupted; it continues in a minute", "environment", r.environment, "kind", r.kind, "error", err)
		return time.Minute
	}
	if err != nil {
		s.metrics.RotationOK.WithLabelValues(labels...).Set(0)
		s.logger.ErrorContext(ctx, "rotation failed: "+rotationAdvice(err), "environment", r.environment, "kind", r.kind, "error", err)
		return rotationInterval
	}
	s.metrics.RotationOK.WithLabelValues(labels...).Set(1)
	if status.Did != "" {
		s.recordRotation(ctx, r, status)
		if found, err := r.look(ctx); err == nil {
			s.showAge(r, found)
		}
	}
	if status.Done {
		return rotationInterval
	}
	return status.Wait
}

// rotationAdvice says what to do about an error of a rotation.
func rotationAdvice(err error) string {
	if errors.Is(err, persona.ErrForbidden) {
		return "the API key needs the permissions api_key.read and api_key.write, and for webhooks webhook.read and webhook.write"
	}
	return "it continues in an hour"
}

func (s *Service) recordRotation(ctx context.Context, r rotation, status rotate.Status) {
	s.logger.InfoContext(ctx, "rotation: "+status.Did, "environment", r.environment, "kind", r.kind, "next", status.Next)
	entry := audit.Entry{Environment: r.environment, At: s.db.Now(), Actor: "idem", What: r.kind + ".rotated", Detail: status.Did}
	if err := s.db.RecordAudit(ctx, r.environment, []audit.Entry{entry}); err != nil && ctx.Err() == nil {
		s.logger.ErrorContext(ctx, "a rotation is not in the audit trail", "environment", r.environment, "kind", r.kind, "error", err)
	}
}

func (s *Service) showAge(r rotation, found age) {
	labels := []string{string(r.environment), r.kind}
	if found.created.IsZero() {
		return // Persona does not show it
	}
	s.metrics.KeyCreated.WithLabelValues(labels...).Set(float64(found.created.Unix()))
	if found.expires.IsZero() {
		s.metrics.KeyExpires.DeleteLabelValues(labels...)
	} else {
		s.metrics.KeyExpires.WithLabelValues(labels...).Set(float64(found.expires.Unix()))
	}
	if r.automatic {
		s.metrics.RotationDue.WithLabelValues(labels...).Set(float64(found.created.Add(r.after).Unix()))
	}
}
