package persona

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// decodeResource fills the parts of a resource from its JSON.
func decodeResource(b []byte, r *Resource, attributes, relationships any) error {
	var raw struct {
		Type          string
		ID            string
		Attributes    json.RawMessage
		Relationships json.RawMessage
	}
	var wrongType *json.UnmarshalTypeError
	if err := json.Unmarshal(b, &raw); err != nil && !errors.As(err, &wrongType) {
		return fmt.Errorf("read a resource: %w", err)
	}
	*r = Resource{Type: raw.Type, ID: raw.ID, Raw: bytes.Clone(b)}
	for _, part := range []struct {
		json json.RawMessage
		into any
	}{{raw.Attributes, attributes}, {raw.Relationships, relationships}} {
		v := reflect.ValueOf(part.into).Elem()
		v.SetZero() // nothing stays of a resource decoded into the same variable before
		decodeValue(part.json, v)
	}
	return nil
}

// decodeUnion is decodeResource for one of several kinds: value is the same resource
// in its own type.
func decodeUnion(b []byte, r *Resource, attributes, relationships any, value *Object) (err error) {
	if err = decodeResource(b, r, attributes, relationships); err == nil {
		*value, err = decodeObject(b)
	}
	return err
}

// decodeObject decodes a resource into the Go type of its JSON:API type.
func decodeObject(b []byte) (Object, error) {
	var head struct{ Type string }
	_ = json.Unmarshal(b, &head) // without a type it is unknown
	object := newObject(head.Type)
	if err := object.UnmarshalJSON(b); err != nil {
		return nil, err
	}
	return object, nil
}

// decodeObjects decodes an array of resources. What is no resource is passed over.
func decodeObjects(b []byte) []Object {
	var raw []json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return nil
	}
	objects := make([]Object, 0, len(raw))
	for _, r := range raw {
		if object, err := decodeObject(r); err == nil && object.Identifier() != (Identifier{}) {
			objects = append(objects, object)
		}
	}
	return objects
}

// decodeValue decodes JSON into v as far as it fits: what does not fit leaves its
// place zero. Only the keys of structs are read in all three casings; the keys of
// maps are data, and stay as they are.
func decodeValue(b json.RawMessage, v reflect.Value) {
	if len(b) == 0 || string(b) == "null" {
		return
	}
	if v.Kind() != reflect.Pointer {
		if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
			_ = u.UnmarshalJSON(b)
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		to := reflect.New(v.Type().Elem())
		decodeValue(b, to.Elem())
		v.Set(to)
	case reflect.Struct:
		decodeStruct(b, v)
	case reflect.Slice:
		var items []json.RawMessage
		if json.Unmarshal(b, &items) != nil {
			return
		}
		list := reflect.MakeSlice(v.Type(), len(items), len(items))
		for i, item := range items {
			decodeValue(item, list.Index(i))
		}
		v.Set(list)
	case reflect.Map:
		var entries map[string]json.RawMessage
		if json.Unmarshal(b, &entries) != nil {
			return
		}
		m := reflect.MakeMapWithSize(v.Type(), len(entries))
		for key, entry := range entries {
			item := reflect.New(v.Type().Elem()).Elem()
			decodeValue(entry, item)
			m.SetMapIndex(reflect.ValueOf(key), item)
		}
		v.Set(m)
	default:
		_ = json.Unmarshal(b, v.Addr().Interface())
	}
}

func decodeStruct(b json.RawMessage, v reflect.Value) {
	var entries map[string]json.RawMessage
	if json.Unmarshal(b, &entries) != nil {
		return
	}
	for i := range v.NumField() {
		switch field := v.Type().Field(i); {
		case field.Anonymous:
			decodeStruct(b, v.Field(i))
		case field.IsExported():
			decodeValue(lookup(entries, keyOf(field)), v.Field(i))
		}
	}
}

// keyOf returns the kebab-case key of a struct's field.
func keyOf(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		return strings.ToLower(field.Name)
	}
	return name
}

// lookup finds a kebab-case key among keys of any of Persona's three casings.
func lookup(entries map[string]json.RawMessage, kebab string) json.RawMessage {
	if b, ok := entries[kebab]; ok {
		return b
	}
	if !strings.Contains(kebab, "-") {
		return nil
	}
	if b, ok := entries[strings.ReplaceAll(kebab, "-", "_")]; ok {
		return b
	}
	return entries[camel(kebab)]
}

// camel turns address-street-1 into addressStreet1.
func camel(kebab string) string {
	var b strings.Builder
	for i, word := range strings.Split(kebab, "-") {
		if i > 0 && word != "" {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		b.WriteString(word)
	}
	return b.String()
}
