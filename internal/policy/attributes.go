package policy

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/idemhq/idem/persona"
)

// kind is a type of objects in conditions.
type kind struct {
	name   string               // the type's name in conditions, such as Inquiry
	label  string               // the name in error messages, such as inquiry
	fields map[string]attribute // by the name that conditions use, in snake_case
}

// attribute is one attribute of a kind.
type attribute struct {
	key  string // in kebab-case
	typ  *cel.Type
	read reader
}

// kinds returns the types of objects in conditions, by name. Their attributes and attribute
// types are those of the SDK's structs. A verification has the attributes of all kinds of
// verification, and a report those of all kinds of report.
func kinds(thresholds map[string]float64) (map[string]kind, error) {
	all := map[string]kind{}
	add := func(name, label string, structs ...reflect.Type) {
		k := kind{name, label, map[string]attribute{}}
		for _, s := range structs {
			k.add(s)
		}
		for _, own := range []string{"id", "type", "status"} {
			k.fields[own] = attribute{own, cel.StringType, readText}
		}
		all[name] = k
	}
	add("Inquiry", "inquiry", reflect.TypeFor[persona.InquiryAttributes]())
	add("Account", "account", reflect.TypeFor[persona.AccountAttributes]())
	add("Case", "case", reflect.TypeFor[persona.CaseAttributes]())
	add("Session", "session", reflect.TypeFor[persona.InquirySessionAttributes]())
	for name, of := range map[string]struct {
		label, family string
		kinds         []string
	}{
		"Verification": {"verification", "verification/", verificationKinds()},
		"Report":       {"report", "report/", reportKinds()},
	} {
		structs, err := attributesOf(of.family, of.kinds)
		if err != nil {
			return nil, err
		}
		add(name, of.label, structs...)
	}
	check := kind{"Check", "check", map[string]attribute{}}
	check.add(reflect.TypeFor[persona.VerificationCheck]())
	all["Check"] = check
	transition := kind{"Transition", "transition", map[string]attribute{}}
	for _, name := range []string{"from", "to", "event"} {
		transition.fields[name] = attribute{name, cel.StringType, readText}
	}
	all["Transition"] = transition
	numbers := kind{"Thresholds", "thresholds", map[string]attribute{}}
	for name := range thresholds {
		numbers.fields[name] = attribute{name, cel.DoubleType, readNumber}
	}
	all["Thresholds"] = numbers
	return all, nil
}

// attributesOf returns the SDK's attribute structs of the kinds of a resource.
func attributesOf(family string, kinds []string) ([]reflect.Type, error) {
	var structs []reflect.Type
	for _, k := range kinds {
		empty, err := json.Marshal(persona.Identifier{Type: family + k, ID: "-"})
		if err != nil {
			return nil, err
		}
		object, err := persona.DecodeObject(empty)
		if err != nil {
			return nil, err
		}
		field, ok := reflect.TypeOf(object).Elem().FieldByName("Attributes")
		if !ok || field.Type.Kind() != reflect.Struct {
			return nil, fmt.Errorf("the SDK has no attributes for %s%s", family, k)
		}
		structs = append(structs, field.Type)
	}
	return structs, nil
}

// add adds the attributes of an SDK struct. If kinds of the same resource have an attribute
// with different types, it is of any type.
func (k kind) add(s reflect.Type) {
	for i := range s.NumField() {
		f := s.Field(i)
		if f.Anonymous {
			k.add(f.Type)
			continue
		}
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		name := strings.ReplaceAll(key, "-", "_")
		a := attribute{key: key}
		a.typ, a.read = conversion(f.Type)
		if have, ok := k.fields[name]; ok && !have.typ.IsExactType(a.typ) {
			a.typ, a.read = cel.DynType, readAny
		}
		k.fields[name] = a
	}
}

// conversion returns the type in conditions for a type of the SDK, and a function that
// reads its JSON.
func conversion(t reflect.Type) (*cel.Type, reader) {
	switch t {
	case reflect.TypeFor[persona.Time]():
		return cel.TimestampType, readTime
	case reflect.TypeFor[persona.Fields]():
		return cel.MapType(cel.StringType, cel.DynType), readFields
	case reflect.TypeFor[[]persona.VerificationCheck](), reflect.TypeFor[[]persona.VerificationGovernmentIDNFCCheck]():
		return cel.ListType(cel.ObjectType("Check")), readChecks
	}
	switch t.Kind() {
	case reflect.Pointer:
		return conversion(t.Elem())
	case reflect.String:
		return cel.StringType, readText
	case reflect.Bool:
		return cel.BoolType, readBool
	case reflect.Int64:
		return cel.IntType, readInt
	case reflect.Float64:
		return cel.DoubleType, readNumber
	case reflect.Map:
		return cel.MapType(cel.StringType, cel.DynType), readMap
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return cel.ListType(cel.StringType), readTexts
		}
	}
	return cel.DynType, readAny
}
