// Package keys rotates the API keys and webhook secrets of a configuration for a person who
// watches.
package keys

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/rotate"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/service"
)

// The kinds of what can be rotated.
const (
	APIKey        = "api-key"
	WebhookSecret = "webhook-secret"
)

// Times are the waiting times of rotations.
type Times struct{ Quiet, Grace, Overlap time.Duration }

// Rotation is the API key or the webhook secrets of an environment.
type Rotation struct {
	Environment service.Environment
	Kind        string        // APIKey or WebhookSecret
	Place       rotate.Place  // where the key or the secrets are; zero if they are in no file
	After       time.Duration // the age at which the service rotates it; 0 means never
	times       Times
	key         rotate.Key
	secrets     rotate.Secrets
}

// Of returns what can be rotated in an environment. keyID may be empty.
func Of(cfg service.Config, environment service.Environment, keyID string, times Times, options ...persona.Option) []Rotation {
	e := cfg.Environments[environment]
	if keyID == "" {
		keyID = e.APIKeyID
	}
	dial := func(key string) (*persona.Client, error) {
		all := []persona.Option{persona.WithAPIKey(key), persona.WithEnvironment(persona.Environment(environment))}
		if e.BaseURL != "" {
			all = append(all, persona.WithBaseURL(e.BaseURL))
		}
		return persona.NewClient(append(all, options...)...)
	}
	current := func() (*persona.Client, error) {
		place := rotate.Place(e.APIKeyPlace)
		if place == (rotate.Place{}) {
			return dial(e.APIKey.Reveal())
		}
		values, err := place.Read() // it may have been rotated
		if err != nil || len(values) != 1 {
			return nil, errors.Join(err, fmt.Errorf("%s has %d values instead of an API key", place, len(values)))
		}
		return dial(values[0])
	}
	values := make([]string, len(e.WebhookSecrets))
	for i, secret := range e.WebhookSecrets {
		values[i] = secret.Reveal()
	}
	key := rotate.Key{Place: rotate.Place(e.APIKeyPlace), Value: e.APIKey.Reveal(), ID: keyID, Dial: dial, Quiet: times.Quiet, Grace: times.Grace, Now: time.Now}
	secrets := rotate.Secrets{Place: rotate.Place(e.WebhookSecretsPlace), Values: values, Dial: current, Overlap: times.Overlap, Now: time.Now}
	return []Rotation{
		{Environment: environment, Kind: APIKey, Place: key.Place, After: e.RotateKeys, times: times, key: key},
		{Environment: environment, Kind: WebhookSecret, Place: secrets.Place, After: e.RotateKeys, times: times, secrets: secrets},
	}
}

// Age is how old a key or a secret is.
type Age struct {
	Environment service.Environment `json:"environment"`
	Kind        string              `json:"kind"`
	IDs         []string            `json:"ids"` // of the key, or of the webhooks
	Created     time.Time           `json:"created"`
	LastUsed    time.Time           `json:"last_used,omitzero"`
	Expires     time.Time           `json:"expires,omitzero"`
	Due         time.Time           `json:"due,omitzero"` // when the service rotates it
	Rotating    bool                `json:"rotating"`
}

// Look reads the age. It changes nothing.
func (r Rotation) Look(ctx context.Context) (Age, error) {
	age := Age{Environment: r.Environment, Kind: r.Kind}
	if r.Kind == APIKey {
		found, err := r.key.Look(ctx)
		if err != nil {
			return age, err
		}
		age.IDs, age.Created, age.LastUsed, age.Expires, age.Rotating = []string{found.ID}, found.Created, found.LastUsed, found.Expires, found.Rotating
	} else {
		found, err := r.secrets.Look(ctx)
		if err != nil {
			return age, err
		}
		age.IDs, age.Created, age.Rotating = found.Webhooks, found.Since, found.Rotating
	}
	if r.After > 0 && r.Place != (rotate.Place{}) {
		age.Due = age.Created.Add(r.After)
	}
	return age, nil
}

// Plan describes what a rotation of something with that age does.
func (r Rotation) Plan(age Age) string {
	switch {
	case r.Place == (rotate.Place{}):
		return "cannot be rotated: it is in no file that a new one could be written to"
	case age.Rotating:
		return "continue the rotation that is under way"
	case r.Kind == APIKey:
		return fmt.Sprintf("clone %s, write the clone to %s, wait until %[1]s has not been used for %[3]s, and expire it", age.IDs[0], r.Place, r.times.Quiet)
	}
	return fmt.Sprintf("make a new secret for %v, add it to %s, and remove the old one when it expires after %s", age.IDs, r.Place, r.times.Overlap)
}

// retryInterval is how long to wait after an error that may pass.
const retryInterval = 10 * time.Second

// Run takes steps until the rotation is done. It calls tell after each step, and after each
// error that may pass.
func (r Rotation) Run(ctx context.Context, tell func(rotate.Status, error)) error {
	step := r.key.Step
	if r.Kind == WebhookSecret {
		step = r.secrets.Step
	}
	for begin := true; ; {
		status, err := step(ctx, begin)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && persona.RetryOf(err) == persona.RetryNever:
			return err
		case err != nil:
			status.Wait = retryInterval
		default:
			begin = false // one that was under way is finished first, and no other is begun
		}
		tell(status, err)
		if err == nil && status.Done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(status.Wait):
		}
	}
}
