package conformance

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// at returns the value at a JSON pointer, or nil.
func (d *Document) at(pointer string) any {
	var value any = d.root
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch container := value.(type) {
		case node:
			value = container[unescape(token)]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			value = container[i]
		default:
			return nil
		}
	}
	return value
}

// pointerOf follows the references of the object at a pointer.
func (d *Document) pointerOf(pointer string) string {
	for {
		object, _ := d.at(pointer).(node)
		ref, ok := object["$ref"].(string)
		if !ok {
			return pointer
		}
		pointer = strings.TrimPrefix(ref, "#")
	}
}

// resolve follows the references of an object.
func (d *Document) resolve(object node) node {
	for {
		ref, ok := object["$ref"].(string)
		if !ok {
			return object
		}
		object, _ = d.at(strings.TrimPrefix(ref, "#")).(node)
	}
}

// member returns a member of an object that is an object itself, after following
// references, or nil.
func (d *Document) member(object node, keys ...string) node {
	for _, key := range keys {
		object, _ = object[key].(node)
		object = d.resolve(object)
	}
	return object
}

// parts ranges over the parts of a schema: see [openapi.Parts].
func (d *Document) parts(schema node) iter.Seq[node] {
	return openapi.Parts(schema, d.resolve, func(schema node) []node {
		var parts []node
		for _, part := range list(schema["allOf"]) {
			parts = append(parts, part.(node))
		}
		return parts
	})
}

// properties returns the properties of an object schema. If a property is described twice,
// the later and more specific description counts.
func (d *Document) properties(schema node) node {
	all := make(node)
	for part := range d.parts(schema) {
		own, _ := part["properties"].(node)
		maps.Copy(all, own)
	}
	return all
}

// property returns the schema of one property, or nil.
func (d *Document) property(schema node, name string) node {
	definition, _ := d.properties(schema)[name].(node)
	return d.resolve(definition)
}

// requires reports whether an object schema or one of its parts requires a property.
func (d *Document) requires(schema node, name string) bool {
	for part := range d.parts(schema) {
		if slices.Contains(list(part["required"]), any(name)) {
			return true
		}
	}
	return false
}

// join appends tokens to a JSON pointer.
func join(pointer string, tokens ...string) string {
	for _, token := range tokens {
		pointer += "/" + strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
	}
	return pointer
}

func unescape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}

// text returns a string member, or "".
func text(object node, key string) string {
	s, _ := object[key].(string)
	return s
}

func list(value any) []any {
	l, _ := value.([]any)
	return l
}

func itoa(i int) string { return strconv.Itoa(i) }
