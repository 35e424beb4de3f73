package privacypass

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/blindsign/blindrsa"
)

// Blinded is a token that is waiting to be signed.
type Blinded struct {
	Token string // the blinded token for Persona to sign, base64url

	client blindrsa.Client
	state  blindrsa.State
	pass   Pass
}

// Pass is a pass to redeem.
type Pass struct {
	Nonce     string         `json:"token_nonce"`
	Signature string         `json:"signature"` // base64url
	KeyID     string         `json:"key_id"`
	Challenge map[string]any `json:"challenge"` // as Persona gave it
}

// Blind creates a token for a challenge and a key, from the three values in Persona's
// answer to a challenge request.
func Blind(challenge, tokenKey, tokenKeyID string) (*Blinded, error) {
	b := &Blinded{pass: Pass{Nonce: rand.Text(), KeyID: tokenKeyID}}
	text, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return nil, fmt.Errorf("privacypass: read the challenge: %w", err)
	}
	if err := json.Unmarshal(text, &b.pass.Challenge); err != nil {
		return nil, fmt.Errorf("privacypass: read the challenge: %w", err)
	}
	mac, _ := b.pass.Challenge["mac"].(string)
	if mac == "" {
		return nil, errors.New("privacypass: the challenge has no MAC")
	}
	der, err := base64.RawURLEncoding.DecodeString(tokenKey)
	if err != nil {
		return nil, fmt.Errorf("privacypass: read the key: %w", err)
	}
	if sum := sha256.Sum256(der); base64.RawURLEncoding.EncodeToString(sum[:]) != tokenKeyID {
		return nil, errors.New("privacypass: the key's id is not its hash")
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("privacypass: read the key: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("privacypass: the key is not an RSA key")
	}
	if b.client, err = blindrsa.NewClient(blindrsa.SHA384PSSRandomized, key); err != nil {
		return nil, fmt.Errorf("privacypass: use the key: %w", err)
	}
	input := []byte{0, 2} // token type: blind RSA
	for _, text := range []string{b.pass.Nonce, mac, tokenKeyID} {
		sum := sha256.Sum256([]byte(text))
		input = append(input, sum[:]...)
	}
	token, state, err := b.client.Blind(rand.Reader, input)
	if err != nil {
		return nil, fmt.Errorf("privacypass: blind a token: %w", err)
	}
	b.Token, b.state = base64.RawURLEncoding.EncodeToString(token), state
	return b, nil
}

// Finish verifies Persona's signature and creates a pass from it.
func (b *Blinded) Finish(blindSig string) (Pass, error) {
	blind, err := base64.RawURLEncoding.DecodeString(blindSig)
	if err != nil {
		return Pass{}, fmt.Errorf("privacypass: read the signature: %w", err)
	}
	signature, err := b.client.Finalize(b.state, blind)
	if err != nil {
		return Pass{}, fmt.Errorf("privacypass: unblind the signature: %w", err)
	}
	pass := b.pass
	pass.Signature = base64.RawURLEncoding.EncodeToString(signature)
	return pass, nil
}

// Authorization returns the header that redeems a pass.
func (p Pass) Authorization() string {
	encoded, _ := json.Marshal(p) // cannot fail: it was JSON before
	return "PrivateToken token=" + base64.RawURLEncoding.EncodeToString(encoded)
}
