package persona

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
)

func TestCursor(t *testing.T) {
	for name, test := range map[string]struct {
		link string
		want string
	}{
		"no link":              {"", ""},
		"a relative link":      {"/api/v1/inquiries?page%5Bafter%5D=inq_1", "inq_1"},
		"with other parts":     {"/api/v1/inquiries/search?page%5Bafter%5D=inq_1&page%5Bsize%5D=10", "inq_1"},
		"an absolute link":     {"https://api.example.com/api/v1/inquiries?page[after]=inq_1", "inq_1"},
		"of another parameter": {"/api/v1/inquiries?page%5Bbefore%5D=inq_1", ""},
		"with a broken escape": {"/api/v1/inquiries?page%before%5D=inq_1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cursor(test.link, "page[after]"); got != test.want {
				t.Errorf("cursor %q, want %q", got, test.want)
			}
		})
	}
}

// A cursor that was inserted into a link can be extracted again.
func FuzzCursor(f *testing.F) {
	f.Add("inq_1")
	f.Add("a&page[after]=b%")
	f.Fuzz(func(t *testing.T, want string) {
		link := "/api/v1/inquiries?" + url.Values{"page[after]": {want}, "filter[status]": {"x"}}.Encode()
		if got := cursor(link, "page[after]"); got != want {
			t.Errorf("%q became %q", want, got)
		}
		_ = cursor(want, "page[after]")
	})
}

// Keys in any casing are found by their kebab-case name.
func FuzzInflection(f *testing.F) {
	f.Add("address-street-1")
	f.Add("id")
	f.Add("a--b-")
	f.Fuzz(func(t *testing.T, key string) {
		for _, cased := range []string{key, snake(key), camel(key)} {
			name, err := json.Marshal(cased)
			if err != nil {
				t.Fatal(err)
			}
			if json.Unmarshal(name, &cased) != nil || cased != key && cased != snake(key) && cased != camel(key) {
				continue // not UTF-8, so it cannot be a key in JSON
			}
			if got := member(fmt.Appendf(nil, "{%s:1}", name), key); string(got) != "1" {
				t.Errorf("%q is not found as %q", key, cased)
			}
		}
	})
}
