package sandbox_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/privacypass"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

const claim = "age_over18_united_kingdom"

// newPass gets a privacy pass like a client, so the sandbox never sees what it signs.
func newPass(t *testing.T, client *persona.Client, claim string) privacypass.Pass {
	t.Helper()
	challenge, err := client.Relays.RequestChallenge(t.Context(), persona.RelayRequestChallengeParams{ClaimType: claim, Sandbox: persona.Set(true)})
	ok(t, err)
	blinded, err := privacypass.Blind(challenge.Challenge, challenge.TokenKey, challenge.TokenKeyID)
	ok(t, err)
	signed, err := client.PrivacyPasses.Create(t.Context(), persona.PrivacyPassCreateParams{BlindedToken: blinded.Token, KeyID: challenge.TokenKeyID})
	ok(t, err)
	pass, err := blinded.Finish(signed.BlindSig)
	ok(t, err)
	return pass
}

// redeem uses a pass to get a claim.
func redeem(t *testing.T, client *persona.Client, relay *persona.Relay, pass privacypass.Pass) (*persona.RelayClaim, error) {
	t.Helper()
	return client.Relays.GenerateClaim(t.Context(), relay.RelayToken, persona.RelayGenerateClaimParams{PersonaRelaySecret: relay.RelaySecret},
		persona.WithHeader("Authorization", pass.Authorization()))
}

func newRelay(t *testing.T, client *persona.Client, pem string) *persona.Relay {
	t.Helper()
	params := persona.RelayCreateParams{ClaimType: claim, Sandbox: persona.Set(true)}
	if pem != "" {
		params.EncryptionKeyPEM = persona.Set(pem)
	}
	relay, err := client.Relays.Create(t.Context(), params)
	ok(t, err)
	return relay
}

// statusOf returns the status with which a call was refused, or 0.
func statusOf(err error) int {
	var refused *persona.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

func TestAPrivacyPassBuysTheResultOfARelayOnce(t *testing.T) {
	server := start(t, frozen())
	client := server.client()
	relay, bought := newRelay(t, client, ""), newPass(t, client, claim)
	if _, err := redeem(t, client, relay, bought); statusOf(err) != 403 {
		t.Errorf("before there is a result: %v", err)
	}
	server.Advance(time.Second)
	got, err := redeem(t, client, relay, bought)
	ok(t, err)
	want := `{"claim_result":"passed","claim_type":"age_over18_united_kingdom","methodology":[{"method":"document_selfie","result":"passed"}]}`
	if got.ClaimPayload != want || !got.TokenConsumed {
		t.Errorf("claim %+v", got)
	}
	if _, err := redeem(t, client, relay, bought); statusOf(err) != 401 {
		t.Errorf("the second time: %v", err)
	}
}

func TestAPersonWhoFailsCostsNoPrivacyPass(t *testing.T) {
	server := start(t, frozen())
	client := server.client()
	bought := newPass(t, client, claim)
	failing := newRelay(t, client, "")
	_, err := server.Act("sandbox", sandbox.Act{Do: "fail_relay", ID: failing.RelayToken})
	ok(t, err)
	got, err := redeem(t, client, failing, bought)
	ok(t, err)
	if got.TokenConsumed || got.ClaimPayload == "" {
		t.Errorf("claim %+v", got)
	}
	if _, err := server.Act("sandbox", sandbox.Act{Do: "fail_relay", ID: failing.RelayToken}); err == nil {
		t.Error("a relay has two results")
	}
	passing := newRelay(t, client, "")
	server.Advance(time.Second)
	if got, err = redeem(t, client, passing, bought); err != nil || !got.TokenConsumed {
		t.Errorf("claim %+v, error %v", got, err)
	}
}

func TestAClaimIsEncryptedForTheRelaysKey(t *testing.T) {
	server := start(t, frozen())
	client := server.client()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ok(t, err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	ok(t, err)
	relay := newRelay(t, client, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	server.Advance(time.Second)
	got, err := redeem(t, client, relay, newPass(t, client, claim))
	ok(t, err)
	ciphertext, err := base64.StdEncoding.DecodeString(got.ClaimPayload)
	ok(t, err)
	text, err := rsa.DecryptOAEP(sha256.New(), nil, key, ciphertext, nil)
	ok(t, err)
	var payload struct {
		Result string `json:"claim_result"`
	}
	ok(t, json.Unmarshal(text, &payload))
	if payload.Result != "passed" {
		t.Errorf("claim %s", text)
	}
}

func TestAPrivacyPassIsRefused(t *testing.T) {
	server := start(t, frozen())
	client := server.client()
	tests := map[string]func(pass *privacypass.Pass){
		"when its life was prolonged":               func(pass *privacypass.Pass) { pass.Challenge["expires_at"] = "2099-01-01T00:00:00Z" },
		"when its nonce is another than was signed": func(pass *privacypass.Pass) { pass.Nonce = "another" },
		"when it is for another type of claim":      func(pass *privacypass.Pass) { *pass = newPass(t, client, "live_human_presence") },
		"when it is empty":                          func(pass *privacypass.Pass) { *pass = privacypass.Pass{} },
		"when it is too old":                        func(*privacypass.Pass) { server.Advance(91 * 24 * time.Hour) },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			relay, good := newRelay(t, client, ""), newPass(t, client, claim)
			server.Advance(time.Second)
			spoil(&good)
			if _, err := redeem(t, client, relay, good); statusOf(err) != 401 {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestRelaysRefuseWhatTheyCannotServe(t *testing.T) {
	server := start(t, frozen())
	client := server.client()
	relay, bought := newRelay(t, client, ""), newPass(t, client, claim)
	wrong := *relay
	wrong.RelaySecret = "another"
	if _, err := redeem(t, client, &wrong, bought); statusOf(err) != 404 {
		t.Errorf("with another secret: %v", err)
	}
	for name, test := range map[string]struct {
		path, body string
		status     int
	}{
		"an unknown claim":               {"/api/privacy/v1/relays", `{"claim-type":"is_nice","encryption-key-pem":null}`, 422},
		"an encryption key that is none": {"/api/privacy/v1/relays", `{"claim-type":"` + claim + `","encryption-key-pem":"x"}`, 422},
		"an unknown claim to be asked":   {"/api/privacy/v1/relays/challenge", `{"claim-type":"is_nice"}`, 422},
		"a relay below the other base":   {"/api/v1/relays", `{"claim-type":"` + claim + `","encryption-key-pem":null}`, 404},
		"an inquiry below this base":     {"/api/privacy/v1/inquiries", `{}`, 404},
		"a key that signs no passes":     {"/api/v1/privacy-passes", `{"blinded-token":"AA","key-id":"x"}`, 404},
	} {
		t.Run(name, func(t *testing.T) {
			if status, _, doc := server.do("POST", test.path, test.body); status != test.status {
				t.Errorf("%d %v", status, doc)
			}
		})
	}
}
