package fold

import (
	"bytes"
	"encoding/json"
	"strings"
)

// members splits an object of valid JSON into its members, by the keys that name makes
// of theirs, and refuses two of one key. encoding/json would take the last of them, and
// match them without case where it fills a struct.
func members(raw json.RawMessage, name func(key string) string) (map[string]json.RawMessage, error) {
	at := space(raw, 0)
	if raw[at] != '{' {
		return nil, unreadable(Malformed)
	}
	found := make(map[string]json.RawMessage, 8)
	for at = space(raw, at+1); raw[at] != '}'; at = space(raw, at) {
		end := valueEnd(raw, at)
		key := name(keyText(raw[at:end]))
		at = space(raw, space(raw, end)+1) // over the colon
		end = valueEnd(raw, at)
		if _, twice := found[key]; twice {
			return nil, unreadable(DuplicateKey)
		}
		found[key] = raw[at:end:end]
		if at = space(raw, end); raw[at] == ',' {
			at++
		}
	}
	return found, nil
}

// exact leaves a key as it is.
func exact(key string) string { return key }

// keyText is what a key says.
func keyText(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // it is a string
	return s
}

// space is the place of the first byte from at on that is not white space.
func space(raw []byte, at int) int {
	for at < len(raw) && strings.IndexByte(" \t\r\n", raw[at]) >= 0 {
		at++
	}
	return at
}

// valueEnd is the place after the value that begins at a place.
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
				return at // of a number or a word before it
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
