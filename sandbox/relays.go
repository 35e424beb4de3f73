package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cloudflare/circl/blindsign/blindrsa"

	"github.com/idemhq/idem/persona"
)

// Relays tell an anonymous person's claim, such as to be over 18: who redeems a token
// cannot be told from who it was issued to. The tokens are Privacy Passes of type 2,
// publicly verifiable by RSA blind signatures of 2048 bits (RFC 9577, RFC 9578).
const (
	privacyBase    = "/api/privacy/v1" // where relays are (OpenAPI 2025-12-08)
	passType       = 2
	passNonce      = 32
	relayLife      = 24 * time.Hour
	secretHeader   = "Persona-Relay-Secret"
	privateScheme  = "PrivateToken token="
	relayChallenge = "relay-challenge"
	spentToken     = "privacy-pass"
)

func relayOperations() map[string]operation {
	return map[string]operation{
		"Relays.Create":           createRelay,
		"Relays.RequestChallenge": requestChallenge,
		"Relays.GenerateClaim":    generateClaim,
		"PrivacyPasses.Create":    createPrivacyPass,
	}
}

// claimTypes are the claims there are (OpenAPI 2025-12-08).
func claimTypes() []string {
	return []string{
		"live_human_presence", "age_over18_germany", "age_over18_united_kingdom", "age_over18_verified", "age_over18_france", "age_over18_italy",
		"age_over18_brazil", "age_over18_australia", "age_over16_australia", "age_over21_verified",
	}
}

func (c *call) claimType() (string, error) {
	claim := c.text("claim-type")
	if !slices.Contains(claimTypes(), claim) {
		return "", unprocessable("claim_type is not a type of claim", "/claim-type")
	}
	return claim, nil
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

func createRelay(c *call) (*answer, error) {
	claim, err := c.claimType()
	if err != nil {
		return nil, err
	}
	key := c.text("encryption-key-pem")
	if key != "" && readEncryptionKey(key) == nil {
		return nil, unprocessable("encryption_key_pem must be the PEM of an RSA public key", "/encryption-key-pem")
	}
	secret := newID("relaysecret")
	relay := c.create("relay", "relay", map[string]any{
		"claim-type": claim, "encryption-key-pem": key, secretValue: secret, "expires-at": stamp(c.now.Add(relayLife)), "claimed": false,
	}, nil)
	return &answer{status: 201, document: map[string]any{"relay-token": relay.id, "relay-secret": secret, "relay-session-access-token": newID("rsat")}}, nil
}

func requestChallenge(c *call) (*answer, error) {
	claim, err := c.claimType()
	if err != nil {
		return nil, err
	}
	key, err := c.sandbox.passKey()
	if err != nil {
		return nil, err
	}
	challenge := tokenChallenge(c.host, claim)
	digest := sha256.Sum256(challenge)
	c.create(relayChallenge, "rch", map[string]any{"claim-type": claim, "digest": encode64(digest[:])}, nil)
	public, keyID := passKeyID(key)
	return &answer{document: map[string]any{"challenge": encode64(challenge), "token-key": encode64(public), "token-key-id": encode64(keyID)}}, nil
}

// tokenChallenge writes a TokenChallenge (RFC 9577, 2.1): for this sandbox, for one
// redemption, for a claim.
func tokenChallenge(issuer, claim string) []byte {
	var once [32]byte
	_, _ = rand.Read(once[:]) // never fails: crypto/rand
	b := binary.BigEndian.AppendUint16(nil, passType)
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(issuer))), issuer...)
	b = append(append(b, byte(len(once))), once[:]...)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(claim))), claim...)
}

// createPrivacyPass signs a token without seeing it.
func createPrivacyPass(c *call) (*answer, error) {
	key, err := c.sandbox.passKey()
	if err != nil {
		return nil, err
	}
	if _, keyID := passKeyID(key); c.text("key-id") != encode64(keyID) {
		return nil, notFound("key_id is not found")
	}
	blinded, err := decode64(c.text("blinded-token"))
	if err != nil {
		return nil, unprocessable("blinded_token must be base64url", "/blinded-token")
	}
	signature, err := blindrsa.NewSigner(key).BlindSign(blinded)
	if err != nil {
		return nil, unprocessable("blinded_token must be blinded for this key", "/blinded-token")
	}
	return &answer{status: 201, document: map[string]any{"blind-sig": encode64(signature)}}, nil
}

// generateClaim redeems a token for the claim of a relay.
func generateClaim(c *call) (*answer, error) {
	relay := c.edit(c.ids[0])
	if relay == nil || relay.typ != "relay" || c.header.Get(secretHeader) != relay.text(secretValue) {
		return nil, notFound("")
	}
	if relay.attributes["claimed"] == true || !c.now.Before(relay.time("expires-at")) {
		return nil, conflict("the relay's claim was made, or its time is over")
	}
	token, private := strings.CutPrefix(c.header.Get("Authorization"), privateScheme)
	nonce, digest, err := c.sandbox.verifyPass(strings.Trim(token, `"`))
	if !private || err != nil {
		return nil, &refusal{status: http.StatusUnauthorized, title: "Must be authenticated to access this endpoint", details: "the privacy pass is missing or not valid"}
	}
	challenge := c.env.firstOf(relayChallenge, digest)
	if challenge == nil || challenge.text("claim-type") != relay.text("claim-type") {
		return nil, unprocessable("the token is not for this claim", "")
	}
	if c.env.firstOf(spentToken, nonce) != nil {
		return nil, conflict("the token was spent before")
	}
	payload, err := claimPayload(relay, c.now)
	if err != nil {
		return nil, err
	}
	c.create(spentToken, "ppt", map[string]any{"nonce": nonce}, nil)
	relay.attributes["claimed"] = true
	return &answer{document: map[string]any{"claim-payload": payload, "token-consumed": true}}, nil
}

// verifyPass reads a token (RFC 9578, 6): its nonce and the digest of its challenge.
func (s *Sandbox) verifyPass(token string) (nonce, digest string, err error) {
	key, err := s.passKey()
	if err != nil {
		return "", "", err
	}
	_, keyID := passKeyID(key)
	signed := 2 + passNonce + sha256.Size + len(keyID)
	b, err := decode64(token)
	invalid := unauthorized("Token is invalid")
	if err != nil || len(b) != signed+key.Size() || binary.BigEndian.Uint16(b) != passType || !slices.Equal(b[signed-len(keyID):signed], keyID) {
		return "", "", invalid
	}
	verifier, err := blindrsa.NewVerifier(blindrsa.SHA384PSSDeterministic, &key.PublicKey)
	if err != nil || verifier.Verify(b[:signed], b[signed:]) != nil {
		return "", "", invalid
	}
	return encode64(b[2 : 2+passNonce]), encode64(b[2+passNonce : 2+passNonce+sha256.Size]), nil
}

// passKey is the key that signs tokens. It is made when it is needed first: that takes
// longer than all else at the start of a sandbox. The caller holds the lock.
func (s *Sandbox) passKey() (*rsa.PrivateKey, error) {
	if s.privacy == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		s.privacy = key
	}
	return s.privacy, nil
}

// passKeyID returns a key's public part in DER, and the id that it goes by.
func passKeyID(key *rsa.PrivateKey) (public, id []byte) {
	public, _ = x509.MarshalPKIXPublicKey(&key.PublicKey) // of RSA: never fails
	sum := sha256.Sum256(public)
	return public, sum[:]
}

// claimPayload says that the claim is true: as JSON, or encrypted for the relay's key.
func claimPayload(relay *resource, now time.Time) (string, error) {
	claim, _ := json.Marshal(map[string]any{"claim-type": relay.text("claim-type"), "result": true, "iat": now.Unix()}) // never fails
	if relay.text("encryption-key-pem") == "" {
		return string(claim), nil
	}
	return encrypt(readEncryptionKey(relay.text("encryption-key-pem")), claim)
}

// readEncryptionKey reads an RSA public key; nil for anything else.
func readEncryptionKey(text string) *rsa.PublicKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok || key.Size() < 256 {
		return nil
	}
	return key
}

func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode64(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// withoutBase returns the path of an operation below its base. Relays have a
// base of their own, and nothing else is there.
func withoutBase(r *http.Request) (path string, private bool) {
	if path, private = strings.CutPrefix(r.URL.Path, privacyBase); private {
		return path, true
	}
	return strings.TrimPrefix(r.URL.Path, "/api/v1"), false
}
