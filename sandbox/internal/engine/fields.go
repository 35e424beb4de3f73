package engine

import (
	"strconv"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

// AccountShortcuts returns the attributes that stand for fields of an account, in requests
// and in answers before 2025-10-27, with the path of the field (OpenAPI 2025-12-08).
func AccountShortcuts() map[string]string {
	return map[string]string{
		"name-first": "name.first", "name-middle": "name.middle", "name-last": "name.last",
		"address-street-1": "address.street_1", "address-street-2": "address.street_2", "address-city": "address.city",
		"address-subdivision": "address.subdivision", "address-postal-code": "address.postal_code", "country-code": "address.country_code",
		"birthdate": "birthdate", "phone-number": "phone_number", "email-address": "email_address",
	}
}

// FieldAt returns the value of a field by its path, such as name.first.
func FieldAt(fields any, path string) any {
	outer, inner, nested := strings.Cut(path, ".")
	m, _ := fields.(map[string]any)
	field, _ := m[outer].(map[string]any)
	if !nested {
		return field["value"]
	}
	return FieldAt(field["value"], inner)
}

// SearchedField returns the value of a resource's field by the name that a search uses,
// such as fields.amount.
func SearchedField(r *storage.Resource, name string) any {
	fields, _ := r.Attributes["fields"].(map[string]any)
	field, _ := fields[strings.TrimPrefix(name, "fields.")].(map[string]any)
	return field["value"]
}

// TextOf returns a string, a boolean or a number as text, and "" for anything else.
func TextOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return ""
	}
}
