package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/idemhq/idem/internal/domain"
)

// record is an object in a condition. Its attributes are parsed when the condition uses
// them. It implements [ref.Val].
type record struct {
	kind       kind
	object     *domain.Object             // nil for a part of an object, such as a check
	attributes map[string]json.RawMessage // by key in kebab-case; nil if there is no such object
	all        map[string]kind
}

// readError says why an attribute cannot be read. It names the attribute but not its value.
type readError string

func (e readError) Error() string { return string(e) }

// recordOf returns the record of an object. For nil it has no attributes.
func recordOf(name string, o *domain.Object, all map[string]kind) *record {
	r := &record{kind: all[name], object: o, all: all}
	if o == nil {
		return r
	}
	r.attributes = maps.Clone(o.Attributes)
	if r.attributes == nil {
		r.attributes = map[string]json.RawMessage{}
	}
	for key, value := range map[string]string{"id": o.Ref.ID, "type": o.Ref.Type, "status": o.Status} {
		delete(r.attributes, key)
		if value != "" {
			r.attributes[key], _ = json.Marshal(value) // cannot fail: it is a string
		}
	}
	return r
}

func recordsOf(name string, objects []domain.Object, all map[string]kind) []ref.Val {
	records := make([]ref.Val, len(objects))
	for i := range objects {
		records[i] = recordOf(name, &objects[i], all)
	}
	return records
}

// has reports whether an attribute is present and not null.
func (r *record) has(name string) bool {
	raw, ok := r.attributes[r.kind.fields[name].key]
	return ok && len(raw) > 0 && string(raw) != "null"
}

func (r *record) get(name string) (ref.Val, error) {
	a, known := r.kind.fields[name]
	switch {
	case !known:
		return nil, readError("a condition reads an attribute that its object does not have")
	case r.attributes == nil:
		return nil, readError("there is no " + r.kind.label)
	case !r.has(name):
		return nil, readError(fmt.Sprintf("the %s has no %q", r.kind.label, name))
	}
	v, err := a.read(r.attributes[a.key], r.all)
	if err != nil {
		return nil, readError(fmt.Sprintf("the %s has a %q of another type than documented", r.kind.label, name))
	}
	return v, nil
}

// ConvertToNative implements [ref.Val].
func (r *record) ConvertToNative(t reflect.Type) (any, error) {
	if t == reflect.TypeFor[*record]() {
		return r, nil
	}
	return nil, errors.New("an object cannot be converted")
}

// ConvertToType implements [ref.Val].
func (r *record) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return cel.ObjectType(r.kind.name)
	}
	return types.NewErr("an object cannot be converted")
}

// Equal implements [ref.Val]. Two records are equal if they have the same object.
func (r *record) Equal(other ref.Val) ref.Val {
	o, ok := other.(*record)
	return types.Bool(ok && r.kind.name == o.kind.name && maps.EqualFunc(r.attributes, o.attributes, func(a, b json.RawMessage) bool {
		return string(a) == string(b)
	}))
}

// Type implements [ref.Val].
func (r *record) Type() ref.Type { return cel.ObjectType(r.kind.name) }

// Value implements [ref.Val].
func (r *record) Value() any { return r }

// Get implements [traits.Indexer]. Conditions use it if the type of an object is not known.
func (r *record) Get(index ref.Val) ref.Val {
	name, ok := index.(types.String)
	if !ok {
		return types.NewErr("an attribute has a name")
	}
	v, err := r.get(string(name))
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}

// IsSet implements [traits.FieldTester].
func (r *record) IsSet(field ref.Val) ref.Val {
	name, ok := field.(types.String)
	return types.Bool(ok && r.has(string(name)))
}

// provider extends CEL's types with the types of objects.
type provider struct {
	types.Provider
	kinds map[string]kind
}

// FindStructType implements [types.Provider].
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.kinds[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements [types.Provider].
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	k, ok := p.kinds[name]
	if !ok {
		return p.Provider.FindStructFieldNames(name)
	}
	var names []string
	for n := range k.fields {
		names = append(names, n)
	}
	return names, true
}

// FindStructFieldType implements [types.Provider]. An unknown attribute is of any type
// here, because the check of conditions gives better errors than CEL once all types are
// known.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	k, ok := p.kinds[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, field)
	}
	typ := types.DynType
	if a, known := k.fields[field]; known {
		typ = a.typ
	}
	return &types.FieldType{
		Type: typ,
		IsSet: func(target any) bool {
			r, ok := target.(*record)
			return ok && r.has(field)
		},
		GetFrom: func(target any) (any, error) {
			r, ok := target.(*record)
			if !ok {
				return nil, readError("an attribute is read from what is no object")
			}
			return r.get(field)
		},
	}, true
}

// NewValue implements [types.Provider].
func (p provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.kinds[name]; ok {
		return types.NewErr("a condition cannot make an object")
	}
	return p.Provider.NewValue(name, fields)
}
