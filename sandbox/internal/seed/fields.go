package seed

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/schema"
)

// seedField declares a field. In a file it is a type, or an object that also has the options
// of a field of choices.
type seedField struct {
	Type    string       `yaml:"type"`
	Options []seedOption `yaml:"options"`
}

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (f *seedField) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&f.Type) == nil {
		return nil
	}
	type plain seedField
	return unmarshal((*plain)(f))
}

// seedOption is an option of a field of choices. In a file it is a value, or an object that
// also says how people read it.
type seedOption struct {
	Value string `yaml:"value"`
	Label string `yaml:"label"`
}

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (o *seedOption) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&o.Value) == nil {
		return nil
	}
	type plain seedOption
	return unmarshal((*plain)(o))
}

// inquiryFields are the fields of an inquiry template, by name in kebab-case. In a file they
// are a list of names, or declarations by name; a name without a type has the one that
// Persona's templates give it, or string.
type inquiryFields map[string]seedField

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (f *inquiryFields) UnmarshalYAML(unmarshal func(any) error) error {
	fields := map[string]seedField{}
	var names []string
	if unmarshal(&names) == nil {
		for _, name := range names {
			fields[name] = seedField{}
		}
	} else if err := unmarshal(&fields); err != nil {
		return err
	}
	*f = inquiryFields{}
	for name, field := range fields {
		name = casing.Kebab(name)
		field.Type = cmp.Or(field.Type, schema.StandardType(name))
		(*f)[name] = field
	}
	return nil
}

// check returns what is wrong with the fields.
func (f inquiryFields) check() string { return checkFields(f, schema.InquiryFieldTypes()) }

// schemaFields are the fields of an account, a case or a transaction, by name in snake case. A
// dotted name is that of a field in a hash.
type schemaFields map[string]seedField

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (f *schemaFields) UnmarshalYAML(unmarshal func(any) error) error {
	fields := map[string]seedField{}
	if err := unmarshal(&fields); err != nil {
		return err
	}
	*f = schemaFields{}
	for name, field := range fields {
		field.Type = cmp.Or(field.Type, "string")
		(*f)[strings.ReplaceAll(casing.Kebab(name), "-", "_")] = field
	}
	return nil
}

// check returns what is wrong with the fields.
func (f schemaFields) check() string {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		outer, inner, nested := strings.Cut(name, ".")
		if _, plain := f[outer]; outer == "" || nested && (inner == "" || plain || strings.Contains(inner, ".")) {
			return fmt.Sprintf("%q is not the name of a field, or of one in a hash such as name.first", name)
		}
	}
	return checkFields(f, schema.Types())
}

// checkFields returns what is wrong with fields that can have some types.
func checkFields(fields map[string]seedField, types []string) string {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field := fields[name]
		if !slices.Contains(types, field.Type) {
			return fmt.Sprintf("%q is not a type of field; the types are %s%s", field.Type, strings.Join(types, ", "), spelling.DidYouMean(field.Type, types))
		}
		if len(field.Options) > 0 && field.Type != "choices" && field.Type != "multi_choices" {
			return fmt.Sprintf("%q has options, but its type is not choices or multi_choices", name)
		}
		var values []string
		for _, option := range field.Options {
			switch {
			case option.Value == "":
				return fmt.Sprintf("%q has an option without a value", name)
			case slices.Contains(values, option.Value):
				return fmt.Sprintf("%q has the option %q twice", name, option.Value)
			}
			values = append(values, option.Value)
		}
	}
	return ""
}

// declared returns fields of a file as a template or a type declares them.
func declared(fields map[string]seedField) schema.Fields {
	d := schema.Fields{Types: map[string]string{}, Options: map[string][]schema.Option{}}
	for name, field := range fields {
		d.Types[name] = field.Type
		for _, option := range field.Options {
			d.Options[name] = append(d.Options[name], schema.Option(option))
		}
	}
	return d
}
