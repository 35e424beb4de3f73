package main

import (
	"fmt"
	"maps"
	"slices"
	"text/template"

	"github.com/idemhq/idem/internal/openapi"
)

// sdk returns the generated files of the package persona.
func sdk(docs []*openapi.Document) (map[string]string, error) {
	t, err := parse()
	if err != nil {
		return nil, err
	}
	g := &generator{
		newest:    docs[len(docs)-1],
		joined:    openapi.Join(docs),
		templates: t,
		values:    openEnums(),
		seen:      map[string]bool{},
		declared:  map[string]string{},
		homes:     map[string]string{},
	}
	operations, err := g.operations()
	if err != nil {
		return nil, err
	}
	pages := g.pages(operations)
	if g.clash != nil {
		return nil, g.clash
	}
	for attribute := range g.values {
		if !g.seen[attribute] {
			return nil, fmt.Errorf("enums.go has values of %s, which is not in the documents", attribute)
		}
	}
	pages["client_gen.go"] = g.page("client", services(operations))
	pages["operations_gen.go"] = g.page("operations", operations)
	pages["objects_gen.go"] = g.page("objects", g.objects())
	files := map[string]string{}
	for name, p := range pages {
		if p.err != nil {
			return nil, fmt.Errorf("write %s: %w", name, p.err)
		}
		files[name] = p.text.String()
	}
	return files, nil
}

// generator turns the documents into the SDK.
type generator struct {
	newest    *openapi.Document // what requests are made of
	joined    *openapi.Document // what answers are made of: all versions
	templates *template.Template
	values    map[string][]string // the known values of attributes, by component and attribute
	seen      map[string]bool     // attributes that have known values
	declared  map[string]string   // Go types that are written, with the place they are made of
	clash     error               // the first type that two places would define differently
	homes     map[string]string   // a component's service: the first that answers with it
}

// page returns a page that one template makes.
func (g *generator) page(name string, data any) *page {
	p := &page{templates: g.templates}
	p.write(name, data)
	return p
}

// first reports whether a type is not written yet, and marks it as written. Origin is the
// place in the documents that the type is made of: a type has one alone.
func (g *generator) first(goType, origin string) bool {
	have, written := g.declared[goType]
	if written && have != origin && g.clash == nil {
		g.clash = fmt.Errorf("%s and %s would both be the type %s: rename one in names.go", have, origin, goType)
	}
	g.declared[goType] = origin
	return !written
}

// pages writes a page for each service, with its methods and resources, and one with the
// resources that no call returns by themselves.
func (g *generator) pages(operations []operation) map[string]*page {
	pages := map[string]*page{}
	writers := map[string]*types{}
	for _, service := range services(operations) {
		w := &types{generator: g, page: g.page("service", service)}
		writers[service], pages[fileName(service)] = w, w.page
		for _, op := range operations {
			if op.Service == service {
				w.operation(op)
			}
		}
	}
	included := &types{generator: g, page: &page{templates: g.templates}}
	pages["included_gen.go"] = included.page
	for _, component := range g.newest.SchemaNames() {
		if !g.isResource(component) {
			continue
		}
		w := writers[g.homes[component]]
		if w == nil {
			w = included
		}
		w.resource(component)
	}
	included.write("listRelationships", nil)
	return pages
}

// services returns the names of the services, sorted.
func services(operations []operation) []string {
	names := map[string]bool{}
	for _, op := range operations {
		names[op.Service] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// isResource reports whether a component is a resource, or one of several kinds.
func (g *generator) isResource(component string) bool {
	_, _, kinds := union(component)
	return kinds || resourceType(component, g.joined.Schema(component)) != ""
}

// object is a row of the SDK's table of resources.
type object struct{ Type, GoType string }

// objects returns the Go types of the resources that have an id, by type.
func (g *generator) objects() []object {
	var objects []object
	components := resourceComponents(g.newest)
	for _, typ := range slices.Sorted(maps.Keys(components)) {
		if component := components[typ]; g.joined.Schema(component).Properties["id"] != nil {
			objects = append(objects, object{typ, typeName(component)})
		}
	}
	return objects
}

// resourceComponents returns the component of each type of resource. Of several it is
// the one without what only some calls add, such as a secret.
func resourceComponents(doc *openapi.Document) map[string]string {
	components := map[string]string{}
	for _, component := range doc.SchemaNames() {
		typ := resourceType(component, doc.Schema(component))
		if have := components[typ]; typ != "" && (have == "" || len(component) < len(have)) {
			components[typ] = component
		}
	}
	return components
}

// resourceType returns the type of the resource that a component describes: inquiry, or
// selfie/ where the rest of the type varies. It returns "" for any other component.
func resourceType(component string, schema *openapi.Schema) string {
	switch component {
	case "selfie", "verification-template", "verification-template-version":
		return component + "/"
	}
	typ, id := schema.Properties["type"], schema.Properties["id"]
	switch {
	case typ == nil || schema.Properties["attributes"] == nil:
		return ""
	case id == nil && component != "rate-limit": // a request
		return ""
	case len(typ.Enum) == 1:
		return typ.Enum[0]
	default:
		return typ.Const
	}
}
