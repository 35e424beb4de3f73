package engine

import (
	"strings"
)

// Shortcuts are the attributes of requests, and of answers before 2025-10-27, that
// stand for fields of an account (OpenAPI 2025-12-08).
func Shortcuts() map[string]string {
	return map[string]string{
		"name-first": "name.first", "name-middle": "name.middle", "name-last": "name.last",
		"address-street-1": "address.street_1", "address-street-2": "address.street_2", "address-city": "address.city",
		"address-subdivision": "address.subdivision", "address-postal-code": "address.postal_code", "country-code": "address.country_code",
		"birthdate": "birthdate", "phone-number": "phone_number", "email-address": "email_address",
	}
}

// BareValue reads a field by its path, such as name.first.
func BareValue(fields any, path string) any {
	outer, inner, nested := strings.Cut(path, ".")
	m, _ := fields.(map[string]any)
	one, _ := m[outer].(map[string]any)
	if !nested {
		return one["value"]
	}
	return BareValue(one["value"], inner)
}
