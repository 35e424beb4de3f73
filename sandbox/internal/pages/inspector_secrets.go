package pages

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/idemhq/idem/sandbox/internal/casing"
)

const (
	longestText = 4_000    // characters of one value that a page shows
	longestCode = 64 << 10 // bytes of JSON that a page shows
)

// secretTexts are patterns of secrets that may be in any text: API keys, webhook secrets,
// tokens of sessions, codes of OAuth, and one-time links.
var secretTexts = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`persona_(?:sandbox|production)_[\w-]{8,}`),
		regexp.MustCompile(`wbhsec_[\w-]{8,}`),
		regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`),
		regexp.MustCompile(`\boac_[\w-]{8,}`),
		regexp.MustCompile(`\bus1-[\w-]{8,}`),
	}
})

// accessTokens are the tokens in addresses of files.
var accessTokens = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(access_token=)[\w.%-]+`) })

// mask hides a secret except for its end, and for a prefix that says what it is.
func mask(secret string) string {
	start := 0
	for _, prefix := range []string{"persona_sandbox_", "persona_production_", "wbhsec_"} {
		if strings.HasPrefix(secret, prefix) {
			start = len(prefix)
		}
	}
	if len(secret)-start < 12 {
		return secret[:start] + "••••"
	}
	return secret[:start] + "••••" + secret[len(secret)-4:]
}

// masked returns a copy of a value in which every secret is masked and every long text is cut.
// The name of a value or its form says what is a secret.
func masked(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			switch {
			case secretName(name), name == "value" && v["name"] == nil && isSecretHolder(v):
				out[name] = maskedWhole(inner)
			default:
				out[name] = masked(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = masked(inner)
		}
		return out
	case string:
		return maskedText(v)
	default:
		return value
	}
}

// maskedNamed is [masked] for a value with a name.
func maskedNamed(name string, value any) any {
	if secretName(name) {
		return maskedWhole(value)
	}
	return masked(value)
}

// isSecretHolder reports whether a map is an entry of a webhook's secrets: it has a value and
// says when that expires.
func isSecretHolder(m map[string]any) bool {
	_, kebab := m["expires-at"]
	_, snake := m["expires_at"]
	_, camel := m["expiresAt"]
	return kebab || snake || camel
}

// maskedWhole masks every text in a secret value.
func maskedWhole(value any) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return v
		}
		return mask(v)
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = maskedWhole(inner)
		}
		return out
	default:
		return masked(value)
	}
}

func maskedText(text string) string {
	if n := utf8.RuneCountInString(text); n > longestText {
		text = string([]rune(text)[:longestText]) + fmt.Sprintf("… (%d characters)", n)
	}
	if !strings.ContainsAny(text, "_.-") {
		return text
	}
	for _, secret := range secretTexts() {
		text = secret.ReplaceAllStringFunc(text, mask)
	}
	return text
}

func secretName(name string) bool {
	name = casing.Kebab(name)
	return slices.ContainsFunc([]string{"secret", "token", "password", "authorization", "assertion"}, func(word string) bool {
		return name == word || name == word+"s" || strings.HasSuffix(name, "-"+word) || strings.HasSuffix(name, "-"+word+"s")
	})
}

// indented returns a value as JSON for a page, masked and at most longestCode bytes long.
func indented(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // the template escapes
	encoder.SetIndent("", "  ")
	if encoder.Encode(masked(value)) != nil {
		return ""
	}
	text := accessTokens().ReplaceAllString(strings.TrimSuffix(b.String(), "\n"), "$1••••")
	if len(text) > longestCode {
		text = strings.ToValidUTF8(text[:longestCode], "") + fmt.Sprintf("\n… (%d bytes)", len(text))
	}
	return text
}

// shownBody returns a JSON body of a call for a page, or why it is not shown.
func shownBody(body []byte, size int) string {
	var value any
	switch {
	case size == 0:
		return ""
	case body == nil:
		return fmt.Sprintf("%d bytes: too large to be kept", size)
	case json.Unmarshal(body, &value) != nil:
		return fmt.Sprintf("%d bytes that are not JSON", size)
	}
	return indented(value)
}
