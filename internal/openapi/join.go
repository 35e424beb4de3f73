package openapi

import (
	"maps"
	"slices"
)

// Join returns one document for all versions, which are given oldest first. Its
// operations and webhooks are those of the newest version. A component has the
// properties that it has in any version; where versions disagree about a property, the
// newest that has it is right.
func Join(docs []*Document) *Document {
	newest := docs[len(docs)-1]
	joined := *newest
	joined.schemas = map[string]*Schema{}
	for _, doc := range slices.Backward(docs) {
		for name, schema := range doc.schemas {
			joined.schemas[name] = join(joined.schemas[name], schema)
		}
	}
	return &joined
}

// join adds to a what only b has. A nil schema adds nothing.
func join(a, b *Schema) *Schema {
	switch {
	case a == nil:
		return b
	case b == nil || a.Ref != "" || b.Ref != "":
		return a
	}
	joined := *a
	joined.Properties = maps.Clone(a.Properties)
	for name, p := range b.Properties {
		if joined.Properties == nil {
			joined.Properties = map[string]*Schema{}
		}
		joined.Properties[name] = join(joined.Properties[name], p)
	}
	if a.Items != nil {
		joined.Items = join(a.Items, b.Items)
	}
	if len(a.AllOf) == len(b.AllOf) {
		joined.AllOf = make([]*Schema, len(a.AllOf))
		for i := range a.AllOf {
			joined.AllOf[i] = join(a.AllOf[i], b.AllOf[i])
		}
	}
	return &joined
}
