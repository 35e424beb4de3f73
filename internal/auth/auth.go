// Package auth decides who may use the API. A token is a random secret that is shown once;
// the database has its SHA-256 only. The token of the configuration needs no database.
//
// The row of a token is read for every request, so a revoked token stops working on all
// nodes at once.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/sender"
	"github.com/idemhq/idem/internal/store"
)

const (
	// prefix is how secrets begin, so that scanners for leaked secrets can recognize them.
	prefix = "idem_"

	secretBytes = 32 // 256 random bits: nobody can guess them, so a fast hash is enough

	// touchEvery is the accuracy of the time at which a token was last used. It is not saved
	// more often.
	touchEvery   = 5 * time.Minute
	touchTimeout = time.Second
)

// ConfiguredID is the id of the token of the configuration.
const ConfiguredID = "api_token"

var (
	// ErrMissing means that the request has no token.
	ErrMissing = errors.New("no token")

	// ErrUnknown means that the token does not exist, or that it was revoked.
	ErrUnknown = errors.New("unknown token")

	// ErrExpired means that the token has expired.
	ErrExpired = errors.New("expired token")

	// ErrDisabled means that no token is configured and none is stored.
	ErrDisabled = errors.New("there is no token")
)

// SlowedError means that the sender has given too many wrong tokens.
type SlowedError struct{ Wait time.Duration }

func (e *SlowedError) Error() string { return "too many wrong tokens" }

// Store has the tokens.
type Store interface {
	TokenByHash(ctx context.Context, hash string) (domain.Token, error)
	TouchToken(ctx context.Context, id string, at time.Time) error
	HasTokens(ctx context.Context) (bool, error)
}

// Authenticator checks the tokens of requests.
type Authenticator struct {
	store      Store
	configured domain.Secret
	proxies    sender.Proxies
	now        func() time.Time
	wrong      *guesses

	mu      sync.Mutex
	touched map[string]time.Time // when the last use of each token was saved by this process
}

// New returns an authenticator. configured is the token of the configuration; empty means
// none.
func New(s Store, configured domain.Secret, trusted []netip.Prefix, now func() time.Time) *Authenticator {
	return &Authenticator{store: s, configured: configured, proxies: trusted, now: now, wrong: newGuesses(), touched: map[string]time.Time{}}
}

// NewSecret returns the secret of a new token.
func NewSecret() domain.Secret {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return domain.Secret(prefix + base64.RawURLEncoding.EncodeToString(b[:]))
}

// Hash returns what is stored of a secret.
func Hash(s domain.Secret) string {
	sum := sha256.Sum256([]byte(s.Reveal()))
	return hex.EncodeToString(sum[:])
}

// generated reports whether a text has the form of a secret of [NewSecret].
func generated(text string) bool {
	rest, ok := strings.CutPrefix(text, prefix)
	b, err := base64.RawURLEncoding.DecodeString(rest)
	return ok && err == nil && len(b) == secretBytes
}

// Check returns the token of a request. The token of the configuration has all scopes.
// Errors are those of this package, or of the database.
//
// Wrong tokens of one sender are limited. Above the limit the token of the configuration is
// not compared any more, since a person may have chosen it. A stored token cannot be
// guessed, so it works even if others behind the same address give wrong ones.
func (a *Authenticator) Check(r *http.Request) (domain.Token, error) {
	from, now := a.proxies.Of(r), a.now()
	text := bearer(r.Header.Get("Authorization"))
	if text == "" {
		return domain.Token{}, a.orDisabled(r.Context(), ErrMissing)
	}
	slowed := a.wrong.wait(from, now)
	t, err := a.find(r.Context(), domain.Secret(text), slowed == 0)
	if errors.Is(err, ErrUnknown) || errors.Is(err, ErrExpired) {
		a.wrong.add(from, now)
		if slowed > 0 {
			return domain.Token{}, &SlowedError{slowed}
		}
		return domain.Token{}, a.orDisabled(r.Context(), err)
	}
	if err == nil {
		a.touch(r.Context(), t)
	}
	return t, err
}

// bearer returns the token of an Authorization header, or "".
func bearer(header string) string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// orDisabled returns [ErrDisabled] if no token can be right.
func (a *Authenticator) orDisabled(ctx context.Context, otherwise error) error {
	if a.configured != "" {
		return otherwise
	}
	any, err := a.store.HasTokens(ctx)
	switch {
	case err != nil:
		return err
	case !any:
		return ErrDisabled
	}
	return otherwise
}

// find returns the token with a secret. Secrets are compared by their hashes, in constant
// time.
func (a *Authenticator) find(ctx context.Context, secret domain.Secret, compareConfigured bool) (domain.Token, error) {
	hash := Hash(secret)
	if compareConfigured && a.configured != "" && equal(hash, Hash(a.configured)) {
		return domain.Token{ID: ConfiguredID, Name: ConfiguredID, Scopes: []domain.Scope{domain.ScopeAdmin}}, nil
	}
	if !generated(secret.Reveal()) {
		return domain.Token{}, ErrUnknown
	}
	t, err := a.store.TokenByHash(ctx, hash)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return domain.Token{}, ErrUnknown
	case err != nil:
		return domain.Token{}, fmt.Errorf("check the token: %w", err)
	case !equal(hash, t.Hash):
		return domain.Token{}, ErrUnknown
	case !t.ExpiresAt.IsZero() && !a.now().Before(t.ExpiresAt):
		return domain.Token{}, ErrExpired
	}
	return t, nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// touch saves that a token is in use, now and then. A failure does not matter.
func (a *Authenticator) touch(ctx context.Context, t domain.Token) {
	now := a.now()
	if t.ID == ConfiguredID || now.Sub(t.LastUsedAt) < touchEvery {
		return
	}
	a.mu.Lock()
	due := now.Sub(a.touched[t.ID]) >= touchEvery
	if due {
		a.touched[t.ID] = now
	}
	a.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), touchTimeout)
	defer cancel()
	_ = a.store.TouchToken(ctx, t.ID, now)
}
