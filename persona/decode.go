package persona

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// unmarshal decodes a resource, or a struct with [Received], into the struct that r points
// to.
func unmarshal(b []byte, r any) error {
	v := reflect.ValueOf(r).Elem()
	if err := validate(b); err != nil {
		return fmt.Errorf("read a %s: %w", v.Type().Name(), err)
	}
	decodePart(&walker{src: b}, v)
	return nil
}

// validate returns an error if b is not valid JSON. All other functions of this file and of
// walk.go need valid JSON.
func validate(b []byte) error {
	if json.Valid(b) {
		return nil
	}
	var raw json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	return errors.New("invalid JSON")
}

// The indices of the fields that every resource struct has. The last one is either the Value
// of a union, an Object, or the Meta of a resource, a struct; most have none.
const (
	resourceField = iota
	attributesField
	relationshipsField
	lastField
)

// decodeResource decodes a resource into a zero struct of its kind. The resource keeps b.
func decodeResource(b []byte, v reflect.Value) {
	r := v.Field(resourceField).Addr().Interface().(*Resource)
	r.Raw = b
	hasLast := v.NumField() > lastField
	isUnion := hasLast && v.Field(lastField).Kind() == reflect.Interface
	w := walker{src: b}
	w.object(func(key []byte) {
		switch string(key) {
		case "meta":
			if !hasLast || isUnion {
				w.skip()
				return
			}
			decodePart(&w, v.Field(lastField))
		case "type":
			r.Type, _ = w.text()
		case "id":
			r.ID, _ = w.text()
		case "attributes":
			decodePart(&w, v.Field(attributesField))
		case "relationships":
			decodePart(&w, v.Field(relationshipsField))
		default:
			w.skip()
		}
	})
	if isUnion { // decode the resource in its own type as well
		object := newObject(r.Type)
		decodeResource(b, reflect.ValueOf(object).Elem())
		v.Field(lastField).Set(reflect.ValueOf(object))
	}
}

// decodePart decodes a value and replaces an earlier one, since the last value of a
// duplicate key counts, as in encoding/json.
func decodePart(w *walker, v reflect.Value) {
	v.SetZero()
	decoderOf(v.Type())(w, v)
}

// decodeObject decodes a resource into the Go type of its JSON:API type.
func decodeObject(b []byte) Object {
	object := newObject(identifierOf(b).Type)
	decodeResource(bytes.Clone(b), reflect.ValueOf(object).Elem())
	return object
}

// kind is the Go type of a kind of resource. zero is not an Object, because the method
// tables for that would make every program larger.
type kind struct {
	typ  string
	zero any // a nil pointer of the type
}

// newObject returns an empty resource of the Go type for a JSON:API type.
func newObject(typ string) Object {
	k := kindOf(typ)
	if k == nil {
		k = kindOf(typ[:strings.IndexByte(typ, '/')+1])
	}
	if k == nil {
		return new(Unknown)
	}
	return reflect.New(reflect.TypeOf(k.zero).Elem()).Interface().(Object)
}

func kindOf(typ string) *kind {
	i, found := slices.BinarySearchFunc(kinds[:], typ, func(k kind, typ string) int { return strings.Compare(k.typ, typ) })
	if !found {
		return nil
	}
	return &kinds[i]
}

// identifierOf reads only the type and id of a resource. If they are not strings, they are
// empty.
func identifierOf(b []byte) (id Identifier) {
	w := walker{src: b}
	w.object(func(key []byte) {
		switch string(key) {
		case "type":
			id.Type, _ = w.text()
		case "id":
			id.ID, _ = w.text()
		default:
			w.skip()
		}
	})
	return id
}

// decodeObjects decodes an array of resources and skips other elements.
func decodeObjects(b []byte) []Object {
	var objects []Object
	w := walker{src: b}
	w.array(func() {
		if raw := w.raw(); identifierOf(raw) != (Identifier{}) {
			objects = append(objects, decodeObject(raw))
		}
	})
	return objects
}

// decode decodes a value into a T. If T is a pointer, the result is never nil.
func decode[T any](b []byte) T {
	var t T
	v := reflect.ValueOf(&t).Elem()
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	decodePart(&walker{src: b}, v)
	return t
}

// decodeAll decodes the elements of a list.
func decodeAll[T any](b []byte) ([]T, error) {
	items := []T{}
	w := walker{src: b}
	if !w.array(func() { items = append(items, decode[T](w.raw())) }) && string(b) != "null" {
		return nil, errNoList
	}
	return items, nil
}

// isResource reports whether t is the struct of a kind of resource.
func isResource(t reflect.Type) bool {
	return begins(t, reflect.TypeFor[Resource]()) && t.NumField() > relationshipsField
}

// isReceived reports whether t is a struct that embeds [Received].
func isReceived(t reflect.Type) bool { return begins(t, reflect.TypeFor[Received]()) }

// begins reports whether t is a struct of this package whose first field has the type
// first. Structs of other packages may embed the same types in any order.
func begins(t, first reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == first.PkgPath() && t.NumField() > 0 && t.Field(0).Type == first
}
