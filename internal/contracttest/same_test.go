package contracttest

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mask replaces what differs between runs in JSON values: ids, secrets, tokens and
// addresses become numbers in order of appearance.
type mask struct {
	known map[string]string
	count map[string]int
}

func newMask() *mask {
	return &mask{known: map[string]string{}, count: map[string]int{}}
}

// drawn matches what the sandbox generates at random, and the addresses of the sandbox and
// the test. The kind of an id is its prefix.
var drawn = regexp.MustCompile(`(?:` +
	`wbhsec_[0-9a-f-]+` +
	`|persona_(?:sandbox|production)_[0-9a-f-]{36}` +
	`|eyJ[\w-]*\.[\w-]*\.[\w-]*` + // session tokens
	`|127\.0\.0\.1:[0-9]+` +
	`|code=[\w-]+` + // one-time links
	`|[\w-]{43,}` + // privacy passes and their parts
	`|([a-z]+)_[1-9A-HJ-NP-Za-km-z]{28})`)

const shortestDrawn = len("127.0.0.1:10000")

// minted matches the URLs of files, which have a new token each time.
var minted = regexp.MustCompile(`access_token=[\w.-]+|/files/[\w-]+\.[\w-]+/`)

func (m *mask) text(text string) string {
	if len(text) < shortestDrawn {
		return text
	}
	return drawn.ReplaceAllStringFunc(minted.ReplaceAllString(text, ""), func(found string) string {
		if m.known[found] == "" {
			kind := cmp.Or(drawn.FindStringSubmatch(found)[1], "drawn")
			m.count[kind]++
			m.known[found] = fmt.Sprintf("%s-%d", kind, m.count[kind])
		}
		return m.known[found]
	})
}

func (m *mask) value(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if tellsCasing(key) {
				delete(value, key)
			} else {
				value[key] = m.value(value[key])
			}
		}
	case []any:
		for i := range value {
			value[i] = m.value(value[i])
		}
	case string:
		return m.text(value)
	}
	return value
}

// tellsCasing reports whether an attribute or header contains the run's casing.
func tellsCasing(key string) bool {
	return strings.HasSuffix(key, "nflection") // Key-Inflection, apiKeyInflection
}

// difference describes where a run's recording differs from that of its version in kebab
// case, except for keys and random values.
func difference(t *testing.T, r run, other, inKebab recording) string {
	t.Helper()
	first, second := newMask(), newMask()
	for _, pair := range [][2][]exchange{{inKebab.answers, other.answers}, {inKebab.plain, other.plain}} {
		if len(pair[0]) != len(pair[1]) {
			return fmt.Sprintf("there are %d and %d", len(pair[0]), len(pair[1]))
		}
		for i, a := range pair[0] {
			b := pair[1][i]
			if a.what != b.what || a.status != b.status {
				return fmt.Sprintf("%s was answered with %d, and %s with %d", a.what, a.status, b.what, b.status)
			}
			want, got := first.value(rekey(a.value(t), r.casing, r.version)), second.value(b.value(t))
			if at := apart(want, got, ""); at != "" {
				return a.what + " at " + at
			}
		}
	}
	return ""
}

// apart returns the first difference of two JSON values, or "".
func apart(one, other any, at string) string {
	if reflect.DeepEqual(one, other) {
		return ""
	}
	switch one := one.(type) {
	case map[string]any:
		other, ok := other.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(one)) {
			if where := apart(one[key], other[key], at+"/"+key); ok && where != "" {
				return where
			}
		}
	case []any:
		other, ok := other.([]any)
		for i := range one {
			if ok && len(one) == len(other) && !reflect.DeepEqual(one[i], other[i]) {
				return apart(one[i], other[i], fmt.Sprint(at, "/", i))
			}
		}
	}
	return fmt.Sprintf("%s: %.200v and %.200v", at, one, other)
}
