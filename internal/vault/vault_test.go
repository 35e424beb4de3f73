package vault

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

// keyOf returns an invented key.
func keyOf(b byte) domain.Secret {
	return domain.Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(b), keyBytes))))
}

func vaultOf(t *testing.T, keys ...domain.Secret) Vault {
	t.Helper()
	v, err := New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestKeysAreReplacedWithoutLosingASecret(t *testing.T) {
	none, one, both, other := vaultOf(t), vaultOf(t, keyOf('a')), vaultOf(t, keyOf('b'), keyOf('a')), vaultOf(t, keyOf('b'))
	clear, sealed := none.Seal("whsec_x", "sandbox/crm"), one.Seal("whsec_x", "sandbox/crm")
	if clear != "whsec_x" || strings.Contains(sealed, "whsec_x") || sealed == one.Seal("whsec_x", "sandbox/crm") {
		t.Errorf("they are stored as %q and %q", clear, sealed)
	}
	for name, test := range map[string]struct {
		vault   Vault
		stored  string
		opens   bool
		current bool
	}{
		"in the clear, without a key":             {none, clear, true, true},
		"in the clear, with a key":                {one, clear, true, false},
		"encrypted, with its key":                 {one, sealed, true, true},
		"encrypted, with its key and a newer one": {both, sealed, true, false},
		"encrypted, after its key was removed":    {other, sealed, false, false},
		"encrypted, without a key":                {none, sealed, false, false},
		"encrypted and changed":                   {one, sealed[:len(sealed)-2] + "xx", false, true},
		"encrypted and cut":                       {one, sealed[:len(sealed)-30], false, true},
		"encrypted, without its text":             {one, prefix + one.keys[0].name + ":", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := test.vault.Open(test.stored, "sandbox/crm")
			if (err == nil) != test.opens || test.opens && text != "whsec_x" || !test.opens && !errors.Is(err, ErrKey) {
				t.Errorf("opened as %q, error %v", text, err)
			}
			if got := test.vault.Current(test.stored); got != test.current {
				t.Errorf("current: %v", got)
			}
		})
	}
	if _, err := one.Open(sealed, "production/crm"); !errors.Is(err, ErrKey) {
		t.Errorf("the secret of another endpoint is opened: %v", err)
	}
}

func TestAKeyThatIsNoKeyIsRejectedWithoutShowingIt(t *testing.T) {
	for _, bad := range []domain.Secret{"hunter2", "", keyOf('a') + "A", domain.Secret(base64.StdEncoding.EncodeToString([]byte("hunter2hunter2hunter2")))} {
		if _, err := New([]domain.Secret{keyOf('a'), bad}); err == nil || !strings.Contains(err.Error(), "key 2") || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%v", err)
		}
	}
}
