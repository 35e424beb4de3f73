package resources

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// A relay answers one question about a person, such as whether they are over 18. The caller
// pays with a privacy pass and stays anonymous among all who have passes (Persona docs:
// Relay overview). passes.go implements the passes.

const (
	relayTime   = time.Second // until a relay has its result
	relaySecret = "_secret"
	relayClaim  = "_claim-type"
	relayPEM    = "_encryption-key-pem"
	RelayResult = "_result" // passed or failed
	relayAnswer = "_answer" // true when a person gave the result, or somebody has read it

	relaySessionTime = 30 * time.Minute // Persona docs: Relay embedded widget
)

// ClaimOf returns the type of claim that a relay asks for.
func ClaimOf(relay *storage.Resource) string { return relay.Text(relayClaim) }

// RelayAnswered reports whether the result of a relay can no longer change.
func RelayAnswered(relay *storage.Resource) bool { return relay.Attributes[relayAnswer] == true }

// AnswerRelay sets the result of a relay to what a person chose on the hosted page. It may
// replace the result that a relay gets without a person, but no answer and no result that was
// read.
func AnswerRelay(relay *storage.Resource, result string) {
	if !RelayAnswered(relay) {
		relay.Attributes[RelayResult], relay.Attributes[relayAnswer] = result, true
	}
}

// ClaimTypes returns the questions (OpenAPI 2025-12-08).
func ClaimTypes() []string {
	return []string{
		"live_human_presence", "age_over18_germany", "age_over18_united_kingdom", "age_over18_verified", "age_over18_france",
		"age_over18_italy", "age_over18_brazil", "age_over18_australia", "age_over16_australia", "age_over21_verified",
	}
}

func relayOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Relays.Create":           createRelay,
		"Relays.RequestChallenge": requestChallenge,
		"Relays.GenerateClaim":    generateClaim,
		"PrivacyPasses.Create":    createPrivacyPass,
	}
}

// claimType returns the type of claim that a request names.
func claimType(c *engine.Call) (string, error) {
	claim := c.Text("claim-type")
	if !slices.Contains(ClaimTypes(), claim) {
		return "", engine.Unprocessable("claim_type must be one of "+strings.Join(ClaimTypes(), ", "), "/claim-type")
	}
	return claim, nil
}

func createRelay(c *engine.Call) (*engine.Answer, error) {
	claim, err := claimType(c)
	if err != nil {
		return nil, err
	}
	if text := c.Text("encryption-key-pem"); text != "" {
		if _, err := encryptionKey(text); err != nil {
			return nil, err
		}
	}
	secret := storage.NewID("secret")
	relay := c.Create("relay", "relay", map[string]any{relayClaim: claim, relaySecret: secret, relayPEM: c.Text("encryption-key-pem")}, nil)
	relay.Attributes[sessionUntil] = simclock.Stamp(c.Now.Add(relaySessionTime))
	c.Schedule(c.Now.Add(relayTime), relay.ID)
	return &engine.Answer{Status: 201, Document: map[string]any{
		"relay-token": relay.ID, "relay-secret": secret, "relay-session-access-token": SessionToken(c.Engine, relay, c.Now),
	}}, nil
}

// relayDue sets the result of a relay that has none.
func relayDue(c *engine.Change, relay *storage.Resource) {
	if relay.Text(RelayResult) == "" && !c.Now.Before(relay.Time("created-at").Add(relayTime)) {
		relay.Attributes[RelayResult] = "passed"
	}
}

// generateClaim returns the result of a relay and marks the privacy pass as used. If the
// person failed, the pass can be used again.
func generateClaim(c *engine.Call) (*engine.Answer, error) {
	relay := c.Edit(c.IDs[0])
	if relay == nil || relay.Typ != "relay" || !hmac.Equal([]byte(relay.Text(relaySecret)), []byte(c.Header.Get("Persona-Relay-Secret"))) {
		return nil, engine.NotFound("")
	}
	given, ok := strings.CutPrefix(c.Header.Get("Authorization"), "PrivateToken token=")
	if !ok {
		return nil, engine.UnauthorizedFor("a privacy pass is needed: Authorization: PrivateToken token=…")
	}
	pass, err := readPass(c, strings.Trim(given, `"`), relay.Text(relayClaim))
	if err != nil {
		return nil, err
	}
	result := relay.Text(RelayResult)
	if result == "" {
		return nil, engine.Forbidden("the relay has no result yet")
	}
	if result == "passed" {
		markUsed(c, pass)
	}
	payload, err := claimPayload(relay)
	if err != nil {
		return nil, err
	}
	relay.Attributes[relayAnswer] = true
	return &engine.Answer{Document: map[string]any{"claim-payload": payload, "token-consumed": result == "passed"}}, nil
}

// claimPayload returns the result of a relay as JSON, encrypted if the relay has a key.
func claimPayload(relay *storage.Resource) (string, error) {
	claim, result := relay.Text(relayClaim), relay.Text(RelayResult)
	method := "document_selfie"
	if claim == "live_human_presence" {
		method = "live_selfie"
	}
	payload, _ := json.Marshal(map[string]any{ // strings only
		"claim_type": claim, "claim_result": result, "methodology": []any{map[string]any{"method": method, "result": result}},
	})
	if relay.Text(relayPEM) == "" {
		return string(payload), nil
	}
	key, err := encryptionKey(relay.Text(relayPEM))
	if err != nil {
		return "", err
	}
	ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, payload, nil)
	if err != nil {
		return "", engine.Unprocessable("the claim cannot be encrypted with this key", "")
	}
	return base64.StdEncoding.EncodeToString(ciphertext), nil
}

// encryptionKey parses the key for which claims are encrypted.
func encryptionKey(text string) (*rsa.PublicKey, error) {
	refused := engine.Unprocessable("encryption_key_pem must be an RSA public key of 2048 to 4096 bits", "/encryption-key-pem")
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, refused
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, refused
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < 2048 || key.N.BitLen() > 4096 {
		return nil, refused
	}
	return key, nil
}
