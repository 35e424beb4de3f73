package conformance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// node is an object of the OpenAPI document.
type node = map[string]any

// Document is one version of Persona's OpenAPI document. It is safe for concurrent use.
type Document struct {
	Version string

	dir        string
	root       node
	routes     []route
	exceptions []Exception
	components map[string]string // name of the schema for each resource type

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by JSON pointer; compiled on demand
}

// location is the document's name in the schemas.
const location = "persona.json"

// Load reads the document of a version (2025-12-08) from a folder that contains one folder
// per version.
func Load(dir, version string) (*Document, error) {
	root, err := read(dir, version)
	if err != nil {
		return nil, fmt.Errorf("conformance: read the document of version %s: %w", version, err)
	}
	d := &Document{Version: version, dir: dir, root: root, exceptions: Exceptions(), schemas: make(map[string]*jsonschema.Schema)}
	d.mend()
	d.components = d.listComponents()
	d.allowIncluded()
	d.separateReferences()
	d.dispatchUnions()
	d.routes = d.listRoutes()
	d.compiler = jsonschema.NewCompiler()
	d.compiler.AssertFormat()
	for _, f := range formats() {
		d.compiler.RegisterFormat(f)
	}
	if err := d.compiler.AddResource(location, d.definitions()); err != nil {
		return nil, fmt.Errorf("conformance: prepare the schemas of version %s: %w", version, err)
	}
	return d, nil
}

func read(dir, version string) (node, error) {
	file, err := os.Open(filepath.Join(dir, version, "openapi-bundled.json"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	value, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return nil, err
	}
	root, ok := value.(node)
	if !ok {
		return nil, errors.New("not a JSON object")
	}
	return root, nil
}

// schema compiles the schema at a JSON pointer.
func (d *Document) schema(pointer string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s, ok := d.schemas[pointer]; ok {
		return s, nil
	}
	s, err := d.compiler.Compile(location + "#" + definition(pointer))
	if err != nil {
		return nil, fmt.Errorf("conformance: compile %s: %w", pointer, err)
	}
	d.schemas[pointer] = s
	return s, nil
}
