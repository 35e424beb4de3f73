package conformance

import (
	"maps"
	"slices"
	"strings"
)

// definitions returns the JSON schema for the compiler, with every schema of the document
// under $defs by its pointer. The OpenAPI document itself is not a JSON schema, and the
// compiler would copy everything it knows for each place it is pointed to, which took most
// of the time of a check.
func (d *Document) definitions() node {
	defs := make(node)
	var visit func(value any, at string)
	visit = func(value any, at string) {
		switch value := value.(type) {
		case node:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				inner, isObject := value[key].(node)
				if where := join(at, key); isObject && (key == "schema" || at == components) {
					defs[where] = inner
				} else {
					visit(value[key], where)
				}
			}
		case []any:
			for i, element := range value {
				visit(element, join(at, itoa(i)))
			}
		}
	}
	visit(d.root, "")
	walk(defs, func(object node) {
		if ref := text(object, "$ref"); strings.HasPrefix(ref, "#"+components) {
			object["$ref"] = "#" + definition(ref[1:])
		}
	})
	d.root["$defs"] = defs
	return node{"$defs": defs}
}

const components = "/components/schemas"

// definition returns where the schema at a pointer of the document is in the compiler's
// schema. The pointer may lead into a schema.
func definition(pointer string) string {
	outer, inner := pointer, ""
	if rest, ok := strings.CutPrefix(pointer, components+"/"); ok {
		name, within, _ := strings.Cut(rest, "/")
		outer = components + "/" + name
		if within != "" {
			inner = "/" + within
		}
	}
	return join("/$defs", outer) + inner
}
