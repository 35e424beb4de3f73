package webhook

import (
	"bytes"
	"encoding/json"
)

// maxDepth limits the nesting of objects and arrays. Persona's documents have up to 14
// levels; a template's own JSON fields can add some.
const maxDepth = 100

// maxWord is the maximum length of an id, a name or a type, in bytes.
const maxWord = 200

// scanner reads JSON without building values, and validates everything it skips: an
// accepted body is well-formed JSON. Its allocations do not grow with the input, and its
// recursion is limited by maxDepth.
type scanner struct {
	src   []byte
	pos   int
	depth int
}

func (s *scanner) fail(detail string) error {
	return &BodyError{Offset: s.pos, Detail: detail}
}

// peek returns the next byte that is not white space, or 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.src) && s.src[s.pos] > ' ' {
		return s.src[s.pos]
	}
	for ; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take skips c if it comes next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// end returns an error unless only white space is left.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.src) {
		return s.fail("there is more after the JSON value")
	}
	return nil
}

// object reads an object and calls member after each key. member must read the value.
func (s *scanner) object(member func(key []byte) error) error {
	return s.nested('{', '}', "object", func() error {
		key, err := s.key()
		if err != nil {
			return err
		}
		return member(key)
	})
}

// key reads a key and its colon.
func (s *scanner) key() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.fail("expected a key")
	}
	key, err := s.text()
	if err == nil && !s.take(':') {
		err = s.fail("expected a colon after a key")
	}
	return key, err
}

func (s *scanner) array(element func() error) error {
	return s.nested('[', ']', "array", element)
}

func (s *scanner) nested(open, shut byte, kind string, item func() error) error {
	if !s.take(open) {
		return s.fail("expected an " + kind)
	}
	if s.depth++; s.depth > maxDepth {
		return s.fail("nested too deeply")
	}
	if !s.take(shut) {
		for {
			if err := item(); err != nil {
				return err
			}
			if s.take(shut) {
				break
			}
			if !s.take(',') {
				return s.fail("expected a comma or the end of an " + kind)
			}
		}
	}
	s.depth--
	return nil
}

// skip skips any value.
func (s *scanner) skip() error {
	switch c := s.peek(); c {
	case '{':
		return s.nested('{', '}', "object", s.skipMember)
	case '[':
		return s.array(s.skip)
	case '"':
		_, _, err := s.str()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	case 0:
		return s.fail("the body ends too early")
	default:
		return s.number()
	}
}

// skipMember skips a key and its value.
func (s *scanner) skipMember() error {
	if _, err := s.key(); err != nil {
		return err
	}
	return s.skip()
}

// raw reads any value and returns its bytes.
func (s *scanner) raw() ([]byte, error) {
	s.peek()
	start := s.pos
	err := s.skip()
	return s.src[start:s.pos], err
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.src[s.pos:], []byte(word)) {
		return s.fail("expected a value")
	}
	s.pos += len(word)
	return nil
}

func (s *scanner) number() error {
	s.accept('-')
	switch {
	case s.accept('0'):
	case !s.digits():
		return s.fail("expected a value")
	}
	if s.accept('.') && !s.digits() {
		return s.fail("expected a digit")
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('+') {
			s.accept('-')
		}
		if !s.digits() {
			return s.fail("expected a digit")
		}
	}
	return nil
}

// accept skips c if it is the next byte.
func (s *scanner) accept(c byte) bool {
	if s.pos == len(s.src) || s.src[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// str reads a string and returns the text between its quotes without decoding it.
func (s *scanner) str() (inner []byte, escaped bool, err error) {
	if !s.take('"') {
		return nil, false, s.fail("expected a string")
	}
	start := s.pos
	for {
		plain := s.src[s.pos:]
		n := 0
		for n < len(plain) && plain[n] != '"' && plain[n] != '\\' && plain[n] >= ' ' {
			n++
		}
		switch s.pos += n; {
		case n == len(plain):
			return nil, false, s.fail("the body ends inside a string")
		case plain[n] == '"':
			s.pos++
			return s.src[start : s.pos-1], escaped, nil
		case plain[n] != '\\':
			return nil, false, s.fail("a control character in a string")
		}
		escaped = true
		if err := s.escape(); err != nil {
			return nil, false, err
		}
	}
}

func (s *scanner) escape() error {
	rest := s.src[s.pos:]
	switch {
	case len(rest) >= 2 && bytes.IndexByte([]byte(`"\/bfnrt`), rest[1]) >= 0:
		s.pos += 2
		return nil
	case len(rest) >= 6 && rest[1] == 'u' && allHex(rest[2:6]):
		s.pos += 6
		return nil
	default:
		return s.fail("a wrong escape in a string")
	}
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// text reads and decodes a string. A string that is too long to be a word is returned as
// written.
func (s *scanner) text() ([]byte, error) {
	inner, escaped, err := s.str()
	if err != nil || !escaped || len(inner) > 6*maxWord {
		return inner, err
	}
	var text string
	if err := json.Unmarshal(s.src[s.pos-len(inner)-2:s.pos], &text); err != nil {
		return nil, s.fail("a string that cannot be read")
	}
	return []byte(text), nil
}

// word steps over a string that must be an id, a name or a type: short, printable
// ASCII, without spaces.
func (s *scanner) word(what string) (string, error) {
	if s.peek() != '"' {
		return "", s.fail(what + " is not a string")
	}
	start := s.pos
	text, err := s.text()
	if err != nil {
		return "", err
	}
	bad := ""
	if len(text) > maxWord {
		bad = " is too long"
	} else if bytes.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		bad = " holds spaces or characters that are not printable ASCII"
	}
	if bad != "" {
		return "", &BodyError{Offset: start, Detail: what + bad}
	}
	return string(text), nil
}
