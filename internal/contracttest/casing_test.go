package contracttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// verbatim reports whether the keys inside an attribute are data, which keep their casing
// because the customer or a template chose them (Persona docs: API key inflection).
func verbatim(key string) bool {
	switch key {
	case "fields", "parameters", "custom-http-headers", "payload-filter", "headers", "get-params", "post-params":
		return true
	}
	return false
}

// fieldsHaveCasing reports whether the names of a resource's fields are in the casing of
// the other keys (Persona changelog, 2025-10-27).
func fieldsHaveCasing(resource any, version string) bool {
	return version < "2025-10-27" && (resource == "case" || resource == "inquiry" || resource == "transaction")
}

// rekey converts the kebab-case keys of a JSON value of a version to another casing.
func rekey(value any, casing, version string) any {
	switch value := value.(type) {
	case map[string]any:
		changed := make(map[string]any, len(value))
		for key, inner := range value {
			if !verbatim(key) {
				inner = rekey(inner, casing, version)
			}
			changed[cased(key, casing)] = inner
		}
		if attributes, ok := changed["attributes"].(map[string]any); ok && fieldsHaveCasing(value["type"], version) && attributes["fields"] != nil {
			attributes["fields"] = rekeyFields(attributes["fields"], casing, version)
		}
		return changed
	case []any:
		changed := make([]any, len(value))
		for i, inner := range value {
			changed[i] = rekey(inner, casing, version)
		}
		return changed
	default:
		return value
	}
}

// rekeyFields converts the keys of fields. In camel case a number keeps its hyphen, as seen
// at Persona: addressStreet-1.
func rekeyFields(fields any, casing, version string) any {
	given, ok := fields.(map[string]any)
	if !ok {
		return fields
	}
	changed := make(map[string]any, len(given))
	for key, inner := range given {
		key, number, numbered := cutNumber(key)
		key = cased(key, casing)
		if numbered {
			key += map[string]string{"kebab": "-", "snake": "_", "camel": "-"}[casing] + number
		}
		changed[key] = rekey(inner, casing, version)
	}
	return changed
}

// cutNumber splits a kebab-case key before a number at its end.
func cutNumber(key string) (before, number string, found bool) {
	i := strings.LastIndexByte(key, '-')
	if i < 0 || strings.Trim(key[i+1:], "0123456789") != "" {
		return key, "", false
	}
	return key[:i], key[i+1:], true
}

// inflected converts the kebab-case keys of a JSON text of a version to another casing. The
// keys are sorted.
func inflected(body []byte, casing, version string) ([]byte, error) {
	value, err := decode(body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(rekey(value, casing, version))
}

// decode decodes JSON and keeps numbers as they are written.
func decode(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	return value, nil
}

// cased converts a kebab-case key to another casing.
func cased(key, casing string) string {
	switch casing {
	case "snake":
		return strings.ReplaceAll(key, "-", "_")
	case "camel":
		words := strings.Split(key, "-")
		for i, word := range words[1:] {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
		return strings.Join(words, "")
	default:
		return key
	}
}
