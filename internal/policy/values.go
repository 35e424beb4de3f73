package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/idemhq/idem/internal/fold"
)

// reader converts the JSON of an attribute, which is neither absent nor null, to a value.
// It fails if the JSON has an unexpected type.
type reader func(raw json.RawMessage, all map[string]kind) (ref.Val, error)

// as decodes JSON into a type for which null is an error.
func as[T any](raw json.RawMessage) (T, error) {
	var p *T
	if err := json.Unmarshal(raw, &p); err != nil || p == nil {
		var zero T
		return zero, fmt.Errorf("the value has an unexpected type")
	}
	return *p, nil
}

func readText(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	v, err := as[string](raw)
	return types.String(v), err
}

func readBool(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	v, err := as[bool](raw)
	return types.Bool(v), err
}

func readInt(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	v, err := as[int64](raw)
	return types.Int(v), err
}

func readNumber(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	v, err := as[float64](raw)
	return types.Double(v), err
}

func readTime(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	text, err := as[string](raw)
	if err != nil {
		return nil, err
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	return types.Timestamp{Time: t}, err
}

// readTexts skips nulls, which occur in Persona's lists of reasons.
func readTexts(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	all, err := as[[]*string](raw)
	texts := []string{}
	for _, text := range all {
		if text != nil {
			texts = append(texts, *text)
		}
	}
	return types.DefaultTypeAdapter.NativeToValue(texts), err
}

func readChecks(raw json.RawMessage, all map[string]kind) (ref.Val, error) {
	items, err := as[[]map[string]json.RawMessage](raw)
	checks := make([]ref.Val, len(items))
	for i, item := range items {
		checks[i] = &record{kind: all["Check"], attributes: unique(item, fold.Kebab), all: all}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, checks), err
}

func readMap(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	if _, err := as[map[string]json.RawMessage](raw); err != nil {
		return nil, err
	}
	return readAny(raw, nil)
}

// readAny converts JSON of any type, with keys in snake_case.
func readAny(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	v, err := plain(raw, snake)
	if err != nil {
		return nil, err
	}
	return types.DefaultTypeAdapter.NativeToValue(v), nil
}

// readFields converts the fields of a template to their values by key in kebab-case. A
// field that is null or unreadable is absent.
func readFields(raw json.RawMessage, _ map[string]kind) (ref.Val, error) {
	fields, err := as[map[string]json.RawMessage](raw)
	if err != nil {
		return nil, err
	}
	return types.DefaultTypeAdapter.NativeToValue(unwrapAll(fields)), nil
}

func unwrapAll(fields map[string]json.RawMessage) map[string]any {
	values := map[string]any{}
	for key, raw := range unique(fields, fold.Kebab) {
		if v, err := unwrap(raw); err == nil && v != nil {
			values[key] = v
		}
	}
	return values
}

// unwrap returns the value of a template field, which Persona encodes as a type and a
// value. So are the elements of hashes and arrays.
func unwrap(raw json.RawMessage) (any, error) {
	var field struct {
		Type  *string
		Value json.RawMessage
	}
	if json.Unmarshal(raw, &field) != nil || field.Type == nil || len(field.Value) == 0 {
		return plain(raw, fold.Kebab)
	}
	switch *field.Type {
	case "hash":
		if parts, err := as[map[string]json.RawMessage](field.Value); err == nil {
			return unwrapAll(parts), nil
		}
	case "array":
		if parts, err := as[[]json.RawMessage](field.Value); err == nil {
			values := make([]any, len(parts))
			for i, part := range parts {
				if values[i], err = unwrap(part); err != nil {
					return nil, err
				}
			}
			return values, nil
		}
	}
	return plain(field.Value, fold.Kebab)
}

// plain converts JSON and changes keys with casing. It drops map entries that are null or
// unreadable.
func plain(raw json.RawMessage, casing func(string) string) (any, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil, nil
	}
	switch raw[0] {
	case '{':
		parts, err := as[map[string]json.RawMessage](raw)
		values := map[string]any{}
		for key, part := range unique(parts, casing) {
			if v, err := plain(part, casing); err == nil && v != nil {
				values[key] = v
			}
		}
		return values, err
	case '[':
		parts, err := as[[]json.RawMessage](raw)
		values := make([]any, len(parts))
		for i, part := range parts {
			if values[i], err = plain(part, casing); err != nil {
				return nil, err
			}
		}
		return values, err
	case '"', 't', 'f', 'n':
		var v any
		err := json.Unmarshal(raw, &v)
		return v, err
	default:
		return number(string(raw))
	}
}

// exact is the limit up to which a float64 represents every integer.
const exact = 1 << 53

// number converts a number. An integer that a float64 cannot represent exactly is an error,
// since two different ones could compare as equal.
func number(text string) (any, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && !strings.ContainsAny(text, ".eE") && (v >= exact || v <= -exact) {
		return nil, fmt.Errorf("the number is too large to be compared")
	}
	return v, err
}

// unique changes keys with casing. Keys that become equal are dropped, since it is unknown
// which value counts.
func unique(values map[string]json.RawMessage, casing func(string) string) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(values))
	seen := make(map[string]bool, len(values))
	for key, value := range values {
		key = casing(key)
		if out[key] = value; seen[key] {
			delete(out, key)
		}
		seen[key] = true
	}
	return out
}

func snake(key string) string { return strings.ReplaceAll(fold.Kebab(key), "-", "_") }
