package resources

import (
	"slices"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

func inquiryTemplateOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"InquiryTemplates.List":               inProduction(list("inquiry-template")),
		"InquiryTemplates.Get":                inProduction(engine.Get("inquiry-template")),
		"InquiryTemplates.GetTranslations":    inProduction(getTranslations),
		"InquiryTemplates.ImportTranslations": inProduction(importTranslations),
		"InquiryTemplateVersions.List": inProduction(func(c *engine.Call) (*engine.Answer, error) {
			wanted, err := requiredFilter(c, "inquiry-template-id")
			if err != nil {
				return nil, err
			}
			return c.List("inquiry-template-version", func(r *storage.Resource) bool { return r.One("inquiry-template") == wanted })
		}),
	}
}

// inProduction refuses a sandbox key as if it were no key, as observed at Persona, unless the
// key has the permission by name.
func inProduction(do engine.Operation) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		permissions, _ := c.Key.Attributes["permissions"].([]any)
		if c.Env.Name != "production" && !slices.Contains(permissions, any(catalog.PermissionFor(c.Op))) {
			return nil, engine.NotAuthenticated()
		}
		return do(c)
	}
}

func getTranslations(c *engine.Call) (*engine.Answer, error) {
	found, err := c.AnswerFound("inquiry-template")
	if err != nil {
		return nil, err
	}
	return &engine.Answer{Document: map[string]any{"data": map[string]any{
		"type": "inquiry-template-translations", "id": found.One.ID, "attributes": map[string]any{"translations": found.One.Attributes[fixtures.Translations]},
	}}}, nil
}

// importTranslations replaces texts of a template, and creates a draft version. The template
// must have the texts and the locales.
func importTranslations(c *engine.Call) (*engine.Answer, error) {
	template, err := c.Find("inquiry-template")
	if err != nil {
		return nil, err
	}
	texts, _ := template.Attributes[fixtures.Translations].([]any)
	texts = slices.Clone(texts)
	given, _ := c.Value("data.attributes.translations")
	list, _ := given.([]any)
	for _, item := range list {
		one, _ := item.(map[string]any)
		i := slices.IndexFunc(texts, func(have any) bool {
			text := have.(map[string]any)
			return text["step"] == one["step"] && text["component"] == one["component"] && text["attribute-name"] == one["attribute-name"]
		})
		if i < 0 {
			return nil, engine.Unprocessable("the template has no such text", "/data/attributes/translations")
		}
		values, err := translated(texts[i].(map[string]any)["locale-values"].([]any), one["locale-values"])
		if err != nil {
			return nil, err
		}
		text := (&storage.Resource{Attributes: texts[i].(map[string]any)}).Clone().Attributes
		text["locale-values"] = values
		texts[i] = text
	}
	template.Attributes[fixtures.Translations] = texts
	latest := c.Get(template.One("latest-published-version"))
	attributes := latest.Clone().Attributes
	attributes["status"], attributes["live"], attributes["published-at"] = "draft", false, nil
	delete(attributes, "created-at")
	draft := c.Create("inquiry-template-version", "itmplv", attributes, map[string]any{"inquiry-template": template.Identifier()})
	c.Stamp(draft, "updated-at")
	c.Emit("inquiry-template-version.created", draft, nil)
	return &engine.Answer{One: draft}, nil
}

// translated returns values by locale with the given ones replaced.
func translated(have []any, given any) ([]any, error) {
	have = slices.Clone(have)
	list, _ := given.([]any)
	for _, item := range list {
		one, _ := item.(map[string]any)
		i := slices.IndexFunc(have, func(h any) bool { return h.(map[string]any)["locale"] == one["locale"] })
		if i < 0 {
			return nil, engine.Unprocessable("the template does not have the locale", "/data/attributes/translations")
		}
		value, isText := one["value"].(string)
		if one["value"] != nil && !isText {
			return nil, engine.BadRequest("data.attributes.translations must hold texts")
		}
		entry := map[string]any{"locale": one["locale"], "value": nil}
		if isText {
			entry["value"] = value
		}
		have[i] = entry
	}
	return have, nil
}
