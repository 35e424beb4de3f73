package storage

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// codec encodes resources as short strings and decodes them. This way hundreds of thousands
// of inquiries fit into the memory of a test machine. It also protects stored resources from
// accidental changes, because decoding makes new values.
//
// Names, and values that repeat, such as types and statuses, are encoded as numbers. The
// numbers are specific to one codec.
type codec struct {
	numbers map[string]int
	names   []string
	values  []any          // the names: decoding a value that is one needs no allocation
	blanks  []string       // the encoded fields of a new inquiry and of a new account
	lists   []string       // the encoded lists of checks: most verifications have one of a few
	listed  map[string]int // the numbers of lists
	keys    []string       // of the maps that are being encoded
	scratch []byte         // for encoding
}

const (
	usualNames = 1 << 9  // in a new sandbox there are about as many
	maxNames   = 1 << 14 // limits memory, because names come from requests too
	maxNameLen = 64
	maxLists   = 1 << 9 // limits memory, because a test can choose any checks
	maxScratch = 1 << 16
)

func newCodec() *codec {
	p := &codec{numbers: make(map[string]int, usualNames), listed: map[string]int{}}
	for _, fields := range []map[string]any{NewInquiryFields(PersonFields()), NewAccountFields()} {
		p.blanks = append(p.blanks, string(p.appendMap(nil, fields)))
	}
	return p
}

// codecOf returns a codec with the names of a snapshot.
func codecOf(names, blanks, lists []string) *codec {
	p := &codec{numbers: map[string]int{}, blanks: blanks, lists: slices.Clone(lists), listed: map[string]int{}}
	for _, name := range names {
		p.add(name)
	}
	for number, list := range lists {
		p.listed[list] = number
	}
	return p
}

// learn returns the number of a name. It is not ok if there are too many names.
func (p *codec) learn(name string) (number int, ok bool) {
	if number, ok = p.numbers[name]; ok {
		return number, true
	}
	if len(p.names) == maxNames || len(name) > maxNameLen {
		return 0, false
	}
	p.add(name)
	return len(p.names) - 1, true
}

// add gives a name the next number.
func (p *codec) add(name string) {
	p.numbers[name] = len(p.names)
	p.names, p.values = append(p.names, name), append(p.values, name)
}

// The kinds of encoded values.
const (
	kindNil = iota
	kindFalse
	kindTrue
	kindText
	kindName // a text as its number
	kindNumber
	kindWhole // a float64 without a fraction
	kindInt
	kindMoment // a text that simclock.Stamp wrote
	kindList
	kindMap
	kindIdentifier
	kindIdentifiers
	kindTexts // []string
	kindBlank // the first of the codec's blanks; its others follow

	kindListed = 255 // a list of checks as its number
)

// encode encodes a resource, without the object of an event.
func (p *codec) encode(r *Resource) string {
	if name, ok := r.Attributes["name"].(string); ok && r.Typ == "event" {
		p.learn(name)
	}
	b := p.appendName(p.scratch[:0], r.Typ)
	b = appendText(b, r.ID)
	b = p.appendMap(b, r.Attributes)
	b = p.appendMap(b, r.Relationships)
	if cap(b) <= maxScratch {
		p.scratch = b
	}
	return string(b)
}

// decode decodes what encode wrote. It panics on anything else.
func (p *codec) decode(encoded string) *Resource {
	u := decoder{p, encoded}
	r := &Resource{Typ: u.name(), ID: u.text()}
	r.Attributes, r.Relationships = u.object(), u.object()
	return r
}

// outline decodes a resource without the attributes that are objects or lists.
func (p *codec) outline(encoded string) *Resource {
	u := decoder{p, encoded}
	r := &Resource{Typ: u.name(), ID: u.text(), Attributes: map[string]any{}}
	for range u.size() {
		name := u.name()
		if u.isNested() {
			u.skip()
		} else {
			r.Attributes[name] = u.value()
		}
	}
	r.Relationships = u.object()
	return r
}

// idOf returns the id of an encoded resource.
func (p *codec) idOf(encoded string) string {
	u := decoder{p, encoded}
	_ = u.name()
	return u.text()
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// appendName encodes a name as its number plus one, or as zero and a text.
func (p *codec) appendName(b []byte, name string) []byte {
	number, ok := p.learn(name)
	if !ok {
		return appendText(append(b, 0), name)
	}
	return binary.AppendUvarint(b, uint64(number)+1)
}

// appendMap encodes a map in the order of its keys, so that equal maps have equal encodings.
func (p *codec) appendMap(b []byte, m map[string]any) []byte {
	b = binary.AppendUvarint(b, uint64(len(m)))
	if value, isField := m["value"]; isField && len(m) == 2 {
		if typ, isField := m["type"]; isField { // most maps are fields: they need no sorting
			return p.appendMember(p.appendMember(b, "type", typ), "value", value)
		}
	}
	start := len(p.keys)
	for key := range m {
		p.keys = append(p.keys, key)
	}
	keys := p.keys[start:]
	slices.Sort(keys)
	for _, key := range keys {
		b = p.appendMember(b, key, m[key])
	}
	p.keys = p.keys[:start]
	return b
}

// appendMember encodes a member of a map.
func (p *codec) appendMember(b []byte, key string, value any) []byte {
	b = p.appendName(b, key)
	switch key {
	case "type", "status":
		if text, ok := value.(string); ok {
			p.learn(text)
		}
	case "checks":
		if checks, ok := value.([]any); ok && len(checks) > 0 {
			return p.shorten(p.appendValue(b, value), len(b))
		}
	}
	return p.appendValue(b, value)
}

// shorten replaces the list that is encoded from a position on by its number, if it has one
// or can get one. Nothing forgets a list, so it must hold nothing that a redaction removes.
func (p *codec) shorten(b []byte, start int) []byte {
	number, known := p.listed[string(b[start:])]
	if !known {
		if len(p.lists) == maxLists {
			return b
		}
		list := string(b[start:])
		number = len(p.lists)
		p.lists, p.listed[list] = append(p.lists, list), number
	}
	return binary.AppendUvarint(append(b[:start], kindListed), uint64(number))
}

func (p *codec) appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, kindNil)
	case bool:
		if v {
			return append(b, kindTrue)
		}
		return append(b, kindFalse)
	case string:
		return p.appendString(b, v)
	case float64:
		if whole := int64(v); float64(whole) == v && !(v == 0 && math.Signbit(v)) {
			return binary.AppendVarint(append(b, kindWhole), whole)
		}
		return binary.LittleEndian.AppendUint64(append(b, kindNumber), math.Float64bits(v))
	case int:
		return binary.AppendVarint(append(b, kindInt), int64(v))
	case []any:
		b = binary.AppendUvarint(append(b, kindList), uint64(len(v)))
		for _, element := range v {
			b = p.appendValue(b, element)
		}
		return b
	case map[string]any:
		start := len(b)
		b = p.appendMap(append(b, kindMap), v)
		if i := slices.Index(p.blanks, string(b[start+1:])); i >= 0 {
			b = append(b[:start], kindBlank+byte(i))
		}
		return b
	case Identifier:
		return p.appendIdentifier(append(b, kindIdentifier), v)
	case []Identifier:
		b = binary.AppendUvarint(append(b, kindIdentifiers), uint64(len(v)))
		for _, id := range v {
			b = p.appendIdentifier(b, id)
		}
		return b
	case []string:
		b = binary.AppendUvarint(append(b, kindTexts), uint64(len(v)))
		for _, text := range v {
			b = appendText(b, text)
		}
		return b
	default: // as it is in JSON
		text, _ := json.Marshal(v)
		var plain any
		_ = json.Unmarshal(text, &plain)
		return p.appendValue(b, plain)
	}
}

func (p *codec) appendString(b []byte, text string) []byte {
	if number, ok := p.numbers[text]; ok {
		return binary.AppendUvarint(append(b, kindName), uint64(number))
	}
	if len(text) == len(simclock.StampLayout) && text[len(text)-1] == 'Z' {
		if at := simclock.Moment(text); !at.IsZero() && simclock.Stamp(at) == text {
			return binary.AppendVarint(append(b, kindMoment), at.UnixMilli())
		}
	}
	return appendText(append(b, kindText), text)
}

func (p *codec) appendIdentifier(b []byte, id Identifier) []byte {
	if isShared(id.Type) {
		p.learn(id.ID)
	}
	b = p.appendName(b, id.Type)
	return p.appendString(b, id.ID)
}

// isShared reports whether many resources refer to the same one of a type, such as a template.
func isShared(typ string) bool {
	return strings.Contains(typ, "template") || strings.HasSuffix(typ, "-type")
}

// decoder decodes values one after another.
type decoder struct {
	*codec
	rest string
}

func (u *decoder) byte() byte {
	b := u.rest[0]
	u.rest = u.rest[1:]
	return b
}

func (u *decoder) size() int {
	var n uint64
	for shift := 0; ; shift += 7 {
		b := u.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return int(n)
		}
	}
}

func (u *decoder) signed() int64 {
	n := uint64(u.size())
	return int64(n>>1) ^ -int64(n&1)
}

func (u *decoder) text() string {
	n := u.size()
	text := u.rest[:n]
	u.rest = u.rest[n:]
	return text
}

func (u *decoder) name() string {
	if number := u.size(); number > 0 {
		return u.names[number-1]
	}
	return u.text()
}

func (u *decoder) object() map[string]any {
	n := u.size()
	m := make(map[string]any, n)
	for range n {
		key := u.name()
		m[key] = u.value()
	}
	return m
}

func (u *decoder) identifier() Identifier {
	id := Identifier{Type: u.name()}
	id.ID, _ = u.value().(string)
	return id
}

// isNested reports whether the next value is an object or a list.
func (u *decoder) isNested() bool {
	switch kind := u.rest[0]; kind {
	case kindList, kindMap, kindIdentifiers, kindTexts, kindListed:
		return true
	default:
		return kind >= kindBlank
	}
}

// skip goes on to what follows the next value.
func (u *decoder) skip() {
	switch u.byte() {
	case kindText:
		u.text()
	case kindNumber:
		u.rest = u.rest[8:]
	case kindName, kindWhole, kindInt, kindMoment, kindListed:
		u.size()
	case kindList:
		for range u.size() {
			u.skip()
		}
	case kindMap:
		for range u.size() {
			u.name()
			u.skip()
		}
	case kindIdentifier:
		u.name()
		u.skip()
	case kindIdentifiers:
		for range u.size() {
			u.name()
			u.skip()
		}
	case kindTexts:
		for range u.size() {
			u.text()
		}
	}
}

func (u *decoder) value() any {
	switch kind := u.byte(); kind {
	case kindFalse, kindTrue:
		return kind == kindTrue
	case kindText:
		return u.text()
	case kindName:
		return u.values[u.size()]
	case kindNumber:
		bits := binary.LittleEndian.Uint64([]byte(u.rest[:8]))
		u.rest = u.rest[8:]
		return math.Float64frombits(bits)
	case kindWhole:
		return float64(u.signed())
	case kindInt:
		return int(u.signed())
	case kindMoment:
		return simclock.Stamp(time.UnixMilli(u.signed()))
	case kindList:
		list := make([]any, u.size())
		for i := range list {
			list[i] = u.value()
		}
		return list
	case kindMap:
		return u.object()
	case kindIdentifier:
		return u.identifier()
	case kindIdentifiers:
		ids := make([]Identifier, u.size())
		for i := range ids {
			ids[i] = u.identifier()
		}
		return ids
	case kindTexts:
		texts := make([]string, u.size())
		for i := range texts {
			texts[i] = u.text()
		}
		return texts
	case kindListed:
		list := decoder{u.codec, u.lists[u.size()]}
		return list.value()
	case kindNil:
		return nil
	default:
		blank := decoder{u.codec, u.blanks[kind-kindBlank]}
		return blank.object()
	}
}
