package conformance

import (
	"testing"

	"github.com/idemhq/idem/internal/openapi"
)

// LoadOrSkip is [Load] for tests. It finds the folder with [openapi.Dir] and skips the test
// if there is none.
func LoadOrSkip(t testing.TB, version string) *Document {
	t.Helper()
	dir, err := openapi.Dir()
	if err != nil {
		t.Skip(err)
	}
	doc, err := Load(dir, version)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
