package resources

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

const (
	oauthCodeLife  = 10 * time.Minute
	oauthTokenLife = time.Hour
	assertionLife  = 5 * time.Minute // Persona docs: OAuth
	assertionType  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// oauthOperations returns the operations that create access tokens. A token works like the
// API key that it was created with (Persona docs: OAuth).
func oauthOperations() map[string]engine.Operation {
	return map[string]engine.Operation{"OAuth.Authorize": authorizeOAuth, "OAuth.Token": oauthToken}
}

func authorizeOAuth(c *engine.Call) (*engine.Answer, error) {
	if c.Text("response-type") != "code" {
		return nil, engine.Unprocessable("response_type must be code", "/response-type")
	}
	code := c.Create("oauth-code", "oac", map[string]any{"scope": c.Text("scope"), "expires-at": simclock.Stamp(c.Now.Add(oauthCodeLife)), "used": false}, nil)
	return &engine.Answer{Status: 201, Document: map[string]any{"code": code.ID, "expires-in": int(oauthCodeLife.Seconds())}}, nil
}

func oauthToken(c *engine.Call) (*engine.Answer, error) {
	scope := c.Text("scope")
	switch grant := c.Text("grant-type"); grant {
	case "authorization_code":
		code := c.Edit(c.Text("code"))
		if code == nil || code.Typ != "oauth-code" {
			return nil, engine.NotFound("code is not found")
		}
		if code.Attributes["used"] == true || !c.Now.Before(code.Time("expires-at")) {
			return nil, engine.Conflict("the code was used, or has expired")
		}
		code.Attributes["used"] = true
		scope = code.Text("scope")
	case "client_credentials":
		if err := checkAssertion(c.Text("client-assertion-type"), c.Text("client-assertion"), c.Now); err != nil {
			return nil, err
		}
	default:
		return nil, engine.Unprocessable("grant_type must be authorization_code or client_credentials", "/grant-type")
	}
	token := c.Create("oauth-token", "oat", map[string]any{"scope": scope, "expires-at": simclock.Stamp(c.Now.Add(oauthTokenLife))}, map[string]any{"api-key": c.Key.Identifier()})
	return &engine.Answer{Status: 201, Document: map[string]any{
		"access-token": token.ID, "expires-in": int(oauthTokenLife.Seconds()), "scope": scope, "token-type": "Bearer",
	}}, nil
}

// checkAssertion checks a client's assertion, except for its signature, because no operation
// registers the client's public key.
func checkAssertion(kind, assertion string, now time.Time) error {
	if kind != assertionType {
		return engine.Unprocessable("client_assertion_type must be "+assertionType, "/client_assertion_type")
	}
	wrong := engine.Unprocessable("client_assertion must be a JWT by RS256 or ES256, with the client as iss and sub, and an exp within five minutes", "/client_assertion")
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 || parts[2] == "" {
		return wrong
	}
	var header struct{ Alg string }
	var claims struct {
		Iss, Sub string
		Exp      int64
	}
	if !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
		return wrong
	}
	ends := time.Unix(claims.Exp, 0)
	if header.Alg != "RS256" && header.Alg != "ES256" || claims.Iss == "" || claims.Iss != claims.Sub || !now.Before(ends) || ends.After(now.Add(assertionLife)) {
		return wrong
	}
	return nil
}

// decodePart decodes a part of a JWT.
func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}
