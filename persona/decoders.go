package persona

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// decoder reads a value and decodes it into v, which is zero, as far as the types match. It
// returns false, and leaves v zero, if the value is null or has another type.
type decoder func(w *walker, v reflect.Value) bool

// decoders caches the decoder of each type, like encoding/json.
var decoders sync.Map // reflect.Type to decoder

// decoderOf returns the decoder of a type.
func decoderOf(t reflect.Type) decoder {
	if d, ok := decoders.Load(t); ok {
		return d.(decoder)
	}
	d := newDecoder(t)
	decoders.Store(t, d)
	return d
}

func newDecoder(t reflect.Type) decoder {
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return decodeRaw
	case reflect.TypeFor[Time]():
		return decodeTime
	case reflect.TypeFor[Field]():
		return decodeField
	case reflect.TypeFor[ToOne]():
		return decodeToOne
	case reflect.TypeFor[ToMany]():
		return decodeToMany
	case reflect.TypeFor[EventPayload]():
		return decodePayload
	case reflect.TypeFor[Object]():
		return decodeAnyObject
	}
	switch {
	case isResource(t):
		return decodeOneResource
	case isReceived(t):
		return receivedDecoder(t)
	}
	if t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return decodeByItself
	}
	switch t.Kind() {
	case reflect.String:
		return decodeString
	case reflect.Bool:
		return decodeBool
	case reflect.Int, reflect.Int64:
		return decodeInt
	case reflect.Float64:
		return decodeFloat
	case reflect.Pointer:
		return pointerDecoder(t.Elem())
	case reflect.Struct:
		return structDecoder(t)
	case reflect.Slice:
		return sliceDecoder(t.Elem())
	case reflect.Map:
		return mapDecoder(t)
	default:
		return decodeAny
	}
}

func decodeRaw(w *walker, v reflect.Value) bool {
	raw := w.raw()
	if string(raw) == "null" {
		return false
	}
	v.SetBytes(raw)
	return true
}

func decodeTime(w *walker, v reflect.Value) bool {
	text, ok := w.text()
	if ok {
		v.Addr().Interface().(*Time).set(text)
	}
	return ok
}

func decodeField(w *walker, v reflect.Value) bool {
	raw := w.raw()
	if string(raw) == "null" {
		return false
	}
	v.Addr().Interface().(*Field).set(raw)
	return true
}

func decodeToOne(w *walker, v reflect.Value) bool {
	v.Addr().Interface().(*ToOne).read(w)
	return true
}

func decodeToMany(w *walker, v reflect.Value) bool {
	v.Addr().Interface().(*ToMany).read(w)
	return true
}

func decodePayload(w *walker, v reflect.Value) bool {
	v.Addr().Interface().(*EventPayload).Raw = w.raw()
	return true
}

func decodeAnyObject(w *walker, v reflect.Value) bool {
	v.Set(reflect.ValueOf(decodeObject(w.raw())))
	return true
}

func decodeOneResource(w *walker, v reflect.Value) bool {
	decodeResource(bytes.Clone(w.raw()), v)
	return true
}

// receivedDecoder decodes a struct that embeds [Received].
func receivedDecoder(t reflect.Type) decoder {
	fields := structDecoder(t)
	return func(w *walker, v reflect.Value) bool {
		raw := bytes.Clone(w.raw())
		v.Field(0).Addr().Interface().(*Received).Raw = raw
		return fields(&walker{src: raw}, v)
	}
}

func decodeByItself(w *walker, v reflect.Value) bool {
	raw := w.raw()
	return string(raw) != "null" && v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw) == nil
}

func decodeAny(w *walker, v reflect.Value) bool {
	raw := w.raw()
	if string(raw) == "null" {
		return false
	}
	if json.Unmarshal(raw, v.Addr().Interface()) != nil {
		v.SetZero()
		return false
	}
	return true
}

func decodeString(w *walker, v reflect.Value) bool {
	text, ok := w.text()
	v.SetString(text)
	return ok
}

func decodeBool(w *walker, v reflect.Value) bool {
	switch w.peek() {
	case 't':
		v.SetBool(true)
		w.skip()
		return true
	case 'f':
		w.skip()
		return true
	default:
		w.skip()
		return false
	}
}

// number reads any value and returns its text if it is a number.
func number(w *walker) []byte {
	if c := w.peek(); c == '-' || '0' <= c && c <= '9' {
		return w.word()
	}
	w.skip()
	return nil
}

func decodeInt(w *walker, v reflect.Value) bool {
	n, err := strconv.ParseInt(string(number(w)), 10, v.Type().Bits())
	if err == nil {
		v.SetInt(n)
	}
	return err == nil
}

func decodeFloat(w *walker, v reflect.Value) bool {
	x, err := strconv.ParseFloat(string(number(w)), 64)
	if err == nil {
		v.SetFloat(x)
	}
	return err == nil
}

func pointerDecoder(elem reflect.Type) decoder {
	return func(w *walker, v reflect.Value) bool {
		if w.peek() == 'n' {
			w.skip()
			return false
		}
		to := reflect.New(elem)
		if !decoderOf(elem)(w, to.Elem()) {
			return false
		}
		v.Set(to)
		return true
	}
}

func sliceDecoder(elem reflect.Type) decoder {
	return func(w *walker, v reflect.Value) bool {
		if w.peek() != '[' {
			w.skip()
			return false
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0)) // an empty list is not nil
		decode := decoderOf(elem)
		w.array(func() {
			n := v.Len()
			v.Grow(1)
			v.SetLen(n + 1)
			item := v.Index(n)
			item.SetZero()
			decode(w, item)
		})
		return true
	}
}

// mapDecoder decodes a map. Its keys are data and are not converted.
func mapDecoder(t reflect.Type) decoder {
	return func(w *walker, v reflect.Value) bool {
		if w.peek() != '{' {
			w.skip()
			return false
		}
		v.Set(reflect.MakeMap(t))
		decode := decoderOf(t.Elem())
		item := reflect.New(t.Elem()).Elem()
		name := reflect.New(t.Key()).Elem()
		w.object(func(key []byte) {
			item.SetZero()
			decode(w, item)
			name.SetString(string(key))
			v.SetMapIndex(name, item)
		})
		return true
	}
}

// fieldPlan says how to decode a field of a struct.
type fieldPlan struct {
	index  []int
	decode decoder
}

// target is a field that a key belongs to, with the key's casing.
type target struct {
	field int
	rank  uint8
}

// If a struct has the same key in several casings, kebab-case counts before snake_case and
// camelCase.
const (
	camelRank uint8 = iota + 1
	snakeRank
	kebabRank
)

// structPlan says how to decode a struct: its fields, including those of embedded structs,
// by key.
type structPlan struct {
	fields []fieldPlan
	keys   map[string][]target
}

// maxFields is the number of fields up to which decoding a struct allocates no memory for
// its ranks.
const maxFields = 128

func structDecoder(t reflect.Type) decoder {
	// The plan is made on first use, since types may contain themselves.
	plan := sync.OnceValue(func() *structPlan {
		p := &structPlan{keys: map[string][]target{}}
		p.add(t, nil)
		return p
	})
	return func(w *walker, v reflect.Value) bool { return plan().decode(w, v) }
}

func (p *structPlan) add(t reflect.Type, index []int) {
	for i := range t.NumField() {
		field := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		switch {
		case field.Tag.Get("json") == "-" || !field.IsExported():
		case field.Anonymous:
			p.add(field.Type, at)
		default:
			p.addField(fieldPlan{at, decoderOf(field.Type)}, keyOf(field))
		}
	}
}

func (p *structPlan) addField(f fieldPlan, kebab string) {
	n := len(p.fields)
	p.fields = append(p.fields, f)
	p.keys[kebab] = append(p.keys[kebab], target{n, kebabRank})
	if strings.Contains(kebab, "-") {
		for rank, key := range map[uint8]string{snakeRank: snake(kebab), camelRank: camel(kebab)} {
			p.keys[key] = append(p.keys[key], target{n, rank})
		}
	}
}

func (p *structPlan) decode(w *walker, v reflect.Value) bool {
	var few [maxFields]uint8
	ranks := few[:] // of the key from which each field was decoded
	if len(p.fields) > maxFields {
		ranks = make([]uint8, len(p.fields))
	}
	return w.object(func(key []byte) {
		start, skipped := w.pos, true
		for _, to := range p.keys[string(key)] {
			if to.rank < ranks[to.field] {
				continue
			}
			w.pos, skipped = start, false
			field := &p.fields[to.field]
			at := v.FieldByIndex(field.index)
			if ranks[to.field] > 0 {
				at.SetZero()
			}
			ranks[to.field] = to.rank
			field.decode(w, at)
		}
		if skipped {
			w.skip()
		}
	})
}

// keyOf returns the kebab-case key of a struct field.
func keyOf(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		return strings.ToLower(field.Name)
	}
	return name
}

func snake(kebab string) string { return strings.ReplaceAll(kebab, "-", "_") }

// camel converts address-street-1 to addressStreet1.
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
