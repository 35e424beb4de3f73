package resources

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/cloudflare/circl/blindsign/blindrsa"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// A privacy pass is an RSA signature over a value that the sandbox has not seen (RFC 9474,
// RSABSSA-SHA384-PSS-Randomized). The value is the hashes of three texts, not the texts as
// in RFC 9578 (Persona docs: Challenge mechanism).

const (
	passLife   = 90 * 24 * time.Hour // Persona docs: Relay API usage
	passIssuer = "withpersona.com/api/v1/privacy-passes"
	passOrigin = "/api/privacy/v1/relays"
	passKey    = "_private-key" // PKCS #1, base64
	passKeyID  = "_key-id"
)

// passChallenge says what a pass is for and how long it is valid. The MAC protects it from
// changes by the client.
type passChallenge struct {
	TokenType  int    `json:"token_type"`
	IssuerName string `json:"issuer_name"`
	OriginInfo string `json:"origin_info"`
	ExpiresAt  string `json:"expires_at"`
	MAC        string `json:"mac,omitempty"`
}

// privacyPass is what a client builds from a signature.
type privacyPass struct {
	Nonce     string        `json:"token_nonce"`
	Signature string        `json:"signature"`
	KeyID     string        `json:"key_id"`
	Challenge passChallenge `json:"challenge"`
}

func requestChallenge(c *engine.Call) (*engine.Answer, error) {
	claim, err := claimType(c)
	if err != nil {
		return nil, err
	}
	stored, key, err := signingKey(c, claim)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("encode the public key of privacy passes: %w", err)
	}
	challenge := passChallenge{TokenType: 2, IssuerName: passIssuer, OriginInfo: passOrigin}
	challenge.ExpiresAt = c.Now.Add(passLife + time.Hour - 1).Truncate(time.Hour).UTC().Format(time.RFC3339)
	challenge.MAC = challengeMAC(c.Engine, challenge)
	encoded, _ := json.Marshal(challenge) // strings and a number only
	return &engine.Answer{Document: map[string]any{
		"challenge": base64.RawURLEncoding.EncodeToString(encoded), "token-key": base64.RawURLEncoding.EncodeToString(der), "token-key-id": stored.Text(passKeyID),
	}}, nil
}

// createPrivacyPass signs a blinded value.
func createPrivacyPass(c *engine.Call) (*engine.Answer, error) {
	var stored *storage.Resource
	for r := range c.All("relay-key") {
		if r.Text(passKeyID) == c.Text("key-id") {
			stored = r
		}
	}
	if stored == nil {
		return nil, engine.NotFound("key_id is not found")
	}
	key, err := privateKey(stored)
	if err != nil {
		return nil, err
	}
	blinded, err := base64.RawURLEncoding.DecodeString(c.Text("blinded-token"))
	if err != nil {
		return nil, engine.BadRequest("blinded_token must be base64url without padding")
	}
	signature, err := blindrsa.NewSigner(key).BlindSign(blinded)
	if err != nil {
		return nil, engine.Unprocessable("blinded_token is not of the key's size", "/blinded-token")
	}
	return &engine.Answer{Status: 201, Document: map[string]any{"blind-sig": base64.RawURLEncoding.EncodeToString(signature)}}, nil
}

// signingKey returns the key that signs the passes of a type of claim. It creates the key on
// first use.
func signingKey(c *engine.Call, claim string) (*storage.Resource, *rsa.PrivateKey, error) {
	id := "relaykey_" + claim
	if stored := c.Get(id); stored != nil {
		key, err := privateKey(stored)
		return stored, key, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key for privacy passes: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the public key of privacy passes: %w", err)
	}
	sum := sha256.Sum256(der)
	c.UseID("relaykey", id)
	stored := c.Create("relay-key", "relaykey", map[string]any{
		relayClaim: claim, passKey: base64.RawURLEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(key)), passKeyID: base64.RawURLEncoding.EncodeToString(sum[:]),
	}, nil)
	return stored, key, nil
}

func privateKey(stored *storage.Resource) (*rsa.PrivateKey, error) {
	der, err := base64.RawURLEncoding.DecodeString(stored.Text(passKey))
	if err != nil {
		return nil, fmt.Errorf("read a key of privacy passes: %w", err)
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("read a key of privacy passes: %w", err)
	}
	return key, nil
}

// challengeMAC returns the MAC of a challenge, which only this sandbox can compute.
func challengeMAC(e *engine.Engine, challenge passChallenge) string {
	challenge.MAC = ""
	encoded, _ := json.Marshal(challenge) // strings and a number only
	return base64.RawURLEncoding.EncodeToString(e.Sign(encoded))
}

// readPass checks a pass in Persona's order: the challenge is this sandbox's, has not
// expired and is for relays; the signature is valid; the pass was not used (Persona docs:
// Challenge mechanism). A pass is for one type of claim.
func readPass(c *engine.Call, token, claim string) (privacyPass, error) {
	var pass privacyPass
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(decoded, &pass) != nil {
		return pass, engine.UnauthorizedFor("the privacy pass cannot be read")
	}
	expires, err := time.Parse(time.RFC3339, pass.Challenge.ExpiresAt)
	switch {
	case !hmac.Equal([]byte(pass.Challenge.MAC), []byte(challengeMAC(c.Engine, pass.Challenge))):
		return pass, engine.UnauthorizedFor("the challenge of the privacy pass was changed")
	case err != nil || !c.Now.Before(expires):
		return pass, engine.UnauthorizedFor("the privacy pass has expired")
	case pass.Challenge.OriginInfo != passOrigin:
		return pass, engine.UnauthorizedFor("the privacy pass is for something else")
	}
	stored := c.Get("relaykey_" + claim)
	if stored == nil || stored.Text(passKeyID) != pass.KeyID {
		return pass, engine.UnauthorizedFor("the privacy pass is for another type of claim, or another environment")
	}
	key, err := privateKey(stored)
	if err != nil {
		return pass, err
	}
	verifier, err := blindrsa.NewVerifier(blindrsa.SHA384PSSRandomized, &key.PublicKey)
	if err != nil {
		return pass, fmt.Errorf("check a privacy pass: %w", err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(pass.Signature)
	if err != nil || verifier.Verify(passInput(pass), signature) != nil {
		return pass, engine.UnauthorizedFor("the signature of the privacy pass is wrong")
	}
	if c.Get(spentID(pass)) != nil {
		return pass, engine.UnauthorizedFor("the privacy pass was used already")
	}
	return pass, nil
}

// passInput returns the signed value: the token's type and the hashes of three texts.
func passInput(pass privacyPass) []byte {
	input := []byte{0, 2}
	for _, text := range []string{pass.Nonce, pass.Challenge.MAC, pass.KeyID} {
		sum := sha256.Sum256([]byte(text))
		input = slices.Concat(input, sum[:])
	}
	return input
}

// markUsed makes a pass invalid.
func markUsed(c *engine.Call, pass privacyPass) {
	c.UseID("spent", spentID(pass))
	c.Create("spent-pass", "spent", nil, nil)
}

func spentID(pass privacyPass) string {
	sum := sha256.Sum256(passInput(pass))
	return "spent_" + base64.RawURLEncoding.EncodeToString(sum[:])
}
