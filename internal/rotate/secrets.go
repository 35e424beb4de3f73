package rotate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
)

// Secrets rotates the secrets of the webhooks that sign with a secret in a file.
type Secrets struct {
	Place   Place                           // where the secrets are
	Values  []string                        // the secrets, if there is no place: then Step fails
	Dial    func() (*persona.Client, error) // makes a client
	Overlap time.Duration                   // how long an old secret stays valid next to the new one
	Now     func() time.Time
	Use     func(secrets []string) // is called when the file has changed; may be nil
}

// ErrNoWebhook means that no webhook at Persona signs with a secret in the file.
var ErrNoWebhook = errors.New("no webhook at Persona signs with a secret in the file")

// SecretsAge is what is known about the secrets in the file.
type SecretsAge struct {
	Webhooks []string  // their ids
	Since    time.Time // since when the oldest of the secrets in use is in use; at the latest
	Rotating bool      // an old secret is still valid
}

// secretsState is the content of the state file.
type secretsState struct {
	Webhooks map[string]rotatedWebhook `json:"webhooks"` // by id
	Seen     []string                  `json:"seen"`     // digests of the secrets that they have signed with
}

type rotatedWebhook struct {
	Since time.Time `json:"since"` // when its secret was rotated last
}

// Look reads the age of the secrets. Persona does not tell when a secret was made: without
// an earlier rotation, it counts as made with its webhook. Look changes nothing.
func (s Secrets) Look(ctx context.Context) (SecretsAge, error) {
	r, err := s.open(ctx)
	if err != nil {
		return SecretsAge{}, err
	}
	age := SecretsAge{Rotating: !r.until().IsZero()}
	for _, hook := range r.hooks {
		since := r.since(hook)
		if age.Since.IsZero() || since.Before(age.Since) {
			age.Since = since
		}
		age.Webhooks = append(age.Webhooks, hook.ID)
	}
	return age, nil
}

// Step continues a rotation that is under way. If there is none, it begins one if begin is
// set.
func (s Secrets) Step(ctx context.Context, begin bool) (Status, error) {
	if s.Place == (Place{}) {
		return Status{}, errors.New("the webhook secrets are in no file that a new one could be written to: use webhook_secrets_file")
	}
	return locked(ctx, s.Place, func() (Status, error) {
		r, err := s.open(ctx)
		if err != nil {
			return Status{}, err
		}
		did, err := r.synchronize()
		if err != nil {
			return Status{}, err
		}
		if begin && r.until().IsZero() {
			if did, err = r.rotate(ctx); err != nil {
				return Status{}, err
			}
		}
		status := Status{Done: true, Did: did}
		if until := r.until(); !until.IsZero() {
			status.Done, status.Wait = false, max(time.Second, min(until.Sub(r.Now()), time.Hour))
			status.Next = fmt.Sprintf("remove the old secret, which is valid until %s", until.UTC().Format(time.RFC3339))
		}
		return status, nil
	})
}

// secretsRotation is one step of a rotation.
type secretsRotation struct {
	Secrets
	state  secretsState
	known  []string // the secrets in the file
	client *persona.Client
	hooks  []*persona.WebhookWithSecret // those that sign with a known secret
}

// open reads the file, the state and the webhooks.
func (s Secrets) open(ctx context.Context) (*secretsRotation, error) {
	r := &secretsRotation{Secrets: s, known: s.Values}
	if s.Place != (Place{}) {
		var err error
		if r.known, err = s.Place.Read(); err != nil {
			return nil, err
		}
		if err := load(s.Place, &r.state); err != nil {
			return nil, err
		}
	}
	var err error
	if r.client, err = s.Dial(); err != nil {
		return nil, err
	}
	for listed, err := range r.client.Webhooks.List(ctx, persona.WebhookListParams{Size: 100}) {
		if err != nil {
			return nil, fmt.Errorf("list the webhooks: %w", err)
		}
		if listed.Attributes.Status == "archived" {
			continue
		}
		hook, err := r.client.Webhooks.Get(ctx, listed.ID) // with its secrets
		if err != nil {
			return nil, fmt.Errorf("read the webhook %s: %w", listed.ID, err)
		}
		complete(hook)
		_, rotated := r.state.Webhooks[hook.ID] // its old secret may have expired since
		if rotated || slices.ContainsFunc(hook.Attributes.Secrets, r.knows) {
			r.hooks = append(r.hooks, hook)
		}
	}
	if len(r.hooks) == 0 {
		return nil, ErrNoWebhook
	}
	return r, nil
}

// complete fills in the list of secrets from the deprecated attribute, where it is alone.
func complete(hook *persona.WebhookWithSecret) {
	if single := hook.Attributes.Secret; single != "" && len(hook.Attributes.Secrets) == 0 {
		hook.Attributes.Secrets = []persona.WebhookWithSecretSecret{{Value: single}}
	}
}

func (r *secretsRotation) knows(secret persona.WebhookWithSecretSecret) bool {
	return r.live(secret) && slices.Contains(r.known, secret.Value)
}

// live reports whether Persona signs with a secret.
func (r *secretsRotation) live(secret persona.WebhookWithSecretSecret) bool {
	return secret.ExpiresAt.IsZero() || secret.ExpiresAt.After(r.Now())
}

// since returns when a webhook's secret was made, at the latest.
func (r *secretsRotation) since(hook *persona.WebhookWithSecret) time.Time {
	if rotated, ok := r.state.Webhooks[hook.ID]; ok {
		return rotated.Since
	}
	return hook.Attributes.CreatedAt.Time
}

// until returns when the last of the replaced secrets expires, or zero if none is left.
func (r *secretsRotation) until() (last time.Time) {
	for _, hook := range r.hooks {
		for _, secret := range hook.Attributes.Secrets {
			if r.live(secret) && secret.ExpiresAt.After(last) {
				last = secret.ExpiresAt.Time
			}
		}
	}
	if kept := r.keepUntil(); kept.After(last) && kept.After(r.Now()) && slices.ContainsFunc(r.known, r.isReplaced) {
		last = kept
	}
	return last
}

// keepUntil returns until when replaced secrets stay in the file, whatever Persona says:
// webhooks that are on their way may be signed with them.
func (r *secretsRotation) keepUntil() (last time.Time) {
	for _, rotated := range r.state.Webhooks {
		if end := rotated.Since.Add(r.Overlap); end.After(last) {
			last = end
		}
	}
	return last
}

// isReplaced reports whether a secret was replaced and Persona does not sign with it.
func (r *secretsRotation) isReplaced(value string) bool {
	for _, hook := range r.hooks {
		for _, secret := range hook.Attributes.Secrets {
			if secret.Value == value && r.live(secret) {
				return false
			}
		}
	}
	return slices.Contains(r.state.Seen, digest(value))
}

// rotate makes a new secret for each webhook and adds it to the file at once.
func (r *secretsRotation) rotate(ctx context.Context) (did string, err error) {
	if err := r.Place.checkWritable(r.known); err != nil {
		return "", err
	}
	var ids []string
	for i, hook := range r.hooks {
		ids = append(ids, hook.ID)
		overlap := max(1, int64(r.Overlap/time.Second))
		made, err := r.client.Webhooks.RotateSecret(ctx, hook.ID, persona.WebhookRotateSecretParams{ExpiresInSeconds: persona.Set(overlap)})
		if err != nil {
			return "", fmt.Errorf("rotate the secret of the webhook %s: %w", hook.ID, err)
		}
		complete(made)
		r.hooks[i] = made
		if _, err := r.synchronize(); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("rotated the secret of %s and added the new one to %s", strings.Join(ids, ", "), r.Place), nil
}

// see remembers the webhooks and what they sign with: what they do not sign with any more
// can be removed from the file. It returns secrets that are not in the file, and whether the
// state has changed.
func (r *secretsRotation) see() (added []string, changed bool) {
	if r.state.Webhooks == nil {
		r.state.Webhooks = map[string]rotatedWebhook{}
	}
	for _, hook := range r.hooks {
		if _, known := r.state.Webhooks[hook.ID]; !known {
			r.state.Webhooks[hook.ID], changed = rotatedWebhook{hook.Attributes.CreatedAt.Time}, true
		}
		for _, secret := range hook.Attributes.Secrets {
			if !r.live(secret) {
				continue
			}
			if mark := digest(secret.Value); !slices.Contains(r.state.Seen, mark) {
				r.state.Seen, changed = append(r.state.Seen, mark), true
			}
			if !slices.Contains(r.known, secret.Value) { // also if somebody rotated it at Persona
				added = append(added, secret.Value)
				r.state.Webhooks[hook.ID], changed = rotatedWebhook{r.Now()}, true
			}
		}
	}
	return added, changed
}

// synchronize makes the file match Persona: it adds secrets that Persona signs with, and
// removes replaced ones. Secrets that it knows nothing about stay.
func (r *secretsRotation) synchronize() (did string, err error) {
	added, changed := r.see()
	var removed []string
	kept := slices.Clone(r.known)
	if !r.keepUntil().After(r.Now()) {
		kept = slices.DeleteFunc(kept, r.isReplaced)
		removed = slices.DeleteFunc(slices.Clone(r.known), func(secret string) bool { return slices.Contains(kept, secret) })
	}
	if changed { // before the file: what is old is found again
		if err := save(r.Place, r.state); err != nil {
			return "", err
		}
	}
	if len(added)+len(removed) == 0 {
		return "", nil
	}
	r.known = append(added, kept...)
	if err := r.Place.write(r.known); err != nil {
		return "", err
	}
	if r.Use != nil {
		r.Use(slices.Clone(r.known))
	}
	if len(removed) > 0 {
		did = fmt.Sprintf("removed expired secrets from %s: %d", r.Place, len(removed))
	}
	if len(added) > 0 {
		did = fmt.Sprintf("added secrets to %s: %d", r.Place, len(added))
	}
	return did, nil
}
