package contracttest

import (
	"time"

	"github.com/idemhq/idem/internal/privacypass"
)

// tokenSteps get an access token, and read an anonymous person's claim.
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
		{device: unblind, advance: time.Second},
		{call: "POST /relays/<relay>/generate-claim", key: "<pass>", secret: "<relay-secret>"},
		{call: "POST /relays/<relay>/generate-claim", key: "<pass>", secret: "<relay-secret>", want: 401},
	}
}

// blind creates a blinded token for the challenge and keeps it.
func blind(p *player) (err error) {
	if p.pass, err = privacypass.Blind(p.names["challenge"], p.names["token-key"], p.names["token-key-id"]); err != nil {
		return err
	}
	p.names["blinded-token"] = p.pass.Token
	return nil
}

// unblind keeps the encoded privacy pass.
func unblind(p *player) error {
	pass, err := p.pass.Finish(p.names["signature"])
	p.names["pass"] = pass.Authorization()
	return err
}
