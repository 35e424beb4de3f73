package storage

import (
	"strings"
)

// PersonFields returns the names of the fields of the fixtures' inquiry template.
func PersonFields() []string {
	return []string{
		"name-first", "name-middle", "name-last", "birthdate", "email-address", "phone-number", "identification-number",
		"address-street-1", "address-street-2", "address-city", "address-subdivision", "address-postal-code", "address-country-code",
	}
}

// BlankFields returns fields without values.
func BlankFields(names []string) map[string]any {
	fields := map[string]any{}
	for _, name := range names {
		fields[name] = Field(name, nil)
	}
	return fields
}

// Field returns a field as answers show it: a value with its type.
func Field(name string, value any) map[string]any {
	typ := "string"
	switch value.(type) {
	case bool:
		typ = "boolean"
	case float64:
		typ = "number"
	case []any:
		typ = "multi_choices"
	case map[string]any:
		typ = "json"
	}
	if strings.HasSuffix(name, "birthdate") {
		typ = "date"
	}
	return map[string]any{"type": typ, "value": value}
}
