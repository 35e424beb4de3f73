package schema

import (
	"maps"
	"time"
	"unicode/utf8"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// SetInquiry sets the fields of a request. It refuses a field that the template does
// not declare, and a value of another type.
func SetInquiry(c *engine.Call, inquiry *storage.Resource) error {
	types := TypesOfInquiry(c.Change, inquiry)
	given, _ := inquiry.Attributes["fields"].(map[string]any)
	fields := maps.Clone(given)
	for name, value := range givenFields(c, types) {
		known := casing.Kebab(name)
		path := "data.attributes.fields." + engine.SnakePath(known)
		typ, declared := types[known]
		if !declared {
			return engine.BadRequest(path + " is not a field of the inquiry template")
		}
		if problem := Problem(typ, value); problem != "" {
			return engine.BadRequest(path + " " + problem)
		}
		if utf8.RuneCountInString(engine.TextOf(value)) > MaxText {
			return engine.BadRequest(path + " must be shorter than 255 characters")
		}
		fields[known] = storage.TypedField(typ, value)
	}
	inquiry.Attributes["fields"] = fields
	return nil
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

// Problem says what is wrong with a value for a field of a type, or "". Null is right
// for every type.
func Problem(typ string, value any) string {
	if value == nil {
		return ""
	}
	ok, problem := true, ""
	switch typ {
	case "string", "choices":
		_, ok = value.(string)
		problem = "must be a string"
	case "multi_choices":
		ok, problem = allTexts(value), "must be an array of strings"
	case "boolean":
		_, ok = value.(bool)
		problem = "must be a boolean"
	case "number":
		_, ok = value.(float64)
		problem = "must be a number"
	case "date":
		text, _ := value.(string)
		_, err := time.Parse(time.DateOnly, text)
		ok, problem = err == nil, "must be a date such as 2026-01-31"
	case "generic", "government_id", "selfie":
		ok, problem = refersTo(value, referenceType(typ)), "must be an object with an id and the type "+referenceType(typ)
	}
	if ok {
		return ""
	}
	return problem
}

func allTexts(value any) bool {
	list, ok := value.([]any)
	for _, element := range list {
		if _, isText := element.(string); !isText {
			return false
		}
	}
	return ok
}

// refersTo reports whether a value of a field refers to a document or selfie of a type.
func refersTo(value any, typ string) bool {
	object, _ := value.(map[string]any)
	return engine.TextOf(object["id"]) != "" && object["type"] == typ
}

// referenceType returns the type that a field's reference to a document or selfie has.
func referenceType(typ string) string {
	return map[string]string{"generic": "Document::Generic", "government_id": "Document::GovernmentId", "selfie": "Selfie::ProfileAndCenter"}[typ]
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
	types := TypesOfTemplate(template)
	for name, text := range texts {
		if typ := types[casing.Kebab(name)]; typ != "" {
			fields[name] = storage.ValueOfText(typ, text)
		}
	}
	return fields
}
