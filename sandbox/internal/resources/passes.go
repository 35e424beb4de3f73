package resources

import (
	"encoding/base64"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/passes"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	passKey   = "_private-key"
	passKeyID = "_key-id"
)

func requestChallenge(c *engine.Call) (*engine.Answer, error) {
	claim, err := claimType(c)
	if err != nil {
		return nil, err
	}
	key, err := signingKey(c, claim)
	if err != nil {
		return nil, err
	}
	public, id, err := key.Public()
	if err != nil {
		return nil, err
	}
	challenge := passes.NewChallenge(c.Now, c.Engine.Sign)
	return &engine.Answer{Document: map[string]any{"challenge": challenge.Encode(), "token-key": public, "token-key-id": id}}, nil
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
	key, err := passes.DecodeKey(stored.Text(passKey))
	if err != nil {
		return nil, err
	}
	blinded, err := base64.RawURLEncoding.DecodeString(c.Text("blinded-token"))
	if err != nil {
		return nil, engine.BadRequest("blinded_token must be base64url without padding")
	}
	signature, err := key.SignBlinded(blinded)
	if err != nil {
		return nil, engine.Unprocessable("blinded_token is not of the key's size", "/blinded-token")
	}
	return &engine.Answer{Status: 201, Document: map[string]any{"blind-sig": signature}}, nil
}

// signingKey returns the key that signs the passes of a type of claim. It creates the key on
// first use.
func signingKey(c *engine.Call, claim string) (passes.Key, error) {
	id := "relaykey_" + claim
	if stored := c.Get(id); stored != nil {
		return passes.DecodeKey(stored.Text(passKey))
	}
	key, err := passes.NewKey()
	if err != nil {
		return key, err
	}
	_, keyID, err := key.Public()
	if err != nil {
		return key, err
	}
	c.UseID("relaykey", id)
	c.Create("relay-key", "relaykey", map[string]any{relayClaim: claim, passKey: key.Encode(), passKeyID: keyID}, nil)
	return key, nil
}

// readPass checks a pass for a type of claim: its challenge, its signature, and that it was
// not used.
func readPass(c *engine.Call, token, claim string) (passes.Pass, error) {
	pass, err := passes.Parse(token, c.Now, c.Engine.Sign)
	if err != nil {
		return pass, engine.UnauthorizedFor(err.Error())
	}
	stored := c.Get("relaykey_" + claim)
	if stored == nil || stored.Text(passKeyID) != pass.KeyID {
		return pass, engine.UnauthorizedFor("the privacy pass is for another type of claim, or another environment")
	}
	key, err := passes.DecodeKey(stored.Text(passKey))
	if err != nil {
		return pass, err
	}
	if !pass.SignedBy(&key.PublicKey) {
		return pass, engine.UnauthorizedFor("the signature of the privacy pass is wrong")
	}
	if c.Get(usedID(pass)) != nil {
		return pass, engine.UnauthorizedFor("the privacy pass was used already")
	}
	return pass, nil
}

// markUsed makes a pass invalid.
func markUsed(c *engine.Call, pass passes.Pass) {
	c.UseID("spent", usedID(pass))
	c.Create("spent-pass", "spent", nil, nil)
}

func usedID(pass passes.Pass) string { return "spent_" + pass.ID() }
