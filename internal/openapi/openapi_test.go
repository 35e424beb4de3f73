package openapi

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestReadsEveryVersion(t *testing.T) {
	dir, err := Dir()
	if err != nil {
		t.Skip(err)
	}
	versions, err := Versions(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		d, err := Load(dir, version)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Operations) < 209 {
			t.Errorf("%s has %d operations, want at least 209", version, len(d.Operations))
		}
		inquiry := d.Flat(d.Schema("inquiry").Properties["attributes"])
		if inquiry.Properties["status"] == nil {
			t.Errorf("%s: an inquiry has no status", version)
		}
		shared := d.Flat(d.Schema("verification-government-id").Properties["attributes"])
		if shared.Properties["checks"] == nil || shared.Properties["front-photo-url"] == nil {
			t.Errorf("%s: the parts of a government id verification's attributes are not merged", version)
		}
	}
}

func TestReadsTheKeywordsOfASchema(t *testing.T) {
	var s Schema
	text := `{"type":["string","null"],"format":"date","const":"a","enum":["a",null,"b"],"items":true,
		"additionalProperties":{"type":"string"},"oneOf":[{"$ref":"#/components/schemas/x"}],"anyOf":[{"type":"null"}],
		"discriminator":{"mapping":{"k":"#/components/schemas/y"}},"description":"ignored"}`
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	want := Schema{
		Types: []string{"string", "null"}, Format: "date", Const: "a", Enum: []string{"a", "b"}, Items: &Schema{}, Open: true,
		OneOf: []*Schema{{Ref: "x"}, {Types: []string{"null"}}}, Mapping: map[string]string{"k": "y"},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("read %+v, want %+v", s, want)
	}
	if !s.Nullable() || s.Type() != "string" || len(s.Alternatives()) != 1 {
		t.Errorf("nullable %v, type %q, %d alternatives; want true, string, 1", s.Nullable(), s.Type(), len(s.Alternatives()))
	}
}

func TestADocumentThatIsNotUnderstoodIsAnError(t *testing.T) {
	for name, document := range map[string]string{
		"an operation that is no object": `{"paths":{"/inquiries":{"get":"list"}}}`,
		"a type that is a number":        `{"components":{"schemas":{"inquiry":{"type":7}}}}`,
		"no JSON":                        `{`,
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "2025-12-08"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "2025-12-08", "openapi-bundled.json"), []byte(document), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadAll(dir); err == nil {
			t.Errorf("%s is read without an error", name)
		}
	}
}
