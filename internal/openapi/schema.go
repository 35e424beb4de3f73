package openapi

import (
	"encoding/json"
	"slices"
	"strings"
)

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
}

// rawSchema is a schema as it is written, with the keywords that the generator uses.
type rawSchema struct {
	Ref                  string `json:"$ref"`
	Type                 oneOrMore
	Format               string
	Const                any
	Enum                 []any
	Properties           map[string]*Schema
	Required             []string
	Items                *Schema
	AdditionalProperties any // false, true or a schema
	AllOf, OneOf, AnyOf  []*Schema
	Discriminator        struct{ Mapping map[string]string }
}

// oneOrMore is a text or a list of texts.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*o = make([]string, 1)
		return json.Unmarshal(b, &(*o)[0])
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// UnmarshalJSON reads a schema. It ignores keywords that the generator has no use for.
// A schema that is true or false is empty.
func (s *Schema) UnmarshalJSON(b []byte) error {
	*s = Schema{}
	if string(b) == "true" || string(b) == "false" {
		return nil
	}
	var raw rawSchema
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*s = Schema{
		Ref:        refName(raw.Ref),
		Types:      raw.Type,
		Format:     raw.Format,
		Enum:       texts(raw.Enum),
		Properties: raw.Properties,
		Required:   raw.Required,
		Items:      raw.Items,
		Open:       raw.AdditionalProperties != nil && raw.AdditionalProperties != false,
		AllOf:      raw.AllOf,
		OneOf:      slices.Concat(raw.OneOf, raw.AnyOf),
	}
	s.Const, _ = raw.Const.(string)
	if len(raw.Discriminator.Mapping) > 0 {
		s.Mapping = map[string]string{}
		for value, ref := range raw.Discriminator.Mapping {
			s.Mapping[value] = refName(ref)
		}
	}
	return nil
}

// texts returns the values that are texts.
func texts(values []any) []string {
	var texts []string
	for _, v := range values {
		if text, ok := v.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// refName returns the name of the component that a reference points to.
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

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

// Alternatives returns the variants of a schema's oneOf, without null.
func (s *Schema) Alternatives() []*Schema {
	return slices.DeleteFunc(slices.Clone(s.OneOf), func(v *Schema) bool {
		return len(v.Types) == 1 && v.Types[0] == "null"
	})
}
