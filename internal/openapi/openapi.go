package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Document is one dated version of Persona's API.
type Document struct {
	Version    string
	Operations []Operation // by path, then by method
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

// Schema is as much of a JSON schema as the generators need.
type Schema struct {
	Ref        string // the name of the component this schema is a reference to
	Types      []string
	Format     string
	Const      string
	Enum       []string
	Properties map[string]*Schema
	Required   []string
	Items      *Schema
	Open       bool // additionalProperties is true or a schema
	AllOf      []*Schema
	OneOf      []*Schema // oneOf and anyOf
	Mapping    map[string]string
	Deprecated bool
}

// Dir returns the folder of the documents: the one PERSONA_OPENAPI names, or
// ../shared/spec beside the module's root.
func Dir() (string, error) {
	dir := os.Getenv("PERSONA_OPENAPI")
	if dir == "" {
		root, err := moduleRoot()
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

func moduleRoot() (string, error) {
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

// Flat returns the schema with the parts of its allOf merged into one object.
func (d *Document) Flat(s *Schema) *Schema {
	s = d.Resolve(s)
	if s == nil || len(s.AllOf) == 0 {
		return s
	}
	flat := *s
	flat.AllOf = nil
	flat.Properties = map[string]*Schema{}
	for name, p := range s.Properties {
		flat.Properties[name] = p
	}
	for _, part := range s.AllOf {
		part = d.Flat(part)
		for name, p := range part.Properties {
			flat.Properties[name] = p
		}
		flat.Required = append(slices.Clone(flat.Required), part.Required...)
		flat.Open = flat.Open || part.Open
		if len(flat.Types) == 0 {
			flat.Types = part.Types
		}
	}
	return &flat
}

// Nullable reports whether null is allowed.
func (s *Schema) Nullable() bool { return slices.Contains(s.Types, "null") }

// Type returns the one type that is not null, or "" when there is none or several.
func (s *Schema) Type() string {
	types := slices.DeleteFunc(slices.Clone(s.Types), func(t string) bool { return t == "null" })
	if len(types) == 1 {
		return types[0]
	}
	return ""
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
