package storage

import (
	"strconv"
	"strings"
)

// PersonFields returns the types of the fields of the fixtures' inquiry template, by name:
// those of Persona's own template for identifying a person.
func PersonFields() map[string]string {
	return map[string]string{
		"name-first": "string", "name-middle": "string", "name-last": "string", "birthdate": "date",
		"address-street-1": "string", "address-street-2": "string", "address-city": "string", "address-subdivision": "string",
		"address-postal-code": "string", "address-country-code": "string", "email-address": "string", "phone-number": "string",
		"identification-number": "string", "identification-class": "string", "issue-date": "date", "expiration-date": "date",
		"issuing-authority": "string", "selected-country-code": "string", "selected-id-class": "string",
		"government-identification-number-map": "json", "current-government-id": "government_id", "current-selfie": "selfie",
	}
}

// NewInquiryFields returns the fields of a new inquiry, given their types by name. Only the
// selected country has a value.
func NewInquiryFields(types map[string]string) map[string]any {
	const country = "selected-country-code"
	fields := make(map[string]any, len(types))
	blank := make(map[string]map[string]any, len(types)) // fields without a value share one
	for name, typ := range types {
		if blank[typ] == nil {
			blank[typ] = TypedField(typ, nil)
		}
		fields[name] = blank[typ]
	}
	if types[country] == PersonFields()[country] {
		fields[country] = TypedField("string", "US")
	}
	return fields
}

// NewAccountFields returns the fields of a new account. They have no values.
func NewAccountFields() map[string]any {
	text := TypedField("string", nil) // fields without a value share one
	hash := func(names ...string) map[string]any {
		inner := make(map[string]any, len(names))
		for _, name := range names {
			inner[name] = text
		}
		return TypedField("hash", inner)
	}
	return map[string]any{
		"name":      hash("first", "middle", "last"),
		"address":   hash("street_1", "street_2", "city", "subdivision", "postal_code", "country_code"),
		"birthdate": TypedField("date", nil), "phone_number": text, "email_address": text,
		"identification_numbers": TypedField("array", nil), "selfie_photo": TypedField("file", nil),
	}
}

// TypedField returns a field as answers show it. A list is never null.
func TypedField(typ string, value any) map[string]any {
	if value == nil && (typ == "multi_choices" || typ == "array") {
		value = []any{}
	}
	return map[string]any{"type": typ, "value": value}
}

// Field returns a field as answers show it. Its type follows from the value, or from the
// name if it is that of a date.
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

// ValueOfText reads the value of a field from a text.
func ValueOfText(typ, text string) any {
	switch typ {
	case "boolean":
		if value, err := strconv.ParseBool(text); err == nil {
			return value
		}
	case "number":
		if value, err := strconv.ParseFloat(text, 64); err == nil {
			return value
		}
	case "multi_choices":
		values := []any{}
		for value := range strings.SplitSeq(text, ",") {
			values = append(values, value)
		}
		return values
	}
	return text
}
