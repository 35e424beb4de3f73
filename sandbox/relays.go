package sandbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
)

// Relays answer one question about a person, such as "over 18?", to someone who paid
// for the answer with a privacy pass, and who cannot be told from others who paid
// (Persona docs: Relay overview). passes.go has the passes.

const (
	privacyBase = "/api/privacy/v1" // where relays are (OpenAPI 2025-12-08)

	relayTime = time.Second // until a relay has its result

	relaySecret = "_secret"
	relayClaim  = "_claim-type"
	relayResult = "_result" // passed or failed
	relayPEM    = "_encryption-key-pem"
)

// claimTypes are the questions (OpenAPI 2025-12-08).
func claimTypes() []string {
	return []string{
		"live_human_presence", "age_over18_germany", "age_over18_united_kingdom", "age_over18_verified", "age_over18_france",
		"age_over18_italy", "age_over18_brazil", "age_over18_australia", "age_over16_australia", "age_over21_verified",
	}
}

func relayOperations() map[string]operation {
	return map[string]operation{
		"Relays.Create":           createRelay,
		"Relays.RequestChallenge": requestChallenge,
		"Relays.GenerateClaim":    generateClaim,
		"PrivacyPasses.Create":    createPrivacyPass,
	}
}

// relayEnvironment is where an anonymous call belongs: to the environment of its relay,
// or to the one that it names. It is called with an API key that may do everything.
func (s *Sandbox) relayEnvironment(op *persona.Operation, ids []string, body []byte) (*environment, *resource) {
	name := "production"
	if op.Name() == "Relays.GenerateClaim" {
		if s.environments["sandbox"].get(ids[0]) != nil {
			name = "sandbox"
		}
	} else {
		var told struct{ Sandbox bool }
		if json.Unmarshal(body, &told) == nil && told.Sandbox {
			name = "sandbox"
		}
	}
	return s.environments[name], &resource{typ: "api-key", attributes: map[string]any{"api-version": defaultVersion, "api-key-inflection": "kebab"}}
}

// anonymous reports whether an operation takes no API key.
func anonymous(op *persona.Operation) bool { return op != nil && op.Service == "Relays" }

func (c *call) claimType() (string, error) {
	claim := c.text("claim-type")
	if !slices.Contains(claimTypes(), claim) {
		return "", unprocessable("claim_type must be one of "+strings.Join(claimTypes(), ", "), "/claim-type")
	}
	return claim, nil
}

func createRelay(c *call) (*answer, error) {
	claim, err := c.claimType()
	if err != nil {
		return nil, err
	}
	if text := c.text("encryption-key-pem"); text != "" {
		if _, err := encryptionKey(text); err != nil {
			return nil, err
		}
	}
	secret := newID("secret")
	relay := c.create("relay", "relay", map[string]any{relayClaim: claim, relaySecret: secret, relayPEM: c.text("encryption-key-pem")}, nil)
	relay.attributes[sessionUntil] = stamp(c.now.Add(24 * time.Hour))
	c.remind(c.now.Add(relayTime), relay.id)
	return &answer{status: 201, document: map[string]any{
		"relay-token": relay.id, "relay-secret": secret, "relay-session-access-token": c.sandbox.sessionToken(relay, c.now),
	}}, nil
}

// relayDue gives a relay its result, unless it has one.
func (c *change) relayDue(relay *resource) {
	if relay.text(relayResult) == "" && !c.now.Before(relay.time("created-at").Add(relayTime)) {
		relay.attributes[relayResult] = "passed"
	}
}

// failRelay is the act of a person who does not pass.
func failRelay(_ *change, relay *resource, _ Act) (*resource, error) {
	if relay.text(relayResult) != "" {
		return nil, conflict("the relay has its result already")
	}
	relay.attributes[relayResult] = "failed"
	return relay, nil
}

// generateClaim trades a privacy pass for the result of a relay. A person who failed
// costs nothing: the pass can be used again.
func generateClaim(c *call) (*answer, error) {
	relay := c.get(c.ids[0])
	if relay == nil || relay.typ != "relay" || !hmac.Equal([]byte(relay.text(relaySecret)), []byte(c.header.Get("Persona-Relay-Secret"))) {
		return nil, notFound("")
	}
	given, ok := strings.CutPrefix(c.header.Get("Authorization"), "PrivateToken token=")
	if !ok {
		return nil, unauthorizedFor("a privacy pass is needed: Authorization: PrivateToken token=…")
	}
	pass, err := c.readPass(strings.Trim(given, `"`), relay.text(relayClaim))
	if err != nil {
		return nil, err
	}
	result := relay.text(relayResult)
	if result == "" {
		return nil, forbidden("the relay has no result yet")
	}
	if result == "passed" {
		c.spend(pass)
	}
	payload, err := claimPayload(relay)
	if err != nil {
		return nil, err
	}
	return &answer{document: map[string]any{"claim-payload": payload, "token-consumed": result == "passed"}}, nil
}

// claimPayload is what a relay found out: JSON, or its ciphertext for the key that the
// relay was made with.
func claimPayload(relay *resource) (string, error) {
	claim, result := relay.text(relayClaim), relay.text(relayResult)
	method := "document_selfie"
	if claim == "live_human_presence" {
		method = "live_selfie"
	}
	payload, _ := json.Marshal(map[string]any{ // strings only
		"claim_type": claim, "claim_result": result, "methodology": []any{map[string]any{"method": method, "result": result}},
	})
	if relay.text(relayPEM) == "" {
		return string(payload), nil
	}
	key, err := encryptionKey(relay.text(relayPEM))
	if err != nil {
		return "", err
	}
	ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, payload, nil)
	if err != nil {
		return "", unprocessable("the claim cannot be encrypted with this key", "")
	}
	return base64.StdEncoding.EncodeToString(ciphertext), nil
}

func encryptionKey(text string) (*rsa.PublicKey, error) {
	refused := unprocessable("encryption_key_pem must be an RSA public key of 2048 to 4096 bits", "/encryption-key-pem")
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

// withoutBase returns the path of an operation below its base. Relays have a
// base of their own, and nothing else is there.
func withoutBase(r *http.Request) (path string, private bool) {
	if path, private = strings.CutPrefix(r.URL.Path, privacyBase); private {
		return path, true
	}
	return strings.TrimPrefix(r.URL.Path, "/api/v1"), false
}
