// Package passes implements the signatures of privacy passes. A pass is an RSA signature over
// a value that the signer has not seen (RFC 9474, RSABSSA-SHA384-PSS-Randomized). The value
// is the hashes of three texts, not the texts as in RFC 9578 (Persona docs: Challenge
// mechanism).
package passes

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cloudflare/circl/blindsign/blindrsa"
)

const (
	life   = 90 * 24 * time.Hour // Persona docs: Relay API usage
	issuer = "withpersona.com/api/v1/privacy-passes"

	// Origin is what the challenges of passes for relays are for.
	Origin = "/api/privacy/v1/relays"
)

// Challenge says what a pass is for and how long it is valid. The MAC protects it from
// changes by the client.
type Challenge struct {
	TokenType  int    `json:"token_type"`
	IssuerName string `json:"issuer_name"`
	OriginInfo string `json:"origin_info"`
	ExpiresAt  string `json:"expires_at"`
	MAC        string `json:"mac,omitempty"`
}

// NewChallenge returns a challenge for relays. Only the holder of the key of sign can compute
// its MAC.
func NewChallenge(now time.Time, sign func([]byte) []byte) Challenge {
	c := Challenge{TokenType: 2, IssuerName: issuer, OriginInfo: Origin}
	c.ExpiresAt = now.Add(life + time.Hour - 1).Truncate(time.Hour).UTC().Format(time.RFC3339)
	c.MAC = c.mac(sign)
	return c
}

// Encode returns the challenge as text.
func (c Challenge) Encode() string {
	encoded, _ := json.Marshal(c) // strings and a number only
	return encode(encoded)
}

func (c Challenge) mac(sign func([]byte) []byte) string {
	c.MAC = ""
	encoded, _ := json.Marshal(c) // strings and a number only
	return encode(sign(encoded))
}

// Pass is what a client builds from a signature.
type Pass struct {
	Nonce     string    `json:"token_nonce"`
	Signature string    `json:"signature"`
	KeyID     string    `json:"key_id"`
	Challenge Challenge `json:"challenge"`
}

// Parse reads a pass and checks its challenge in Persona's order: it is unchanged, has not
// expired and is for relays (Persona docs: Challenge mechanism). The errors are for the
// client.
func Parse(token string, now time.Time, sign func([]byte) []byte) (p Pass, err error) {
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(decoded, &p) != nil {
		return p, errors.New("the privacy pass cannot be read")
	}
	expires, err := time.Parse(time.RFC3339, p.Challenge.ExpiresAt)
	switch {
	case !hmac.Equal([]byte(p.Challenge.MAC), []byte(p.Challenge.mac(sign))):
		return p, errors.New("the challenge of the privacy pass was changed")
	case err != nil || !now.Before(expires):
		return p, errors.New("the privacy pass has expired")
	case p.Challenge.OriginInfo != Origin:
		return p, errors.New("the privacy pass is for something else")
	}
	return p, nil
}

// SignedBy reports whether the key has signed the pass.
func (p Pass) SignedBy(key *rsa.PublicKey) bool {
	signature, err := base64.RawURLEncoding.DecodeString(p.Signature)
	if err != nil {
		return false
	}
	verifier, err := blindrsa.NewVerifier(blindrsa.SHA384PSSRandomized, key)
	return err == nil && verifier.Verify(p.input(), signature) == nil
}

// ID returns the hash of what is signed, which identifies the pass.
func (p Pass) ID() string {
	sum := sha256.Sum256(p.input())
	return encode(sum[:])
}

// input returns the signed value: the token's type and the hashes of three texts.
func (p Pass) input() []byte {
	input := []byte{0, 2}
	for _, text := range []string{p.Nonce, p.Challenge.MAC, p.KeyID} {
		sum := sha256.Sum256([]byte(text))
		input = slices.Concat(input, sum[:])
	}
	return input
}

// Key signs passes.
type Key struct{ *rsa.PrivateKey }

// NewKey returns a random key.
func NewKey() (Key, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Key{}, fmt.Errorf("make a key for privacy passes: %w", err)
	}
	return Key{key}, nil
}

// DecodeKey reads what [Key.Encode] wrote.
func DecodeKey(text string) (Key, error) {
	der, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Key{}, fmt.Errorf("read a key of privacy passes: %w", err)
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return Key{}, fmt.Errorf("read a key of privacy passes: %w", err)
	}
	return Key{key}, nil
}

// Encode returns the key as text.
func (k Key) Encode() string { return encode(x509.MarshalPKCS1PrivateKey(k.PrivateKey)) }

// Public returns the public key, and its id.
func (k Key) Public() (key, id string, err error) {
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		return "", "", fmt.Errorf("encode the public key of privacy passes: %w", err)
	}
	sum := sha256.Sum256(der)
	return encode(der), encode(sum[:]), nil
}

// SignBlinded signs a blinded value, which must have the size of the key.
func (k Key) SignBlinded(blinded []byte) (string, error) {
	signature, err := blindrsa.NewSigner(k.PrivateKey).BlindSign(blinded)
	if err != nil {
		return "", fmt.Errorf("sign a blinded value: %w", err)
	}
	return encode(signature), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
