package conformance

import (
	"testing"

	"github.com/idemhq/idem/internal/openapi"
)

// LoadOrSkip is [Load] for tests. It reads the document from where [openapi.Dir]
// finds it, and skips the test where there is none.
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
