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

// newest returns the document of the newest version.
func newest(t *testing.T) *openapi.Document {
	t.Helper()
	dir := documents(t)
	versions, err := openapi.Versions(dir)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi.Load(dir, versions[len(versions)-1])
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func mustGenerate(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files, err := generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTheCommittedFilesAreThoseOfTheGenerator(t *testing.T) {
	files := mustGenerate(t, documents(t))
	for path, source := range files {
		committed, err := os.ReadFile(filepath.Join("..", "..", path))
		if err != nil || string(committed) != string(source) {
			t.Errorf("%s is out of date: run make generate (%v)", path, err)
		}
	}
	for _, folder := range []string{"persona", "persona/webhook", "sandbox/internal/catalog"} {
		committed, err := filepath.Glob(filepath.Join("..", "..", folder, "*_gen.go"))
		if err != nil || len(committed) == 0 {
			t.Fatalf("%s has no generated files: %v", folder, err)
		}
		for _, path := range committed {
			if files[filepath.Join(folder, filepath.Base(path))] == nil {
				t.Errorf("%s is not generated any more: run make generate", path)
			}
		}
	}
}

// The documents of Persona's repository contain prose and examples; those at hand may
// not. Both must give the same files, and no sentence may get into the code.
func TestProseAndExamplesChangeNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: everything is generated twice")
	}
	dir := documents(t)
	want := mustGenerate(t, dir)
	got := mustGenerate(t, withProse(t, dir))
	if len(got) != len(want) {
		t.Fatalf("%d files, want %d", len(got), len(want))
	}
	for name, source := range want {
		if string(got[name]) != string(source) {
			t.Errorf("%s differs", name)
		}
		if strings.Contains(string(got[name]), prose) {
			t.Errorf("%s contains prose of the documents", name)
		}
	}
}

const prose = "a sentence of the documents"

// withProse copies the documents and adds prose and examples to every schema.
func withProse(t *testing.T, dir string) string {
	t.Helper()
	versions, err := openapi.Versions(dir)
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	for _, version := range versions {
		b, err := os.ReadFile(filepath.Join(dir, version, "openapi-bundled.json"))
		if err != nil {
			t.Fatal(err)
		}
		var document any
		if err := json.Unmarshal(b, &document); err != nil {
			t.Fatal(err)
		}
		addProse(document, false)
		if b, err = json.Marshal(document); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(copied, version), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, version, "openapi-bundled.json"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

// addProse adds prose and an example to every schema in a value. The keys of an object
// of names, such as properties, are no keywords.
func addProse(v any, names bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			addProse(value, !names && (key == "properties" || key == "mapping"))
		}
		if _, isSchema := v["type"]; isSchema && !names {
			v["description"], v["example"], v["title"] = prose, map[string]any{"properties": prose}, prose
		}
	case []any:
		for _, item := range v {
			addProse(item, false)
		}
	}
}

func TestGenerationFailsWhenATableDoesNotFitTheDocuments(t *testing.T) {
	for name, test := range map[string]struct{ document, problem string }{
		"an operation without a name": {
			`{"paths":{"/inquiries/{inquiry-id}/frobnicate":{"post":{"operationId":"frobnicate-an-inquiry"}}}}`,
			"POST /inquiries/{inquiry-id}/frobnicate (frobnicate-an-inquiry) has no name in methods.go",
		},
		"values of an attribute that is not documented": {`{}`, "which is not in the documents"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "2025-12-08"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "2025-12-08", "openapi-bundled.json"), []byte(test.document), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := generate(dir); err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("the error is %v, want one that says %q", err, test.problem)
			}
		})
	}
}

func TestATypeIsMadeOfOnePlaceInTheDocuments(t *testing.T) {
	g := &generator{declared: map[string]string{}}
	if !g.first("Report", "report") || g.first("Report", "report") || g.clash != nil {
		t.Errorf("a type that is used twice must be written once: %v", g.clash)
	}
	g.first("Report", "reports")
	if g.clash == nil {
		t.Error("a type of two places must be an error")
	}
}

func TestCommentsAreWrapped(t *testing.T) {
	got := comment(strings.Repeat("four ", 20) + " " + strings.Repeat("long", 30) + " end")
	want := "// four four four four four four four four four four four four four four four four four\n" +
		"// four four four\n" +
		"// " + strings.Repeat("long", 30) + "\n" +
		"// end"
	if got != want {
		t.Errorf("the comment is\n%s\nwant\n%s", got, want)
	}
}

func TestFilesThatAreNoLongerGeneratedAreRemoved(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "persona"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"old_gen.go", "kept_gen.go", "client.go"} {
		if err := os.WriteFile(filepath.Join(root, "persona", name), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := replace(root, map[string][]byte{"persona/kept_gen.go": []byte("new")}); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(root, "persona"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		b, err := os.ReadFile(filepath.Join(root, "persona", entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = string(b)
	}
	if want := map[string]string{"kept_gen.go": "new", "client.go": "old"}; !maps.Equal(found, want) {
		t.Errorf("the folder contains %v, want %v", found, want)
	}
}

func TestEveryNoteAndResultBelongsToAnOperation(t *testing.T) {
	named := slices.Collect(maps.Values(methods()))
	for _, name := range slices.Concat(slices.Collect(maps.Keys(notes())), slices.Collect(maps.Keys(plainResults()))) {
		if !slices.Contains(named, name) {
			t.Errorf("%s is no operation", name)
		}
	}
}

func TestEveryNamedOperationIsInTheDocuments(t *testing.T) {
	ids := map[string]bool{}
	for _, o := range newest(t).Operations {
		ids[o.ID] = true
	}
	for id := range methods() {
		if !ids[id] {
			t.Errorf("methods.go names %s, which no document has", id)
		}
	}
}

func TestEveryEventHasANameOfItsOwn(t *testing.T) {
	events, err := events(newest(t))
	if err != nil {
		t.Fatal(err)
	}
	described := 0
	names := map[string]string{}
	for _, e := range events {
		if other, taken := names[goName(e.Name)]; taken {
			t.Errorf("%s and %s are both %s", e.Name, other, goName(e.Name))
		}
		names[goName(e.Name)] = e.Name
		if e.Resource != "" {
			described++
		}
	}
	if len(events) != 249 || described != 130 {
		t.Errorf("%d events, %d described; want 249 and 130", len(events), described)
	}
}

func TestTheResourceOfAnEventIsATypeOfTheSDK(t *testing.T) {
	var sdk strings.Builder
	generated, err := filepath.Glob(filepath.Join("..", "..", "persona", "*_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range generated {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sdk.Write(source)
	}
	events, err := events(newest(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Resource != "" && !strings.Contains(sdk.String(), "\ntype "+e.Resource+" struct {\n") {
			t.Errorf("%s has a %s, which the SDK does not define", e.Name, e.Resource)
		}
	}
}
