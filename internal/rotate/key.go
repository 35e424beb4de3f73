package rotate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
)

// Key rotates the API key in a file.
type Key struct {
	Place Place                                     // where the key is
	Value string                                    // the key, if there is no place: then Step fails
	ID    string                                    // of the key at Persona (api_…); may be empty if it is the only key
	Dial  func(key string) (*persona.Client, error) // makes a client
	Quiet time.Duration                             // how long the old key must not be used before it is expired
	Grace time.Duration                             // how long it stays valid after that
	Now   func() time.Time
	Use   func(key string) // is called when the file has a new key; may be nil
}

// ErrWhichKey means that Persona has several keys and that it is not known which one is in
// the file.
var ErrWhichKey = errors.New("it is not known which of Persona's API keys is in the file: name it with api_key_id or --key-id")

// KeyAge is what Persona knows about the key in the file.
type KeyAge struct {
	ID, Name string
	Created  time.Time
	LastUsed time.Time // zero if it was never used
	Expires  time.Time // zero if it does not expire
	Rotating bool      // a rotation is under way
}

// keyState is the content of the state file.
type keyState struct {
	ID       string       `json:"id"`     // of the key in the file
	Digest   string       `json:"digest"` // of its value
	Next     *nextKey     `json:"next,omitempty"`
	Previous *previousKey `json:"previous,omitempty"`
}

// nextKey is a clone that is about to be made or to be written to the file.
type nextKey struct {
	Attempt string    `json:"attempt"` // the idempotency key of the call that makes it
	Begun   time.Time `json:"begun"`
	ID      string    `json:"id,omitempty"` // empty until it is made
	Digest  string    `json:"digest,omitempty"`
	Made    time.Time `json:"made,omitzero"` // by Persona's clock
}

// keyMemory is how long Persona certainly remembers an idempotency key, less an hour.
const keyMemory = 23 * time.Hour

// Look reads the age of the key. It changes nothing.
func (k Key) Look(ctx context.Context) (KeyAge, error) {
	r, err := k.open(ctx)
	if err != nil {
		return KeyAge{}, err
	}
	key, err := r.client.APIKeys.Get(ctx, r.state.ID)
	if err != nil {
		return KeyAge{}, fmt.Errorf("read the API key %s: %w", r.state.ID, err)
	}
	a := key.Attributes
	return KeyAge{key.ID, a.Name, a.CreatedAt.Time, a.LastUsedAt.Time, a.ExpiresAt.Time, r.state.Next != nil || r.state.Previous != nil}, nil
}

// Step continues a rotation that is under way. If there is none, it begins one if begin is
// set.
func (k Key) Step(ctx context.Context, begin bool) (Status, error) {
	if k.Place == (Place{}) {
		return Status{}, errors.New("the API key is in no file that a new one could be written to: use api_key_file")
	}
	return locked(ctx, k.Place, func() (Status, error) {
		r, err := k.open(ctx)
		if err != nil {
			return Status{}, err
		}
		switch {
		case r.state.Next != nil:
			return r.replace(ctx)
		case r.state.Previous != nil:
			return r.retire(ctx)
		case begin:
			if err := r.begin(ctx); err != nil {
				return Status{}, err
			}
			return r.replace(ctx)
		}
		return Status{Done: true, Did: strings.TrimSuffix(r.note, "; ")}, nil
	})
}

// keyRotation is one step of a rotation.
type keyRotation struct {
	Key
	state  keyState
	value  string // of the key in the file
	client *persona.Client
	note   string // what a person should know; empty if nothing
}

// open reads the file and the state, and finds out which key is in the file.
func (k Key) open(ctx context.Context) (*keyRotation, error) {
	r := &keyRotation{Key: k, value: k.Value}
	if k.Place != (Place{}) {
		values, err := k.Place.Read()
		if err != nil {
			return nil, err
		}
		if len(values) != 1 {
			return nil, fmt.Errorf("%s has %d values instead of an API key", k.Place, len(values))
		}
		r.value = values[0]
		if err := load(k.Place, &r.state); err != nil {
			return nil, err
		}
	}
	var err error
	if r.client, err = k.Dial(r.value); err != nil {
		return nil, err
	}
	switch next := r.state.Next; {
	case r.state.Digest == digest(r.value):
	case next != nil && next.Digest == digest(r.value): // the process ended after it wrote the file
		r.promote()
	default: // the first rotation, or somebody else wrote the file
		id, err := r.identify(ctx)
		if err != nil {
			return nil, err
		}
		r.note = r.state.abandoned()
		r.state = keyState{ID: id, Digest: digest(r.value)}
	}
	return r, nil
}

// abandoned says what is left of a rotation that ended because somebody else wrote the file.
func (s keyState) abandoned() string {
	switch {
	case s.Previous != nil:
		return fmt.Sprintf("the file has another key than the one that was written to it: expire %s yourself; ", s.Previous.ID)
	case s.Next != nil && s.Next.ID != "":
		return fmt.Sprintf("the file has another key than before: expire the clone %s yourself; ", s.Next.ID)
	}
	return ""
}

// identify returns the id of the key in the file: the configured one, or that of the only
// key that there is. It does not guess by the time of the last use: expiring the wrong key
// would stop another program.
func (r *keyRotation) identify(ctx context.Context) (string, error) {
	if r.ID != "" {
		key, err := r.client.APIKeys.Get(ctx, r.ID)
		if err != nil {
			return "", fmt.Errorf("read the API key %s: %w", r.ID, err)
		}
		if at := key.Attributes; at.LastUsedAt.IsZero() || !at.ExpiresAt.IsZero() && at.ExpiresAt.Before(r.Now()) {
			return "", fmt.Errorf("%s is not the key in the file, since it is expired or was never used: %w", r.ID, ErrWhichKey)
		}
		return r.ID, nil
	}
	var valid []string
	for key, err := range r.client.APIKeys.List(ctx, persona.APIKeyListParams{}) {
		if err != nil {
			return "", fmt.Errorf("list the API keys: %w", err)
		}
		if expires := key.Attributes.ExpiresAt; expires.IsZero() || expires.After(r.Now()) {
			valid = append(valid, key.ID)
		}
	}
	if len(valid) != 1 {
		return "", ErrWhichKey
	}
	return valid[0], nil
}

// begin checks that the rotation can be finished, and remembers that it has begun.
func (r *keyRotation) begin(ctx context.Context) error {
	key, err := r.client.APIKeys.Get(ctx, r.state.ID)
	if err != nil {
		return fmt.Errorf("read the API key %s: %w", r.state.ID, err)
	}
	if err := r.checkLife(key); err != nil { // the clone would have the same end
		return err
	}
	if err := r.Place.checkWritable([]string{r.value}); err != nil {
		return err
	}
	r.state.Next = &nextKey{Attempt: rand.Text(), Begun: r.Now()}
	return save(r.Place, r.state)
}

// replace clones the key and writes the clone's value to the file. A repeated call of
// Persona with the same idempotency key returns the same clone.
func (r *keyRotation) replace(ctx context.Context) (Status, error) {
	next := r.state.Next
	if r.Now().Sub(next.Begun) > keyMemory { // Persona may have forgotten the attempt
		if err := r.tryAnew(); err != nil {
			return Status{}, err
		}
	}
	clone, err := r.client.APIKeys.Clone(ctx, r.state.ID, persona.WithIdempotencyKey(next.Attempt))
	if err != nil {
		err = fmt.Errorf("clone the API key %s: %w", r.state.ID, err)
		if persona.RetryOf(err) != persona.RetrySameKey { // Persona would repeat the error
			err = errors.Join(err, r.tryAnew())
		}
		return Status{}, err
	}
	value := clone.Attributes.Value
	if next.ID != clone.ID {
		if next.ID != "" { // the value of an earlier clone is lost
			if err := r.expire(ctx, next.ID, 0); err != nil {
				return Status{}, err
			}
		}
		next.ID, next.Digest, next.Made = clone.ID, digest(value), clone.Attributes.CreatedAt.Time
		if err := save(r.Place, r.state); err != nil {
			return Status{}, err
		}
	}
	if err := r.try(ctx, clone.ID, value); err != nil {
		return Status{}, err
	}
	if err := r.Place.write([]string{value}); err != nil {
		return Status{}, err
	}
	if r.Use != nil {
		r.Use(value)
	}
	old := r.state.ID
	r.promote()
	if err := save(r.Place, r.state); err != nil {
		return Status{}, err
	}
	return Status{
		Did:  r.note + fmt.Sprintf("cloned %s to %s and wrote the new key to %s", old, clone.ID, r.Place),
		Next: fmt.Sprintf("expire %s when it has not been used for %s", old, r.Quiet), Wait: pause(r.Quiet),
	}, nil
}

// tryAnew makes the next call that clones the key a new one.
func (r *keyRotation) tryAnew() error {
	r.state.Next.Attempt, r.state.Next.Begun = rand.Text(), r.Now()
	return save(r.Place, r.state)
}

// try checks that the new key works before anything depends on it.
func (r *keyRotation) try(ctx context.Context, id, value string) error {
	client, err := r.Dial(value)
	if err != nil {
		return err
	}
	key, err := client.APIKeys.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("try the new API key %s: %w", id, err)
	}
	return r.checkLife(key)
}

// checkLife returns an error if a key expires too soon to be used.
func (r *keyRotation) checkLife(key *persona.APIKey) error {
	if expires := key.Attributes.ExpiresAt; !expires.IsZero() && expires.Before(r.Now().Add(r.Quiet+24*time.Hour)) {
		return fmt.Errorf("the API key %s expires at %s, and so does a clone of it: create a key that does not expire at Persona, and write it to %s", key.ID, expires.UTC().Format(time.RFC3339), r.Place)
	}
	return nil
}

// promote makes the next key the current one, and the current one the previous one.
func (r *keyRotation) promote() {
	next := r.state.Next
	r.state = keyState{ID: next.ID, Digest: next.Digest, Previous: &previousKey{ID: r.state.ID, Cloned: next.Made, Since: r.Now()}}
}

// retire expires the previous key if nobody has used it for long enough.
func (r *keyRotation) retire(ctx context.Context) (Status, error) {
	old := r.state.Previous
	key, err := r.client.APIKeys.Get(ctx, old.ID)
	switch {
	case errors.Is(err, persona.ErrNotFound):
		return r.finish("the API key " + old.ID + " is gone")
	case err != nil:
		return Status{}, fmt.Errorf("read the API key %s: %w", old.ID, err)
	}
	if expires := key.Attributes.ExpiresAt; !expires.IsZero() && !expires.After(r.Now().Add(r.Grace)) {
		return r.finish("the API key " + old.ID + " has expired")
	}
	current, err := r.client.APIKeys.Get(ctx, r.state.ID) // which the call before has used
	if err != nil {
		return Status{}, fmt.Errorf("read the API key %s: %w", r.state.ID, err)
	}
	if key, err = r.client.APIKeys.Get(ctx, old.ID); err != nil { // again: it must be newer than current
		return Status{}, fmt.Errorf("read the API key %s: %w", old.ID, err)
	}
	old.look(key.Attributes.LastUsedAt.Time, current.Attributes.LastUsedAt.Time, r.Now())
	if err := save(r.Place, r.state); err != nil {
		return Status{}, err
	}
	left, shown := old.left(r.Quiet)
	switch {
	case !shown && r.Now().Sub(old.Since) > old.maxSilence(r.Quiet):
		return Status{}, fmt.Errorf("the last use of the API key %s is not known, since Persona does not show when it was: expire it yourself when nothing uses it", old.ID)
	case !shown:
		return Status{Next: fmt.Sprintf("expire %s when Persona shows that it has not been used for %s; no use since the key was replaced is shown yet", old.ID, r.Quiet), Wait: pause(r.Quiet)}, nil
	case left > 0:
		return Status{Next: fmt.Sprintf("expire %s when it has not been used for %s (last use: %s; Persona shows uses until %s)", old.ID, r.Quiet,
			old.LastUsed.UTC().Format(time.RFC3339), old.Covered.UTC().Format(time.RFC3339)), Wait: min(left, pause(r.Quiet))}, nil
	}
	if err := r.expire(ctx, old.ID, r.Grace); err != nil {
		return Status{}, err
	}
	return r.finish("expired the old API key " + old.ID)
}

func (r *keyRotation) expire(ctx context.Context, id string, in time.Duration) error {
	seconds := max(1, int64(in/time.Second)) // whether Persona accepts 0 is not documented
	if _, err := r.client.APIKeys.Expire(ctx, id, persona.APIKeyExpireParams{ExpiresInSeconds: seconds}); err != nil && !errors.Is(err, persona.ErrNotFound) {
		return fmt.Errorf("expire the API key %s: %w", id, err)
	}
	return nil
}

func (r *keyRotation) finish(did string) (Status, error) {
	r.state.Previous = nil
	return Status{Done: true, Did: did}, save(r.Place, r.state)
}
