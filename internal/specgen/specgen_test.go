package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/openapi"
)

// documents returns the folder of the documents, or skips the test.
func documents(t *testing.T) string {
	t.Helper()
	dir, err := openapi.Dir()
	if err != nil {
		t.Skip(err)
	}
	return dir
}

// generated runs the generator and returns its files by name.
func generated(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(b)
	}
	return files
}

// The documents with prose and examples, as a clone of Persona's repository has them,
// give the same files as those without: no sentence of theirs gets into the SDK.
func TestProseAndExamplesChangeNothing(t *testing.T) {
	dir := documents(t)
	want := generated(t)
	versions, err := openapi.Versions(dir)
	if err != nil {
		t.Fatal(err)
	}
	told := t.TempDir()
	for _, version := range versions {
		b, err := os.ReadFile(filepath.Join(dir, version, "openapi-bundled.json"))
		if err != nil {
			t.Fatal(err)
		}
		var document any
		if err := json.Unmarshal(b, &document); err != nil {
			t.Fatal(err)
		}
		tell(document, false)
		if b, err = json.Marshal(document); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(told, version), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(told, version, "openapi-bundled.json"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PERSONA_OPENAPI", told)
	got := generated(t)
	if len(got) != len(want) {
		t.Fatalf("%d files, want %d", len(got), len(want))
	}
	for name, source := range want {
		if got[name] != source {
			t.Errorf("%s differs", name)
		}
		if strings.Contains(got[name], prose) {
			t.Errorf("%s holds prose of the documents", name)
		}
	}
}

const prose = "a sentence of the documents"

// tell puts prose and an example beside the keywords of every schema. The names of
// properties are no keywords.
func tell(v any, names bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			tell(value, !names && (key == "properties" || key == "mapping"))
		}
		if _, isSchema := v["type"]; isSchema && !names {
			v["description"], v["example"], v["title"] = prose, map[string]any{"properties": prose}, prose
		}
	case []any:
		for _, item := range v {
			tell(item, false)
		}
	}
}

func TestTheCommittedFilesAreThoseOfTheGenerator(t *testing.T) {
	documents(t)
	for name, source := range generated(t) {
		committed, err := os.ReadFile(filepath.Join("..", "..", "persona", name))
		if err != nil || string(committed) != source {
			t.Errorf("%s is out of date: run make generate (%v)", name, err)
		}
	}
}

func TestNames(t *testing.T) {
	for key, want := range map[string]string{
		"address-street-1": "AddressStreet1", "api-key": "APIKey", "inquiry-ids": "InquiryIDs", "grant_type": "GrantType", "1099-form": "N1099Form",
	} {
		if got := exported(key); got != want {
			t.Errorf("%s is named %s, want %s", key, got, want)
		}
	}
	for service, want := range map[string]string{"Inquiries": "Inquiry", "Cases": "Case", "APIKeys": "APIKey", "PrivacyPasses": "PrivacyPass", "OAuth": "OAuth"} {
		if got := singular(service); got != want {
			t.Errorf("one of %s is a %s, want %s", service, got, want)
		}
	}
	for service, want := range map[string]string{"APIKeys": "api_keys_gen.go", "InquiryTemplateVersions": "inquiry_template_versions_gen.go", "OAuth": "oauth_gen.go"} {
		if got := fileName(service); got != want {
			t.Errorf("%s goes to %s, want %s", service, got, want)
		}
	}
}

func TestEveryNoteAndResultIsOfAnOperation(t *testing.T) {
	named := slices.Collect(maps.Values(methods))
	for _, name := range slices.Concat(slices.Collect(maps.Keys(notes)), slices.Collect(maps.Keys(plainResults))) {
		if !slices.Contains(named, name) {
			t.Errorf("%s is no operation", name)
		}
	}
}
