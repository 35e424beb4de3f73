package persona

import (
	"encoding/json"
	"net/url"
	"testing"
)

func TestCursor(t *testing.T) {
	text := func(s string) *string { return &s }
	for name, test := range map[string]struct {
		link *string
		want string
	}{
		"no link":              {nil, ""},
		"a relative link":      {text("/api/v1/inquiries?page%5Bafter%5D=inq_1"), "inq_1"},
		"with other parts":     {text("/api/v1/inquiries/search?page%5Bafter%5D=inq_1&page%5Bsize%5D=10"), "inq_1"},
		"an absolute link":     {text("https://api.example.com/api/v1/inquiries?page[after]=inq_1"), "inq_1"},
		"of another parameter": {text("/api/v1/inquiries?page%5Bbefore%5D=inq_1"), ""},
		"with a broken escape": {text("/api/v1/inquiries?page%before%5D=inq_1"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cursor(test.link, "page[after]"); got != test.want {
				t.Errorf("cursor %q, want %q", got, test.want)
			}
		})
	}
}

// A cursor that was put into a link comes out of it.
func FuzzCursor(f *testing.F) {
	f.Add("inq_1")
	f.Add("a&page[after]=b%")
	f.Fuzz(func(t *testing.T, want string) {
		link := "/api/v1/inquiries?" + url.Values{"page[after]": {want}, "filter[status]": {"x"}}.Encode()
		if got := cursor(&link, "page[after]"); got != want {
			t.Errorf("%q became %q", want, got)
		}
		_ = cursor(&want, "page[after]")
	})
}

// Keys in any of the three casings are found by their kebab-case name.
func FuzzInflection(f *testing.F) {
	f.Add("address-street-1")
	f.Add("id")
	f.Add("a--b-")
	f.Fuzz(func(t *testing.T, key string) {
		for _, cased := range []string{key, camel(key)} {
			if got := lookup(map[string]json.RawMessage{cased: json.RawMessage("1")}, key); string(got) != "1" && cased == key {
				t.Errorf("%q is not found as %q", key, cased)
			}
		}
	})
}
