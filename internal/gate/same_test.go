package gate

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"testing"
)

// mask takes from bodies what differs from run to run: ids, secrets, tokens and
// addresses become numbered, in the order in which they appear.
type mask struct {
	known map[string]string
	count map[string]int
}

func newMask() *mask {
	return &mask{known: map[string]string{}, count: map[string]int{}}
}

// drawn is what the sandbox draws at random, and where it and the gate listen. The kind of
// an id is its prefix.
var drawn = regexp.MustCompile(`(?:` +
	`wbhsec_[0-9a-f-]+` +
	`|persona_(?:sandbox|production)_[0-9a-f-]{36}` +
	`|eyJ[\w-]*\.[\w-]*\.[\w-]*` + // session tokens
	`|127\.0\.0\.1:[0-9]+` +
	`|code=[\w-]+` + // one-time links
	`|[\w-]{43,}` + // privacy passes, and what they are made of
	`|([a-z]+)_[1-9A-HJ-NP-Za-km-z]{28})`)

// ownCasing are the attributes and headers that tell of the run's casing.
var ownCasing = regexp.MustCompile(`"(?i:(?:api[-_]?)?key[-_]?inflection)":"[a-z]+"`)

func (m *mask) body(body []byte) []byte {
	return drawn.ReplaceAllFunc(ownCasing.ReplaceAll(body, []byte(`"inflection":""`)), func(text []byte) []byte {
		key := string(text)
		if m.known[key] == "" {
			kind := cmp.Or(string(drawn.FindSubmatch(text)[1]), "drawn")
			m.count[kind]++
			m.known[key] = fmt.Sprintf("%s-%d", kind, m.count[kind])
		}
		return []byte(m.known[key])
	})
}

// difference says where the recording of a run differs from that of its version in kebab
// case, but for its keys and for what is drawn.
func difference(t *testing.T, r run, other, inKebab recording) string {
	t.Helper()
	first, second := newMask(), newMask()
	for _, pair := range [][2][]exchange{{inKebab.answers, other.answers}, {inKebab.plain, other.plain}} {
		if len(pair[0]) != len(pair[1]) {
			return fmt.Sprintf("there are %d and %d", len(pair[0]), len(pair[1]))
		}
		for i, a := range pair[0] {
			b := pair[1][i]
			want, got := first.body(written(t, a, r.casing, r.version)), second.body(written(t, b, "kebab", ""))
			if a.what != b.what || a.status != b.status || !bytes.Equal(want, got) {
				at := 0
				for at < min(len(want), len(got)) && want[at] == got[at] {
					at++
				}
				return fmt.Sprintf("%s: %d …%s…\n%s: %d …%s…", a.what, a.status, around(want, at), b.what, b.status, around(got, at))
			}
		}
	}
	return ""
}

// written is a body in a casing, its keys sorted. The casing kebab changes none.
func written(t *testing.T, e exchange, casing, version string) []byte {
	t.Helper()
	if !e.isJSON() {
		return e.body
	}
	body, err := inflected(e.body, casing, version)
	if err != nil {
		t.Fatalf("%s: %v", e.what, err)
	}
	return body
}

// around is what is near a place of a text.
func around(text []byte, at int) []byte {
	return text[max(at-80, 0):min(at+80, len(text))]
}
