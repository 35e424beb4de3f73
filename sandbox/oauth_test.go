package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestAnAccessTokenWorksLikeItsKeyForAnHour(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	code, err := client.OAuth.Authorize(t.Context(), persona.OAuthAuthorizeParams{ClientID: "acme", ResponseType: "code", Scope: "inquiry.read"})
	ok(t, err)
	params := persona.OAuthTokenParams{GrantType: persona.Set("authorization_code"), Code: persona.Set(code.Code)}
	token, err := client.OAuth.Token(t.Context(), params)
	ok(t, err)
	if token.Scope != "inquiry.read" || token.ExpiresIn != 3600 || token.TokenType != "Bearer" {
		t.Errorf("the token is %+v", token)
	}
	holder := server.client(persona.WithAPIKey(token.AccessToken))
	newInquiry(t, holder, "")
	if _, err := client.OAuth.Token(t.Context(), params); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("the code works twice: %v", err)
	}
	server.Advance(time.Hour)
	if _, err := holder.Inquiries.ListPage(t.Context(), persona.InquiryListParams{}); !errors.Is(err, persona.ErrUnauthorized) {
		t.Errorf("the token works after its time: %v", err)
	}
}

func TestAnAccessTokenEndsWithItsKey(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	key, err := server.client().APIKeys.Create(t.Context(), persona.APIKeyCreateParams{Name: "short"})
	ok(t, err)
	token, err := server.client(persona.WithAPIKey(key.Attributes.Value)).OAuth.Token(t.Context(), assertion(server, "ES256", "acme", "acme", time.Minute))
	ok(t, err)
	_, err = server.client().APIKeys.Expire(t.Context(), key.ID, persona.APIKeyExpireParams{ExpiresInSeconds: 0})
	ok(t, err)
	if _, err := server.client(persona.WithAPIKey(token.AccessToken)).Inquiries.ListPage(t.Context(), persona.InquiryListParams{}); !errors.Is(err, persona.ErrUnauthorized) {
		t.Errorf("it works without its key: %v", err)
	}
}

// assertion returns a request for a token with a client's JWT. The sandbox does not check its
// signature.
func assertion(server *server, algorithm, issuer, subject string, life time.Duration) persona.OAuthTokenParams {
	part := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	jwt := part(map[string]string{"alg": algorithm}) + "." + part(map[string]any{"iss": issuer, "sub": subject, "exp": server.Now().Add(life).Unix()}) + "." + part("signature")
	return persona.OAuthTokenParams{
		AssertionGrantType: persona.Set("client_credentials"), ClientAssertion: persona.Set(jwt),
		ClientAssertionType: persona.Set("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
	}
}

func TestTokensAreRefused(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	valid := assertion(server, "RS256", "acme", "acme", time.Minute)
	if _, err := server.client().OAuth.Token(t.Context(), valid); err != nil {
		t.Errorf("a valid assertion: %v", err)
	}
	otherType := valid
	otherType.ClientAssertionType = persona.Set("password")
	for name, test := range map[string]struct {
		params persona.OAuthTokenParams
		want   error
	}{
		"for a grant that there is not":        {persona.OAuthTokenParams{GrantType: persona.Set("password")}, persona.ErrInvalid},
		"for a code that there is not":         {persona.OAuthTokenParams{GrantType: persona.Set("authorization_code"), Code: persona.Set("oac_no")}, persona.ErrNotFound},
		"for another type of assertion":        {otherType, persona.ErrInvalid},
		"for an assertion by a shared secret":  {assertion(server, "HS256", "acme", "acme", time.Minute), persona.ErrInvalid},
		"for an assertion about somebody else": {assertion(server, "RS256", "acme", "other", time.Minute), persona.ErrInvalid},
		"for an assertion of an hour":          {assertion(server, "RS256", "acme", "acme", time.Hour), persona.ErrInvalid},
		"for an assertion that has expired":    {assertion(server, "RS256", "acme", "acme", -time.Minute), persona.ErrInvalid},
	} {
		if _, err := server.client().OAuth.Token(t.Context(), test.params); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := server.client().OAuth.Authorize(t.Context(), persona.OAuthAuthorizeParams{ClientID: "acme", ResponseType: "token", Scope: "all"}); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("another type of response: %v", err)
	}
}
