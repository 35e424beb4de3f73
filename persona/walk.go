package persona

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// walker steps over JSON that [json.Valid] has accepted, so it checks nothing. With
// any other input its results mean nothing, but it ends and does not panic. It
// allocates nothing by itself.
type walker struct {
	src []byte
	pos int
}

// peek returns the next byte that is not white space, or 0 at the end.
func (w *walker) peek() byte {
	for ; w.pos < len(w.src); w.pos++ {
		if c := w.src[w.pos]; c > ' ' {
			return c
		}
	}
	return 0
}

// object calls member for each member of an object. The walker then stands before
// the value, and member must step over it. Any other value is stepped over; object
// then returns false.
func (w *walker) object(member func(key []byte)) bool {
	if w.peek() != '{' {
		w.skip()
		return false
	}
	for w.enter(); w.more('}'); {
		key := w.key()
		member(key)
	}
	return true
}

// array calls element for each element of an array, which must step over it. Any other
// value is stepped over; array then returns false.
func (w *walker) array(element func()) bool {
	if w.peek() != '[' {
		w.skip()
		return false
	}
	for w.enter(); w.more(']'); {
		element()
	}
	return true
}

// enter steps over the bracket that opens an object or an array.
func (w *walker) enter() { w.pos++ }

// more reports whether another item comes before the closing bracket. It steps over
// the comma in front of the item, or over the bracket.
func (w *walker) more(end byte) bool {
	c := w.peek()
	if c == ',' {
		w.pos++
		c = w.peek()
	}
	if c == end || c == 0 {
		w.pos++
		return false
	}
	return true
}

// key steps over a key and its colon, and returns what the key says.
func (w *walker) key() []byte {
	w.peek()
	quoted := w.quoted()
	w.peek()
	w.pos++ // the colon
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return []byte(unquote(quoted))
}

// quoted steps over a string and returns it with its quotes.
func (w *walker) quoted() []byte {
	start := w.pos
	for w.pos++; w.pos < len(w.src); w.pos++ {
		switch w.src[w.pos] {
		case '\\':
			w.pos++
		case '"':
			w.pos++
			return w.src[start:w.pos:w.pos]
		}
	}
	w.pos = len(w.src)
	return []byte(`""`)
}

// raw steps over any value and returns its bytes.
func (w *walker) raw() json.RawMessage {
	w.peek()
	start := w.pos
	w.skip()
	return w.src[start:w.pos:w.pos]
}

// skip steps over any value.
func (w *walker) skip() {
	depth := 0
	for {
		switch w.peek() {
		case '"':
			w.quoted()
		case '{', '[':
			w.pos++
			depth++
		case '}', ']':
			w.pos++
			depth--
		case ',', ':':
			w.pos++
			continue
		case 0:
			return
		default:
			w.word()
		}
		if depth == 0 {
			return
		}
	}
}

// word steps over a number, true, false or null, and returns it.
func (w *walker) word() []byte {
	start := w.pos
	for w.pos < len(w.src) {
		switch w.src[w.pos] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return w.src[start:w.pos:w.pos]
		}
		w.pos++
	}
	return w.src[start:w.pos:w.pos]
}

// text steps over any value, and returns what it says where it is a string.
func (w *walker) text() (s string, ok bool) {
	if w.peek() != '"' {
		w.skip()
		return "", false
	}
	return unquote(w.quoted()), true
}

// unquote returns what a JSON string says.
func unquote(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // it is a string, so it cannot fail
	return s
}

// member returns the JSON of the member of an object with a kebab-case name, in
// whatever casing it came. It is nil where there is none. The object may be anything.
func member(object []byte, kebab string) (found json.RawMessage) {
	if !json.Valid(object) { // the caller may have set it
		return nil
	}
	var rank uint8
	w := walker{src: object}
	w.object(func(key []byte) {
		raw := w.raw()
		if r := rankOf(string(key), kebab); r > 0 && r >= rank {
			found, rank = raw, r
		}
	})
	return found
}

// rankOf returns the casing in which a key is the one with a kebab-case name, or zero
// where it is another key.
func rankOf(key, kebab string) uint8 {
	switch key {
	case kebab:
		return kebabRank
	case snake(kebab):
		return snakeRank
	case camel(kebab):
		return camelRank
	default:
		return 0
	}
}
