package storetest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/vault"
)

// sealing is a store that can encrypt secrets.
type sealing interface {
	UseVault(ctx context.Context, v vault.Vault) error
	SealResults(ctx context.Context) error
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

// The results of actions are credentials: what is stored cannot be read without the key.
func resultsEncrypted(t *testing.T, s store.Store, _ *Jobs) {
	use := func(keys ...string) {
		t.Helper()
		var secrets []domain.Secret
		for _, k := range keys {
			secrets = append(secrets, domain.Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat(k, 32)))))
		}
		v, err := vault.New(secrets)
		if err != nil {
			t.Fatal(err)
		}
		must(t, s.(sealing).UseVault(t.Context(), v))
		must(t, s.(sealing).SealResults(t.Context()))
	}
	const link = `{"one_time_link":"https://withpersona.com/verify?code=us1-x"}`
	finish := func(id, decision string) {
		t.Helper()
		a := action(id, decision)
		save(t, s, store.Advance{Actions: []domain.Action{a}})
		a.State, a.Result, a.FinishedAt = domain.ActionDone, json.RawMessage(link), start
		saveAction(t, s, a)
	}
	shown := func(id string) string {
		t.Helper()
		a, err := s.Action(t.Context(), domain.Sandbox, id)
		must(t, err)
		return string(a.Result)
	}
	finish("axn_clear", "dec_1") // as an earlier version did
	use("a")
	finish("axn_sealed", "dec_2")
	for _, keys := range [][]string{{"a"}, {"b", "a"}, {"b"}} {
		use(keys...)
		if a, b := shown("axn_clear"), shown("axn_sealed"); a != link || b != link {
			t.Errorf("with %q the results are %q and %q", keys, a, b)
		}
	}
	use("a") // whose results were encrypted with b meanwhile
	if got := shown("axn_sealed"); got != "" {
		t.Errorf("with another key the result is %q", got)
	}
	use("b")
	if got := shown("axn_sealed"); got != link {
		t.Errorf("with its key again the result is %q", got)
	}
	use()
	if got := shown("axn_clear") + shown("axn_sealed"); got != "" {
		t.Errorf("without a key the results are %q", got)
	}
	finish("axn_late", "dec_3")
	use()
	use("a")
	if got := shown("axn_late"); got != "" {
		t.Errorf("a result that was in the clear while there was no key is %q", got)
	}
}

// Many results are encrypted in several transactions.
func manyResultsEncrypted(t *testing.T, s store.Store, _ *Jobs) {
	if testing.Short() {
		t.Skip("-short: it saves a thousand actions")
	}
	var actions []domain.Action
	for i := range 1001 {
		a := action(fmt.Sprint("axn_", i), fmt.Sprint("dec_", i))
		a.State, a.Result = domain.ActionDone, json.RawMessage(`{}`)
		actions = append(actions, a)
	}
	save(t, s, store.Advance{Actions: actions})
	v, err := vault.New(nil)
	must(t, err)
	must(t, s.(sealing).UseVault(t.Context(), v))
	must(t, s.(sealing).SealResults(t.Context()))
	for _, i := range []int{0, 499, 500, 999, 1000} {
		if a, err := s.Action(t.Context(), domain.Sandbox, fmt.Sprint("axn_", i)); err != nil || a.Result != nil {
			t.Errorf("action %d has the result %s, error %v", i, a.Result, err)
		}
	}
}
