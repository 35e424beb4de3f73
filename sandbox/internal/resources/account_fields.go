package resources

import (
	"maps"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// accountFields are the fields that a request writes, as bare values: those of
// fields, and those by their shortcuts.
func accountFields(c *engine.Call) map[string]any {
	written := map[string]any{}
	for name, value := range c.Object("data.attributes.fields") {
		written[strings.ReplaceAll(casing.Kebab(name), "-", "_")] = value
	}
	for name, value := range c.Object("data.attributes") {
		if path, known := engine.Shortcuts()[name]; known {
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

// MergeFields writes bare values into fields: into those of a hash one by one.
func MergeFields(have, written map[string]any) map[string]any {
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
			snake[strings.ReplaceAll(casing.Kebab(key), "-", "_")] = v
		}
		return map[string]any{"type": "hash", "value": MergeFields(inner, snake)}
	case []any:
		list := []any{}
		for _, element := range value {
			list = append(list, typedField("", element, nil))
		}
		return map[string]any{"type": "array", "value": list}
	default:
		return storage.Field(name, value)
	}
}

// fillAccount writes an inquiry's fields into its account, when the account has none
// (Persona help: Accounts).
func fillAccount(c *engine.Change, inquiry *storage.Resource) {
	account := c.Edit(inquiry.One("account"))
	if account == nil {
		return
	}
	if fields, _ := account.Attributes["fields"].(map[string]any); len(fields) > 0 {
		return
	}
	written := map[string]any{}
	for name, path := range engine.Shortcuts() {
		if name == "country-code" {
			name = "address-country-code"
		}
		if value := engine.BareValue(inquiry.Attributes["fields"], name); value != nil {
			place(written, path, value)
		}
	}
	if len(written) == 0 {
		return
	}
	account.Attributes["fields"] = MergeFields(nil, written)
	account.Attributes["updated-at"] = simclock.Stamp(c.Now)
	c.Emit("account.updated-fields", account, nil)
}
