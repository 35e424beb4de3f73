package passes

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/privacypass"
)

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func sign(text []byte) []byte { return append([]byte("signed by this sandbox: "), text...) }

// newToken gets a pass for a challenge like a client, and returns it as the client sends it.
func newToken(t *testing.T, key Key, challenge Challenge) string {
	t.Helper()
	public, id, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	client, err := privacypass.Blind(challenge.Encode(), public, id)
	if err != nil {
		t.Fatal(err)
	}
	blinded, err := base64.RawURLEncoding.DecodeString(client.Token)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.SignBlinded(blinded)
	if err != nil {
		t.Fatal(err)
	}
	pass, err := client.Finish(signature)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(strings.TrimPrefix(pass.Authorization(), "PrivateToken token="), `"`)
}

func newKey(t *testing.T) Key {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAPassIsSignedByTheKeyThatSignedItsBlindedValue(t *testing.T) {
	key := newKey(t)
	decoded, err := DecodeKey(key.Encode())
	if err != nil {
		t.Fatal(err)
	}
	pass, err := Parse(newToken(t, decoded, NewChallenge(now(), sign)), now(), sign)
	if err != nil {
		t.Fatal(err)
	}
	if !pass.SignedBy(&key.PublicKey) {
		t.Error("the key does not verify its own signature")
	}
	if other := newKey(t); pass.SignedBy(&other.PublicKey) {
		t.Error("another key verifies the signature")
	}
	changed := pass
	changed.Nonce = "another"
	if changed.SignedBy(&key.PublicKey) || changed.ID() == pass.ID() {
		t.Error("the signature is valid for another nonce")
	}
}

func TestAChallengeMustBeUnchangedAndValid(t *testing.T) {
	key := newKey(t)
	valid := NewChallenge(now(), sign)
	changed := valid
	changed.ExpiresAt = "2036-01-02T03:04:05Z"
	elsewhere := Challenge{TokenType: 2, IssuerName: issuer, OriginInfo: "/elsewhere", ExpiresAt: valid.ExpiresAt}
	elsewhere.MAC = elsewhere.mac(sign)
	for name, test := range map[string]struct {
		challenge Challenge
		at        time.Time
		want      string // part of the error
	}{
		"at once":                           {valid, now(), ""},
		"at the last moment":                {valid, now().Add(life), ""},
		"too late":                          {valid, now().Add(life + time.Hour), "has expired"},
		"when its expiry was changed":       {changed, now(), "was changed"},
		"when it is for something else":     {elsewhere, now(), "for something else"},
		"when it is not this sandbox's MAC": {Challenge{MAC: "x"}, now(), "was changed"},
	} {
		_, err := Parse(newToken(t, key, test.challenge), test.at, sign)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	for _, token := range []string{"", "not base64!", encode([]byte("not JSON"))} {
		if _, err := Parse(token, now(), sign); err == nil {
			t.Errorf("%q is read as a pass", token)
		}
	}
	if text, err := json.Marshal(valid); err != nil || encode(text) != valid.Encode() {
		t.Errorf("a challenge is encoded as %s: %v", valid.Encode(), err)
	}
}
