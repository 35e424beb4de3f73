package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// tokens are stored tokens by their hashes.
type tokens struct {
	byHash  map[string]domain.Token
	touched int
	looked  int
}

func (t *tokens) TokenByHash(_ context.Context, hash string) (domain.Token, error) {
	t.looked++
	if found, ok := t.byHash[hash]; ok {
		return found, nil
	}
	return domain.Token{}, store.ErrNotFound
}

func (t *tokens) TouchToken(context.Context, string, time.Time) error { t.touched++; return nil }

func (t *tokens) HasTokens(context.Context) (bool, error) { return len(t.byHash) > 0, nil }

func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// request returns a request from an address with an Authorization header.
func request(address, authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/v1/tokens", nil)
	r.RemoteAddr = address + ":4711"
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

func TestWhoMayUseTheAPI(t *testing.T) {
	valid, expired := NewSecret(), NewSecret()
	stored := map[string]domain.Token{
		Hash(valid):   {ID: "tok_1", Hash: Hash(valid), ExpiresAt: start().Add(time.Second)},
		Hash(expired): {ID: "tok_2", Hash: Hash(expired), ExpiresAt: start()},
	}
	for name, test := range map[string]struct {
		authorization string
		configured    domain.Secret
		stored        map[string]domain.Token
		id            string
		err           error
	}{
		"the configured token":                           {"Bearer token", "token", stored, ConfiguredID, nil},
		"a scheme in small letters":                      {"bearer token", "token", stored, ConfiguredID, nil},
		"a stored token":                                 {"Bearer " + valid.Reveal(), "token", stored, "tok_1", nil},
		"a stored token without a configured one":        {"Bearer " + valid.Reveal(), "", stored, "tok_1", nil},
		"an expired token":                               {"Bearer " + expired.Reveal(), "token", stored, "", ErrExpired},
		"a token that was never made":                    {"Bearer " + NewSecret().Reveal(), "token", stored, "", ErrUnknown},
		"the start of the configured token":              {"Bearer toke", "token", stored, "", ErrUnknown},
		"the hash of a stored token":                     {"Bearer " + Hash(valid), "token", stored, "", ErrUnknown},
		"no header":                                      {"", "token", stored, "", ErrMissing},
		"another scheme":                                 {"Basic token", "token", stored, "", ErrMissing},
		"a token without a scheme":                       {"token", "token", stored, "", ErrMissing},
		"an empty token where none is configured":        {"Bearer ", "", stored, "", ErrMissing},
		"any token where there is none":                  {"Bearer token", "", nil, "", ErrDisabled},
		"no token where there is none":                   {"", "", nil, "", ErrDisabled},
		"a wrong token where only stored ones can match": {"Bearer token", "", stored, "", ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := New(&tokens{byHash: test.stored}, test.configured, nil, start).Check(request("192.0.2.1", test.authorization))
			if got.ID != test.id || !errors.Is(err, test.err) {
				t.Errorf("the token is %q, error %v; want %q, %v", got.ID, err, test.id, test.err)
			}
		})
	}
}

func TestWrongTokensAreSlowedByAddress(t *testing.T) {
	now, valid := start(), NewSecret()
	db := &tokens{byHash: map[string]domain.Token{Hash(valid): {ID: "tok_1", Hash: Hash(valid)}}}
	a := New(db, "token", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, func() time.Time { return now })
	for range wrongAtOnce {
		if _, err := a.Check(request("192.0.2.1", "Bearer wrong")); !errors.Is(err, ErrUnknown) {
			t.Fatalf("a wrong token: %v", err)
		}
	}
	var slowed *SlowedError
	if _, err := a.Check(request("192.0.2.1", "Bearer token")); !errors.As(err, &slowed) || slowed.Wait <= 0 || slowed.Wait > time.Second {
		t.Errorf("the configured token is compared after too many guesses: %v", err)
	}
	if _, err := a.Check(request("192.0.2.1", "Bearer "+valid.Reveal())); err != nil {
		t.Errorf("a stored token, which cannot be guessed, is rejected: %v", err)
	}
	if _, err := a.Check(request("192.0.2.2", "Bearer token")); err != nil {
		t.Errorf("another address is slowed: %v", err)
	}
	forwarded := request("10.0.0.1", "Bearer token")
	forwarded.Header.Set("X-Forwarded-For", "192.0.2.1")
	if _, err := a.Check(forwarded); !errors.As(err, &slowed) {
		t.Errorf("the address is not slowed behind a trusted proxy: %v", err)
	}
	now = now.Add(10 * time.Second)
	if _, err := a.Check(request("192.0.2.1", "Bearer token")); err != nil {
		t.Errorf("the address is still slowed: %v", err)
	}
}

func TestATextThatIsNoSecretDoesNotReachTheDatabase(t *testing.T) {
	db := &tokens{byHash: map[string]domain.Token{}}
	a := New(db, "token", nil, start)
	for _, text := range []string{"x", "idem_", "idem_AAAA", "idem_" + strings.Repeat("A", 44), "idem_" + strings.Repeat("!", 43), strings.Repeat("y", 1<<16)} {
		if _, err := a.Check(request("192.0.2.1", "Bearer "+text)); !errors.Is(err, ErrUnknown) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if db.looked != 0 {
		t.Errorf("the database was asked %d times", db.looked)
	}
}

func TestTheLastUseIsSavedNowAndThen(t *testing.T) {
	now, secret := start(), NewSecret()
	db := &tokens{byHash: map[string]domain.Token{Hash(secret): {ID: "tok_1", Hash: Hash(secret)}}}
	a := New(db, "", nil, func() time.Time { return now })
	for range 1000 {
		if _, err := a.Check(request("192.0.2.1", "Bearer "+secret.Reveal())); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	if db.touched != 4 { // at 0, 300, 600 and 900 seconds
		t.Errorf("it was saved %d times in 1000 seconds", db.touched)
	}
}

func TestSecretsAreRandomAndRecognizable(t *testing.T) {
	one, other := NewSecret(), NewSecret()
	if one == other || !strings.HasPrefix(one.Reveal(), "idem_") || len(one.Reveal()) != 48 || !generated(one.Reveal()) {
		t.Errorf("the secrets are %d and %d characters long", len(one.Reveal()), len(other.Reveal()))
	}
}
