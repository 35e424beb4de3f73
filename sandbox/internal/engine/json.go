package engine

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

// encodeJSON returns a document as [json.Marshal] does. It does not use reflection for the
// values that documents consist of: with reflection, encoding was half of all allocations of
// a call.
func encodeJSON(doc any) ([]byte, error) {
	var e jsonEncoder
	return e.encode(doc)
}

// jsonEncoder encodes documents one after another, and uses its memory again. It appends JSON
// to b. The keys of the objects that it is in are in keys.
type jsonEncoder struct {
	b    []byte
	keys []string
}

// encode is [encodeJSON].
func (e *jsonEncoder) encode(doc any) ([]byte, error) {
	if cap(e.b) > 1<<20 { // after a rare, large document
		e.b = nil
	}
	e.b, e.keys = e.b[:0], e.keys[:0]
	err := e.value(doc)
	return slices.Clone(e.b), err
}

func (e *jsonEncoder) value(value any) error {
	switch v := value.(type) {
	case nil:
		e.b = append(e.b, "null"...)
	case bool:
		e.b = strconv.AppendBool(e.b, v)
	case string:
		return e.text(v)
	case int:
		e.b = strconv.AppendInt(e.b, int64(v), 10)
	case int64:
		e.b = strconv.AppendInt(e.b, v, 10)
	case float64:
		if whole := int64(v); float64(whole) == v && v != 0 && -1e15 < v && v < 1e15 {
			e.b = strconv.AppendInt(e.b, whole, 10)
			return nil
		}
		return e.other(v)
	case []any:
		if v == nil {
			return e.other(v)
		}
		return e.list(v)
	case map[string]any:
		if v == nil {
			return e.other(v)
		}
		return e.object(v)
	case relationship:
		e.relationship(v)
	default:
		return e.other(v)
	}
	return nil
}

// other appends a value that is rare.
func (e *jsonEncoder) other(value any) error {
	text, err := json.Marshal(value)
	e.b = append(e.b, text...)
	return err
}

// text appends a string. One that has characters to escape is left to [json.Marshal].
func (e *jsonEncoder) text(s string) error {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return e.other(s)
		case c > '>' && c != '\\': // most are letters
		case c == '"' || c == '&' || c >= '<' && c != '=':
			return e.other(s)
		}
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, s...)
	e.b = append(e.b, '"')
	return nil
}

func (e *jsonEncoder) list(list []any) error {
	e.b = append(e.b, '[')
	for i, element := range list {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		if err := e.value(element); err != nil {
			return err
		}
	}
	e.b = append(e.b, ']')
	return nil
}

func (e *jsonEncoder) relationship(r relationship) {
	e.b = append(e.b, `{"data":`...)
	one, isOne := r.to.(storage.Identifier)
	many, _ := r.to.([]storage.Identifier)
	switch {
	case r.many:
		e.b = append(e.b, '[')
		for i, id := range many {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			e.identifier(id)
		}
		e.b = append(e.b, ']')
	case isOne:
		e.identifier(one)
	default:
		e.b = append(e.b, "null"...)
	}
	e.b = append(e.b, '}')
}

func (e *jsonEncoder) identifier(id storage.Identifier) {
	e.b = append(e.b, `{"id":`...)
	_ = e.text(id.ID) // a string
	e.b = append(e.b, `,"type":`...)
	_ = e.text(id.Type)
	e.b = append(e.b, '}')
}

// object appends an object in the order of its keys.
func (e *jsonEncoder) object(m map[string]any) error {
	start := len(e.keys)
	for key := range m {
		e.keys = append(e.keys, key)
	}
	keys := e.keys[start:]
	slices.Sort(keys)
	e.b = append(e.b, '{')
	for i, key := range keys {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		if err := e.text(key); err != nil {
			return err
		}
		e.b = append(e.b, ':')
		if err := e.value(m[key]); err != nil {
			return err
		}
	}
	e.b = append(e.b, '}')
	e.keys = e.keys[:start]
	return nil
}
