package storage

import (
	"strings"
)

// PersonFields are the fields of the fixtures' inquiry template, by name.
func PersonFields() []string {
	return []string{
		"name-first", "name-middle", "name-last", "birthdate", "email-address", "phone-number", "identification-number",
		"address-street-1", "address-street-2", "address-city", "address-subdivision", "address-postal-code", "address-country-code",
	}
}

func BlankFields(names []string) map[string]any {
	fields := map[string]any{}
	for _, name := range names {
		fields[name] = Field(name, nil)
	}
	return fields
}

// Field writes a field as reads show it.
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
