package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Document is one dated version of Persona's API.
type Document struct {
	Version    string
	Operations []Operation        // by path, then by method
	Webhooks   map[string]*Schema // the body of each webhook, by the event's name
	schemas    map[string]*Schema
}

// Operation is one call of the API.
type Operation struct {
	Method     string // GET, POST, PATCH or DELETE
	Path       string // /inquiries/{inquiry-id}
	ID         string // the document's operationId
	PathParams []string
	Query      []Parameter
	Headers    []Parameter // those that are peculiar to the operation
	Body       *Body       // nil when there is none
	Success    map[string]*Schema
	MediaType  string // of the answer
	BaseURL    string // where the operation has another base than the rest
	Keyless    bool   // the API key is not sent
}

// Parameter is one query parameter or header.
type Parameter struct {
	Name     string
	Required bool
	Schema   *Schema
}

// Body is what a request carries.
type Body struct {
	Required   bool
	MediaTypes []string // sorted
	Schema     *Schema  // of the first media type that has one, JSON before others
}

// Dir returns the folder of the documents: the one PERSONA_OPENAPI names, or
// ../shared/spec beside the module's root.
func Dir() (string, error) {
	dir := os.Getenv("PERSONA_OPENAPI")
	if dir == "" {
		root, err := ModuleRoot()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, "..", "shared", "spec")
	}
	if _, err := os.Stat(dir); err != nil {
		return "", errors.New("no OpenAPI documents: set PERSONA_OPENAPI to a clone of Persona's public OpenAPI repository")
	}
	return dir, nil
}

// ModuleRoot returns the folder of the go.mod above the working directory.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

// Versions returns the dated versions in dir, oldest first.
func Versions(dir string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "20*", "openapi-bundled.json"))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("no dated OpenAPI documents in %s", dir)
	}
	versions := make([]string, len(found))
	for i, path := range found {
		versions[i] = filepath.Base(filepath.Dir(path))
	}
	slices.Sort(versions)
	return versions, nil
}

// Load reads the document of one version.
func Load(dir, version string) (*Document, error) {
	b, err := os.ReadFile(filepath.Join(dir, version, "openapi-bundled.json"))
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	var raw rawDocument
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document of %s: %w", version, err)
	}
	return raw.document(version), nil
}

// LoadAll reads the documents of all versions in dir, oldest first.
func LoadAll(dir string) ([]*Document, error) {
	versions, err := Versions(dir)
	if err != nil {
		return nil, err
	}
	docs := make([]*Document, len(versions))
	for i, version := range versions {
		if docs[i], err = Load(dir, version); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// Schema returns the component of that name, or nil.
func (d *Document) Schema(name string) *Schema { return d.schemas[name] }

// SchemaNames returns the names of the components, sorted.
func (d *Document) SchemaNames() []string {
	names := make([]string, 0, len(d.schemas))
	for name := range d.schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Resolve follows a reference to its component. A schema that is no reference is
// returned as it is.
func (d *Document) Resolve(s *Schema) *Schema {
	for s != nil && s.Ref != "" {
		s = d.schemas[s.Ref]
	}
	return s
}
