package domain

import (
	"strings"
	"testing"
)

func TestPlausibleID(t *testing.T) {
	for id, want := range map[string]bool{
		"inq_123":                true,
		"axn_00ff":               true,
		"inquiry.completed":      true,
		"report/watchlist.ready": true,
		strings.Repeat("a", 200): true,
		strings.Repeat("a", 201): false,
		"":                       false,
		".":                      false,
		"..":                     false,
		"inq 1":                  false,
		"inq_\x00":               false,
		"inq_\xff":               false,
		"inq_é":                  false,
		"inq_\n":                 false,
		"inq_\x7f":               false,
	} {
		if got := PlausibleID(id); got != want {
			t.Errorf("%.20q is plausible: %v", id, got)
		}
	}
}

func TestStorable(t *testing.T) {
	for given, want := range map[string]string{"a\x00b": "a\uFFFDb", "a\xffb": "a\uFFFDb", "": "", "éééééé": "ééé", "123456789": "1234567", "1234567": "1234567", "123456é": "123456"} {
		if got := Storable(given, 7); got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
}
