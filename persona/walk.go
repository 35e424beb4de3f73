package persona

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// walker reads JSON that [json.Valid] has accepted, so it does not check it. For any other
// input its results are meaningless, but it terminates and does not panic. It does not
// allocate.
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

// object calls member for each member of an object. member must read the value. If the
// value is not an object, it is skipped and the result is false.
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

// array calls element for each element of an array. element must read the value. If the
// value is not an array, it is skipped and the result is false.
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

// enter skips the opening bracket of an object or an array.
func (w *walker) enter() { w.pos++ }

// more reports whether there is another item before the closing bracket. It skips the comma
// before the item, or the bracket.
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

// key reads a key and its colon, and returns the decoded key.
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

// quoted reads a string and returns it with its quotes.
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

// raw reads any value and returns its bytes.
func (w *walker) raw() json.RawMessage {
	w.peek()
	start := w.pos
	w.skip()
	return w.src[start:w.pos:w.pos]
}

// skip skips any value.
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

// word reads a number, true, false or null.
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

// text reads any value and decodes it if it is a string.
func (w *walker) text() (s string, ok bool) {
	if w.peek() != '"' {
		w.skip()
		return "", false
	}
	return unquote(w.quoted()), true
}

// unquote decodes a JSON string.
func unquote(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // cannot fail: it is a string
	return s
}

// member returns the JSON of a member of an object by its kebab-case name, in any casing,
// or nil if there is none. object may be any JSON.
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

// rankOf returns the casing in which key equals the name kebab, or zero if it does not.
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
