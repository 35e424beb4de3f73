package domain_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

func TestAccessTokensOfFilesAreWithheld(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"text without a token":             {`{"a":"https://x/y?b=c"}`, `{"a":"https://x/y?b=c"}`},
		"a token at the end":               {`{"a":"https://x/y.jpg?access_token=ACv6-_.~%3D=/+"}`, `{"a":"https://x/y.jpg?access_token=withheld"}`},
		"a token before a parameter":       {`{"a":"?access_token=s3cret&b=c"}`, `{"a":"?access_token=withheld&b=c"}`},
		"a token before an escaped &":      {`{"a":"?access_token=s3cret\u0026b=c"}`, `{"a":"?access_token=withheld\u0026b=c"}`},
		"a token with escaped characters":  {`{"a":"?access_token=s3c\/ret\u002b1"}`, `{"a":"?access_token=withheld"}`},
		"several tokens":                   {`["?access_token=one","?access_token=two"]`, `["?access_token=withheld","?access_token=withheld"]`},
		"the other spelling":               {`{"a":"?access-token=s3cret"}`, `{"a":"?access-token=withheld"}`},
		"an empty token":                   {`{"a":"?access_token="}`, `{"a":"?access_token=withheld"}`},
		"JSON within a string":             {`{"a":"{\"b\":\"?access_token=s3cret\"}"}`, `{"a":"{\"b\":\"?access_token=withheld\"}"}`},
		"a token that was withheld":        {`{"a":"?access_token=withheld"}`, `{"a":"?access_token=withheld"}`},
		"text that ends within a token":    {`{"a":"?access_token=s3cret`, `{"a":"?access_token=withheld`},
		"text that ends within an escape":  {`{"a":"?access_token=s3cret\`, `{"a":"?access_token=withheld\`},
		"text that ends after an escape":   {`{"a":"?access_token=s3cret\/`, `{"a":"?access_token=withheld`},
		"a parameter that only begins so":  {`{"a":"?access_tokens=x"}`, `{"a":"?access_tokens=x"}`},
		"a parameter whose name ends thus": {`{"a":"?relay_access_token=s3cret"}`, `{"a":"?relay_access_token=withheld"}`},
	} {
		if got := string(domain.WithoutFileTokens([]byte(test.text))); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// Whatever the JSON, nothing but tokens is changed, and no token is left.
func FuzzAccessTokensOfFilesAreWithheld(f *testing.F) {
	f.Add("https://files.withpersona.com/a.jpg", "ACv6", "&b=c")
	f.Add(`"\`, `\"\\u0026`, "\u2028\n")
	f.Fuzz(func(t *testing.T, before, token, after string) {
		value := map[string]string{"url": before + "?access_token=" + token + "&" + after}
		text, err := json.Marshal(value)
		if err != nil {
			t.Skip()
		}
		got := domain.WithoutFileTokens(text)
		if !json.Valid(got) {
			t.Fatalf("%s became %s", text, got)
		}
		if again := domain.WithoutFileTokens(got); !bytes.Equal(again, got) {
			t.Fatalf("%s became %s the second time", got, again)
		}
		if len(token) > 8 && !strings.ContainsAny(token, "&#\"\\ \n\r\t") && !strings.Contains(before+after, token) && strings.Contains(string(got), token) {
			t.Fatalf("%s still has the token", got)
		}
	})
}
