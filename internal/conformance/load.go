package conformance

import (
	"os"
	"path/filepath"
	"testing"
)

// LoadOrSkip is [Load] for tests. It reads the document from the folder that
// PERSONA_OPENAPI names, or from ../shared/spec beside the repository, and skips
// the test where there is none.
func LoadOrSkip(t testing.TB, version string) *Document {
	t.Helper()
	dir := os.Getenv("PERSONA_OPENAPI")
	if dir == "" {
		dir = filepath.Join(root(t), "..", "shared", "spec")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no OpenAPI documents: set PERSONA_OPENAPI to a clone of Persona's public OpenAPI repository")
	}
	doc, err := Load(dir, version)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// root returns the folder that holds go.mod.
func root(t testing.TB) string {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	t.Fatal("the test does not run inside the repository")
	return ""
}
