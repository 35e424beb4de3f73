package schema

import (
	"maps"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// SetInquiry sets the fields of a request. It refuses what Check refuses.
func SetInquiry(c *engine.Call, inquiry *storage.Resource) error {
	if c.Version() >= "2025-10-27" && len(c.Object("data.attributes.fields")) == 0 {
		return nil
	}
	declared := OfInquiry(c.Change, inquiry)
	given, _ := inquiry.Attributes["fields"].(map[string]any)
	fields := maps.Clone(given)
	for name, value := range givenFields(c, declared.Types) {
		known := casing.Kebab(name)
		path := "data.attributes.fields." + engine.SnakePath(known)
		typ, isDeclared := declared.Types[known]
		if !isDeclared {
			return engine.BadRequest(path + " is not a field of the inquiry template")
		}
		if problem := declared.Problem(known, value); problem != "" {
			return engine.BadRequest(path + " " + problem)
		}
		field, err := inquiryField(c, path, typ, value)
		if err != nil {
			return err
		}
		fields[known] = field
	}
	inquiry.Attributes["fields"] = fields
	return nil
}

// inquiryField returns a value of a request as a field of an inquiry. A file is stored.
func inquiryField(c *engine.Call, path, typ string, value any) (map[string]any, error) {
	switch {
	case value == nil:
	case typ == "array", typ == "hash":
		return Field("", value, nil), nil
	case typ == "file":
		file, err := writtenFile(c, path, value)
		return storage.TypedField(typ, file), err
	}
	return storage.TypedField(typ, value), nil
}

// givenFields returns the fields of a request. Before 2025-10-27, attributes with the name of
// a field are fields too (Persona changelog, 2025-10-27).
func givenFields(c *engine.Call, types map[string]string) map[string]any {
	given := map[string]any{}
	if c.Version() < "2025-10-27" {
		for name, value := range c.Object("data.attributes") {
			if types[name] != "" {
				given[name] = value
			}
		}
	}
	maps.Copy(given, c.Object("data.attributes.fields"))
	return given
}

// OfTexts returns the fields of a new inquiry that an address gives as texts. Texts for
// fields that the template does not declare are left out. The template is named by its id,
// or by that of a version.
func OfTexts(c *engine.Change, templateID string, texts map[string]string) map[string]any {
	template := c.Get(templateID)
	if template != nil && template.Typ == "inquiry-template-version" {
		template = c.Get(template.One("inquiry-template"))
	}
	fields := map[string]any{}
	if template == nil || template.Typ != "inquiry-template" {
		return fields
	}
	declared := OfTemplate(template)
	for name, text := range texts {
		if typ := declared.Types[casing.Kebab(name)]; typ != "" {
			fields[name] = storage.ValueOfText(typ, text)
		}
	}
	return fields
}
