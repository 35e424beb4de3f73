package casing

import (
	"strings"
	"unicode"
)

// verbatim reports whether the keys inside of an attribute are data, which a template or a
// caller defines.
func verbatim(key string) bool {
	switch key {
	case "fields", "parameters", "custom-http-headers", "payload-filter", "headers", "get-params", "post-params":
		return true
	}
	return false
}

// Inflect rewrites the keys of a document from kebab-case into another casing: snake, camel
// or kebab. The keys of fields do not change. Before 2025-10-27 those of inquiries, cases and
// transactions did, which the caller does (Persona changelog, 2025-10-27).
func Inflect(v any, casing string) any {
	if casing == "kebab" {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			if !verbatim(key) {
				value = Inflect(value, casing)
			}
			out[Cased(key, casing)] = value
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Inflect(v[i], casing)
		}
		return out
	default:
		return v
	}
}

// Cased returns a kebab-case key in another casing.
func Cased(key, casing string) string {
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

// FieldKey returns the kebab-case key of a field in another casing. In camel case a number
// keeps its hyphen, as observed at Persona: addressStreet-1.
func FieldKey(key, casing string) string {
	if casing != "camel" {
		return Cased(key, casing)
	}
	var b strings.Builder
	for i, word := range strings.Split(key, "-") {
		switch {
		case i == 0 || word == "":
			b.WriteString(word)
		case unicode.IsDigit(rune(word[0])):
			b.WriteString("-" + word)
		default:
			b.WriteString(Cased("-"+word, casing))
		}
	}
	return b.String()
}

// Kebab returns a key in kebab-case: address-street-1 for address_street_1 and
// addressStreet1.
func Kebab(key string) string {
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

// KebabKeys rewrites the keys of a request body into kebab-case. They may have any casing.
func KebabKeys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			key = Kebab(key)
			if !verbatim(key) {
				value = KebabKeys(value)
			}
			out[key] = value
		}
		return out
	case []any:
		for i := range v {
			v[i] = KebabKeys(v[i])
		}
		return v
	default:
		return v
	}
}
