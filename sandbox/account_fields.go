package sandbox

import (
	"maps"
	"strings"
)

// shortcuts are the attributes of requests, and of answers before 2025-10-27, that
// stand for fields of an account (OpenAPI 2025-12-08).
func shortcuts() map[string]string {
	return map[string]string{
		"name-first": "name.first", "name-middle": "name.middle", "name-last": "name.last",
		"address-street-1": "address.street_1", "address-street-2": "address.street_2", "address-city": "address.city",
		"address-subdivision": "address.subdivision", "address-postal-code": "address.postal_code", "country-code": "address.country_code",
		"birthdate": "birthdate", "phone-number": "phone_number", "email-address": "email_address",
	}
}

// accountFields are the fields that a request writes, as bare values: those of
// fields, and those by their shortcuts.
func (c *call) accountFields() map[string]any {
	written := map[string]any{}
	for name, value := range c.object("data.attributes.fields") {
		written[strings.ReplaceAll(kebab(name), "-", "_")] = value
	}
	for name, value := range c.object("data.attributes") {
		if path, known := shortcuts()[name]; known {
			place(written, path, value)
		}
	}
	return written
}

// place writes a bare value at a path, such as name.first.
func place(written map[string]any, path string, value any) {
	outer, inner, nested := strings.Cut(path, ".")
	if !nested {
		written[outer] = value
		return
	}
	hash, _ := written[outer].(map[string]any)
	hash = maps.Clone(hash)
	if hash == nil {
		hash = map[string]any{}
	}
	hash[inner] = value
	written[outer] = hash
}

// mergeFields writes bare values into fields: into those of a hash one by one.
func mergeFields(have, written map[string]any) map[string]any {
	merged := maps.Clone(have)
	if merged == nil {
		merged = map[string]any{}
	}
	for name, value := range written {
		old, _ := merged[name].(map[string]any)
		merged[name] = typedField(name, value, old)
	}
	return merged
}

func typedField(name string, value any, old map[string]any) map[string]any {
	switch value := value.(type) {
	case map[string]any:
		inner, _ := old["value"].(map[string]any)
		snake := map[string]any{}
		for key, v := range value {
			snake[strings.ReplaceAll(kebab(key), "-", "_")] = v
		}
		return map[string]any{"type": "hash", "value": mergeFields(inner, snake)}
	case []any:
		list := []any{}
		for _, element := range value {
			list = append(list, typedField("", element, nil))
		}
		return map[string]any{"type": "array", "value": list}
	default:
		return field(name, value)
	}
}

// bareValue reads a field by its path, such as name.first.
func bareValue(fields any, path string) any {
	outer, inner, nested := strings.Cut(path, ".")
	m, _ := fields.(map[string]any)
	one, _ := m[outer].(map[string]any)
	if !nested {
		return one["value"]
	}
	return bareValue(one["value"], inner)
}

// fillAccount writes an inquiry's fields into its account, when the account has none
// (Persona help: Accounts).
func (c *change) fillAccount(inquiry *resource) {
	account := c.edit(inquiry.one("account"))
	if account == nil {
		return
	}
	if fields, _ := account.attributes["fields"].(map[string]any); len(fields) > 0 {
		return
	}
	written := map[string]any{}
	for name, path := range shortcuts() {
		if name == "country-code" {
			name = "address-country-code"
		}
		if value := bareValue(inquiry.attributes["fields"], name); value != nil {
			place(written, path, value)
		}
	}
	if len(written) == 0 {
		return
	}
	account.attributes["fields"] = mergeFields(nil, written)
	account.attributes["updated-at"] = stamp(c.now)
	c.emit("account.updated-fields", account, nil)
}
