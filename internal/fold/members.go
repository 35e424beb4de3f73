package fold

import (
	"bytes"
	"encoding/json"
	"strings"
)

// members splits a valid JSON object into its members. name converts keys. Two members with
// the same converted key are an error, because encoding/json would use the last one, and
// would ignore case when it fills a struct.
func members(raw json.RawMessage, name func(key string) string) (map[string]json.RawMessage, error) {
	at := skipSpace(raw, 0)
	if raw[at] != '{' {
		return nil, unreadable(Malformed)
	}
	found := make(map[string]json.RawMessage, 8)
	for at = skipSpace(raw, at+1); raw[at] != '}'; at = skipSpace(raw, at) {
		end := valueEnd(raw, at)
		key := name(keyText(raw[at:end]))
		at = skipSpace(raw, skipSpace(raw, end)+1) // skip the colon
		end = valueEnd(raw, at)
		if _, twice := found[key]; twice {
			return nil, unreadable(DuplicateKey)
		}
		found[key] = raw[at:end:end]
		if at = skipSpace(raw, end); raw[at] == ',' {
			at++
		}
	}
	return found, nil
}

// exact does not convert a key.
func exact(key string) string { return key }

// keyText decodes a quoted key.
func keyText(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // cannot fail: it is a string
	return s
}

// skipSpace returns the position of the first byte from at that is not white space.
func skipSpace(raw []byte, at int) int {
	for at < len(raw) && strings.IndexByte(" \t\r\n", raw[at]) >= 0 {
		at++
	}
	return at
}

// valueEnd returns the position after the value that starts at at.
func valueEnd(raw []byte, at int) int {
	depth := 0
	for ; at < len(raw); at++ {
		switch raw[at] {
		case '"':
			for at++; raw[at] != '"'; at++ {
				if raw[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return at // of a number or a literal
			}
			if depth == 0 {
				return at + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}
