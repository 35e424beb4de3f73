package storetest

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/vault"
)

// sealing is a store that can encrypt secrets.
type sealing interface {
	UseVault(ctx context.Context, v vault.Vault) error
}

func secretsEncrypted(t *testing.T, s store.Store, _ *Jobs) {
	db, ok := s.(sealing)
	if !ok {
		t.Fatal("the store cannot encrypt secrets")
	}
	keyOf := func(b string) domain.Secret {
		return domain.Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat(b, 32))))
	}
	use := func(keys ...domain.Secret) error {
		v, err := vault.New(keys)
		if err != nil {
			t.Fatal(err)
		}
		return db.UseVault(t.Context(), v)
	}
	e := domain.Endpoint{Environment: domain.Sandbox, Name: "crm", URL: "https://host.example", Secrets: []domain.SigningSecret{{Secret: "whsec_x", ExpiresAt: start}}, CreatedAt: start}
	if err := s.CreateEndpoint(t.Context(), e, nil); err != nil { // in the clear
		t.Fatal(err)
	}
	for _, keys := range [][]domain.Secret{{keyOf("a")}, {keyOf("b"), keyOf("a")}, {keyOf("b")}} {
		if err := use(keys...); err != nil {
			t.Fatal(err)
		}
		got, err := s.Endpoint(t.Context(), domain.Sandbox, "crm")
		if err != nil || len(got.Secrets) != 1 || got.Secrets[0] != e.Secrets[0] {
			t.Errorf("with %d keys: %d secrets, error %v", len(keys), len(got.Secrets), err)
		}
	}
	for name, keys := range map[string][]domain.Secret{"a removed key": {keyOf("a")}, "no key": nil} {
		if err := use(keys...); !errors.Is(err, vault.ErrKey) || !strings.Contains(err.Error(), "crm") {
			t.Errorf("with %s: %v", name, err)
		}
		if _, err := s.Endpoints(t.Context(), domain.Sandbox); !errors.Is(err, vault.ErrKey) {
			t.Errorf("with %s the endpoints are read: %v", name, err)
		}
	}
}
