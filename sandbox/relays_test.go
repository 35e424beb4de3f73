package sandbox_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/cloudflare/circl/blindsign/blindrsa"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

const claim = "age_over18_verified"

func decode64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	ok(t, err)
	return b
}

// pass gets a token for a claim as an anonymous person's device does: what it sends to
// be signed tells nothing of the token.
func pass(t *testing.T, client *persona.Client, claim string) string {
	t.Helper()
	challenge, err := client.Relays.RequestChallenge(t.Context(), persona.RelayRequestChallengeParams{ClaimType: claim, Sandbox: persona.Set(true)})
	ok(t, err)
	parsed, err := x509.ParsePKIXPublicKey(decode64(t, challenge.TokenKey))
	ok(t, err)
	blinder, err := blindrsa.NewClient(blindrsa.SHA384PSSDeterministic, parsed.(*rsa.PublicKey))
	ok(t, err)
	nonce := make([]byte, 32)
	_, _ = rand.Read(nonce)
	digest := sha256.Sum256(decode64(t, challenge.Challenge))
	input := bytes.Join([][]byte{{0, 2}, nonce, digest[:], decode64(t, challenge.TokenKeyID)}, nil)
	prepared, err := blinder.Prepare(rand.Reader, input)
	ok(t, err)
	blinded, state, err := blinder.Blind(rand.Reader, prepared)
	ok(t, err)
	signed, err := client.PrivacyPasses.Create(t.Context(), persona.PrivacyPassCreateParams{
		BlindedToken: base64.RawURLEncoding.EncodeToString(blinded), KeyID: challenge.TokenKeyID,
	})
	ok(t, err)
	signature, err := blinder.Finalize(state, decode64(t, signed.BlindSig))
	ok(t, err)
	return base64.RawURLEncoding.EncodeToString(append(input, signature...))
}

func redeem(t *testing.T, client *persona.Client, relay *persona.Relay, token string) (*persona.RelayClaim, error) {
	return client.Relays.GenerateClaim(t.Context(), relay.RelayToken, persona.RelayGenerateClaimParams{PersonaRelaySecret: relay.RelaySecret},
		persona.WithHeader("Authorization", "PrivateToken token="+token))
}

func newRelay(t *testing.T, client *persona.Client, key string) *persona.Relay {
	t.Helper()
	params := persona.RelayCreateParams{ClaimType: claim, Sandbox: persona.Set(true), EncryptionKeyPEM: persona.Null[string]()}
	if key != "" {
		params.EncryptionKeyPEM = persona.Set(key)
	}
	relay, err := client.Relays.Create(t.Context(), params)
	ok(t, err)
	return relay
}

func TestAPrivacyPassIsSpentOnceForAClaim(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	token := pass(t, client, claim)
	relay := newRelay(t, client, "")
	if _, err := redeem(t, client, relay, "AAAA"); !errors.Is(err, persona.ErrUnauthorized) {
		t.Errorf("a token that is none: %v", err)
	}
	forged := strings.Repeat("A", 16) + token[16:]
	if _, err := redeem(t, client, relay, forged); !errors.Is(err, persona.ErrUnauthorized) {
		t.Errorf("a token that was changed: %v", err)
	}
	if _, err := redeem(t, client, relay, pass(t, client, "age_over21_verified")); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("a token for another claim: %v", err)
	}
	stranger := *relay
	stranger.RelaySecret = "guessed"
	if _, err := redeem(t, client, &stranger, token); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("without the relay's secret: %v", err)
	}
	got, err := redeem(t, client, relay, token)
	ok(t, err)
	if !got.TokenConsumed || !strings.Contains(got.ClaimPayload, `"result":true`) {
		t.Errorf("the claim is %+v", got)
	}
	if _, err := redeem(t, client, newRelay(t, client, ""), token); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a token that was spent: %v", err)
	}
	if _, err := redeem(t, client, relay, pass(t, client, claim)); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a second claim of a relay: %v", err)
	}
}

func TestAClaimIsEncryptedForTheRelaysKey(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ok(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	ok(t, err)
	relay := newRelay(t, client, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	got, err := redeem(t, client, relay, pass(t, client, claim))
	ok(t, err)
	parts := strings.Split(got.ClaimPayload, ".")
	if len(parts) != 5 {
		t.Fatalf("it is no JWE: %s", got.ClaimPayload)
	}
	content, err := rsa.DecryptOAEP(sha256.New(), nil, key, decode64(t, parts[1]), nil)
	ok(t, err)
	block, err := aes.NewCipher(content)
	ok(t, err)
	gcm, err := cipher.NewGCM(block)
	ok(t, err)
	text, err := gcm.Open(nil, decode64(t, parts[2]), append(decode64(t, parts[3]), decode64(t, parts[4])...), []byte(parts[0]))
	ok(t, err)
	if !strings.Contains(string(text), claim) {
		t.Errorf("the claim is %s", text)
	}
}

func TestRelaysAreRefused(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	if _, err := client.Relays.Create(t.Context(), persona.RelayCreateParams{ClaimType: "be_tall", EncryptionKeyPEM: persona.Null[string]()}); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("a claim that there is not: %v", err)
	}
	if _, err := client.Relays.Create(t.Context(), persona.RelayCreateParams{ClaimType: claim, EncryptionKeyPEM: persona.Set("no key")}); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("a key that is none: %v", err)
	}
	if _, err := client.PrivacyPasses.Create(t.Context(), persona.PrivacyPassCreateParams{BlindedToken: "AAAA", KeyID: "other"}); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("a key that there is not: %v", err)
	}
	challenge, err := client.Relays.RequestChallenge(t.Context(), persona.RelayRequestChallengeParams{ClaimType: claim})
	ok(t, err)
	for _, blinded := range []string{"AAAA", "not base64!"} {
		if _, err := client.PrivacyPasses.Create(t.Context(), persona.PrivacyPassCreateParams{BlindedToken: blinded, KeyID: challenge.TokenKeyID}); !errors.Is(err, persona.ErrInvalid) {
			t.Errorf("a token that is not blinded: %v", err)
		}
	}
	for _, path := range []string{"/api/v1/relays", "/api/privacy/v1/inquiries"} {
		if status, _, _ := server.do("POST", path, "{}"); status != 404 {
			t.Errorf("%s answers %d", path, status)
		}
	}
}
