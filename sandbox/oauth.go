package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

const (
	oauthCodeLife  = 10 * time.Minute
	oauthTokenLife = time.Hour
	assertionLife  = 5 * time.Minute // Persona docs: OAuth
	assertionType  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// oauthOperations make access tokens, which work anywhere an API key does: as the key
// that they were made with (Persona docs: OAuth).
func oauthOperations() map[string]operation {
	return map[string]operation{"OAuth.Authorize": authorizeOAuth, "OAuth.Token": oauthToken}
}

func authorizeOAuth(c *call) (*answer, error) {
	if c.text("response-type") != "code" {
		return nil, unprocessable("response_type must be code", "/response-type")
	}
	code := c.create("oauth-code", "oac", map[string]any{"scope": c.text("scope"), "expires-at": stamp(c.now.Add(oauthCodeLife)), "used": false}, nil)
	return &answer{status: 201, document: map[string]any{"code": code.id, "expires-in": int(oauthCodeLife.Seconds())}}, nil
}

func oauthToken(c *call) (*answer, error) {
	scope := c.text("scope")
	switch grant := c.text("grant-type"); grant {
	case "authorization_code":
		code := c.edit(c.text("code"))
		if code == nil || code.typ != "oauth-code" {
			return nil, notFound("code is not found")
		}
		if code.attributes["used"] == true || !c.now.Before(code.time("expires-at")) {
			return nil, conflict("the code was used, or has expired")
		}
		code.attributes["used"] = true
		scope = code.text("scope")
	case "client_credentials":
		if err := checkAssertion(c.text("client-assertion-type"), c.text("client-assertion"), c.now); err != nil {
			return nil, err
		}
	default:
		return nil, unprocessable("grant_type must be authorization_code or client_credentials", "/grant-type")
	}
	token := c.create("oauth-token", "oat", map[string]any{"scope": scope, "expires-at": stamp(c.now.Add(oauthTokenLife))}, map[string]any{"api-key": c.key.identifier()})
	return &answer{status: 201, document: map[string]any{
		"access-token": token.id, "expires-in": int(oauthTokenLife.Seconds()), "scope": scope, "token-type": "Bearer",
	}}, nil
}

// checkAssertion reads a client's assertion. Its signature is not checked: no operation
// registers the client's public key.
func checkAssertion(kind, assertion string, now time.Time) error {
	if kind != assertionType {
		return unprocessable("client_assertion_type must be "+assertionType, "/client_assertion_type")
	}
	wrong := unprocessable("client_assertion must be a JWT by RS256 or ES256, with the client as iss and sub, and an exp within five minutes", "/client_assertion")
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

// decodePart reads a part of a JWT.
func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

// keyOfToken returns the API key that an access token stands for, or nil.
func (e *environment) keyOfToken(value string, now time.Time) *resource {
	token := e.get(value)
	if token == nil || token.typ != "oauth-token" || !now.Before(token.time("expires-at")) {
		return nil
	}
	return e.get(token.one("api-key"))
}
