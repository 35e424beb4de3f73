package schema

import (
	"maps"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// OfAccount returns the fields that a request writes into an account, as bare values:
// those in fields, and those that have a shortcut.
func OfAccount(c *engine.Call) map[string]any {
	written := SnakeKeys(c.Object("data.attributes.fields"))
	for name, value := range c.Object("data.attributes") {
		if path, known := engine.AccountShortcuts()[name]; known {
			SetPath(written, path, value)
		}
	}
	return written
}

// SetPath sets a bare value at a path, such as name.first.
func SetPath(written map[string]any, path string, value any) {
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

// Merge returns fields with bare values written into them. The values of a hash are
// written one by one.
func Merge(have, written map[string]any) map[string]any {
	merged := maps.Clone(have)
	if merged == nil {
		merged = map[string]any{}
	}
	for name, value := range written {
		old, _ := merged[name].(map[string]any)
		merged[name] = Field(name, value, old)
	}
	return merged
}

// Field returns a bare value as a field.
func Field(name string, value any, old map[string]any) map[string]any {
	switch value := value.(type) {
	case map[string]any:
		inner, _ := old["value"].(map[string]any)
		return map[string]any{"type": "hash", "value": Merge(inner, SnakeKeys(value))}
	case []any:
		list := []any{}
		for _, element := range value {
			list = append(list, Field("", element, nil))
		}
		return map[string]any{"type": "array", "value": list}
	case nil:
		return emptied(name, old)
	default:
		return storage.Field(name, value)
	}
}

// emptied returns a field without its value. A hash keeps its fields.
func emptied(name string, old map[string]any) map[string]any {
	typ := engine.TextOf(old["type"])
	if inner, isMap := old["value"].(map[string]any); isMap && typ == "hash" {
		blank := make(map[string]any, len(inner))
		for name, field := range inner {
			field, _ := field.(map[string]any)
			blank[name] = emptied(name, field)
		}
		return storage.TypedField(typ, blank)
	}
	if typ == "" {
		return storage.Field(name, nil)
	}
	return storage.TypedField(typ, nil)
}

// HasValues reports whether any field has a value, also inside of a hash.
func HasValues(fields any) bool {
	m, _ := fields.(map[string]any)
	for _, field := range m {
		field, _ := field.(map[string]any)
		switch value := field["value"].(type) {
		case nil:
		case map[string]any:
			if field["type"] != "hash" || HasValues(value) {
				return true
			}
		case []any:
			if len(value) > 0 {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// Emptied returns the fields of a resource with their types, but without values.
func Emptied(r *storage.Resource) map[string]any {
	fields, _ := r.Attributes["fields"].(map[string]any)
	blank := make(map[string]any, len(fields))
	for name, value := range fields {
		one, _ := value.(map[string]any)
		blank[name] = emptied(name, one)
	}
	return blank
}

// SnakeKeys rewrites the keys of an object in snake_case.
func SnakeKeys(object map[string]any) map[string]any {
	snake := map[string]any{}
	for key, value := range object {
		snake[engine.SnakePath(casing.Kebab(key))] = value
	}
	return snake
}
