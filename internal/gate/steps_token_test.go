package gate

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/cloudflare/circl/blindsign/blindrsa"
)

// tokenSteps get an access token, and have an anonymous person's claim told.
func tokenSteps() []step {
	const claim = `"claim-type":"age_over18_verified","sandbox":true`
	return []step{
		{call: "POST /oauth/authorize", form: "client-id=acme&response-type=code&scope=inquiry.read", keep: map[string]string{"code": "code"}},
		{call: "POST /oauth/token", form: "grant-type=authorization_code&code=<code>"},
		{call: "POST /oauth/token", form: "grant-type=authorization_code&code=<code>", want: 409},
		{call: "POST /relays", key: anonymous, body: `{` + claim + `,"encryption-key-pem":null}`, keep: map[string]string{"relay": "relay-token", "relay-secret": "relay-secret"}},
		{
			call: "POST /relays/challenge", key: anonymous, body: `{` + claim + `}`,
			keep: map[string]string{"challenge": "challenge", "token-key": "token-key", "token-key-id": "token-key-id"},
		},
		{device: blind},
		{call: "POST /privacy-passes", body: `{"blinded-token":"<blinded-token>","key-id":"<token-key-id>"}`, keep: map[string]string{"signature": "blind-sig"}},
		{device: unblind},
		{call: "POST /relays/<relay>/generate-claim", key: "PrivateToken token=<pass>", secret: "<relay-secret>"},
		{call: "POST /relays/<relay>/generate-claim", key: "PrivateToken token=<pass>", secret: "<relay-secret>", want: 409},
	}
}

// blind makes a token for the challenge, and blinds it: it keeps <token>, which only the
// person's device knows, <blinded-token>, and how to unblind its signature.
func blind(p *player) error {
	key, err := base64.RawURLEncoding.DecodeString(p.names["token-key"])
	if err != nil {
		return err
	}
	public, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		return err
	}
	rsaKey, ok := public.(*rsa.PublicKey)
	if !ok {
		return fmt.Errorf("the token key is a %T", public)
	}
	challenge, err := base64.RawURLEncoding.DecodeString(p.names["challenge"])
	if err != nil {
		return err
	}
	keyID, err := base64.RawURLEncoding.DecodeString(p.names["token-key-id"])
	if err != nil {
		return err
	}
	nonce := make([]byte, 32)
	_, _ = rand.Read(nonce) // never fails
	digest := sha256.Sum256(challenge)
	p.pass.input = bytes.Join([][]byte{{0, 2}, nonce, digest[:], keyID}, nil)
	if p.pass.client, err = blindrsa.NewClient(blindrsa.SHA384PSSDeterministic, rsaKey); err != nil {
		return err
	}
	prepared, err := p.pass.client.Prepare(rand.Reader, p.pass.input)
	if err != nil {
		return err
	}
	blinded, state, err := p.pass.client.Blind(rand.Reader, prepared)
	if err != nil {
		return err
	}
	p.pass.state = state
	p.names["blinded-token"] = base64.RawURLEncoding.EncodeToString(blinded)
	return nil
}

// unblind keeps the privacy pass: <pass>.
func unblind(p *player) error {
	signed, err := base64.RawURLEncoding.DecodeString(p.names["signature"])
	if err != nil {
		return err
	}
	signature, err := p.pass.client.Finalize(p.pass.state, signed)
	if err != nil {
		return err
	}
	p.names["pass"] = base64.RawURLEncoding.EncodeToString(append(p.pass.input, signature...))
	return nil
}

// privacyPass is what a device keeps to itself while its token is signed.
type privacyPass struct {
	client blindrsa.Client
	state  blindrsa.State
	input  []byte
}
