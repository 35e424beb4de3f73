package sandbox

import (
	"strings"
	"unicode"
)

// verbatim are the attributes whose keys are data: the template or the caller
// defines them.
func verbatim(key string) bool {
	switch key {
	case "fields", "parameters", "custom-http-headers", "payload-filter", "metadata", "headers", "get-params", "post-params":
		return true
	}
	return false
}

// inflect rewrites the keys of a document from kebab-case into another casing.
// Fields keep theirs; before 2025-10-27 those of inquiries, cases and transactions
// did not (Persona changelog, 2025-10-27).
func inflect(v any, casing string) any {
	if casing == "kebab" {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			if !verbatim(key) {
				value = inflect(value, casing)
			}
			out[cased(key, casing)] = value
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = inflect(v[i], casing)
		}
		return out
	default:
		return v
	}
}

// cased writes a kebab-case key in a casing.
func cased(key, casing string) string {
	switch casing {
	case "snake":
		return strings.ReplaceAll(key, "-", "_")
	case "camel":
		head, tail, found := strings.Cut(key, "-")
		for found {
			var word string
			word, tail, found = strings.Cut(tail, "-")
			if word != "" {
				head += strings.ToUpper(word[:1]) + word[1:]
			}
		}
		return head
	default:
		return key
	}
}

// kebab writes a key of any casing in kebab-case: address-street-1 for
// address_street_1 and addressStreet1.
func kebab(key string) string {
	var b strings.Builder
	camel := strings.ContainsFunc(key, unicode.IsUpper)
	for i, r := range key {
		word := unicode.IsUpper(r) || camel && unicode.IsDigit(r) && !unicode.IsDigit(rune(key[max(i-1, 0)]))
		if word && i > 0 && key[i-1] != '-' && key[i-1] != '_' {
			b.WriteByte('-')
		}
		if r == '_' {
			r = '-'
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// kebabKeys rewrites the keys of a request body, which may come in any casing, into
// kebab-case.
func kebabKeys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			key = kebab(key)
			if !verbatim(key) {
				value = kebabKeys(value)
			}
			out[key] = value
		}
		return out
	case []any:
		for i := range v {
			v[i] = kebabKeys(v[i])
		}
		return v
	default:
		return v
	}
}
