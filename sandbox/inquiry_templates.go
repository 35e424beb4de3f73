package sandbox

import "slices"

// templateTranslations is the attribute of an inquiry template that holds its texts.
const templateTranslations = "_translations"

func inquiryTemplateOperations() map[string]operation {
	return map[string]operation{
		"InquiryTemplates.List":               inProduction(func(c *call) (*answer, error) { return c.list("inquiry-template", nil) }),
		"InquiryTemplates.Get":                inProduction(func(c *call) (*answer, error) { return c.answerFound("inquiry-template") }),
		"InquiryTemplates.GetTranslations":    inProduction(getTranslations),
		"InquiryTemplates.ImportTranslations": inProduction(importTranslations),
		"InquiryTemplateVersions.List": inProduction(func(c *call) (*answer, error) {
			wanted := c.filter("inquiry-template-id")
			if wanted == "" {
				return nil, badRequest("filter.inquiry_template_id is missing")
			}
			return c.list("inquiry-template-version", func(r *resource) bool { return r.one("inquiry-template") == wanted })
		}),
	}
}

// inProduction refuses a sandbox key, as if it were no key at all: seen at Persona.
func inProduction(do operation) operation {
	return func(c *call) (*answer, error) {
		if c.env.name != "production" {
			return nil, unauthorized("Must be authenticated to access this endpoint")
		}
		return do(c)
	}
}

func getTranslations(c *call) (*answer, error) {
	found, err := c.answerFound("inquiry-template")
	if err != nil {
		return nil, err
	}
	return &answer{document: map[string]any{"data": map[string]any{
		"type": "inquiry-template-translations", "id": found.one.id, "attributes": map[string]any{"translations": found.one.attributes[templateTranslations]},
	}}}, nil
}

// importTranslations writes texts of a template that there are, in its locales, and
// makes a draft of them.
func importTranslations(c *call) (*answer, error) {
	template, err := c.find("inquiry-template")
	if err != nil {
		return nil, err
	}
	texts, _ := template.attributes[templateTranslations].([]any)
	texts = slices.Clone(texts)
	given, _ := at(c.body, "data.attributes.translations")
	list, _ := given.([]any)
	for _, item := range list {
		one, _ := item.(map[string]any)
		i := slices.IndexFunc(texts, func(have any) bool {
			text := have.(map[string]any)
			return text["step"] == one["step"] && text["component"] == one["component"] && text["attribute-name"] == one["attribute-name"]
		})
		if i < 0 {
			return nil, unprocessable("the template has no such text", "/data/attributes/translations")
		}
		values, err := translated(texts[i].(map[string]any)["locale-values"].([]any), one["locale-values"])
		if err != nil {
			return nil, err
		}
		text := (&resource{attributes: texts[i].(map[string]any)}).clone().attributes
		text["locale-values"] = values
		texts[i] = text
	}
	template.attributes[templateTranslations] = texts
	latest := c.get(template.one("latest-published-version"))
	attributes := latest.clone().attributes
	attributes["status"], attributes["live"], attributes["published-at"] = "draft", false, nil
	attributes["created-at"], attributes["updated-at"] = stamp(c.now), stamp(c.now)
	draft := c.create("inquiry-template-version", "itmplv", attributes, map[string]any{"inquiry-template": template.identifier()})
	c.emit("inquiry-template-version.created", draft, nil)
	return &answer{one: draft}, nil
}

// translated writes the values of locales over those there are.
func translated(have []any, given any) ([]any, error) {
	have = slices.Clone(have)
	list, _ := given.([]any)
	for _, item := range list {
		one, _ := item.(map[string]any)
		i := slices.IndexFunc(have, func(h any) bool { return h.(map[string]any)["locale"] == one["locale"] })
		if i < 0 {
			return nil, unprocessable("the template does not have the locale", "/data/attributes/translations")
		}
		value, isText := one["value"].(string)
		if one["value"] != nil && !isText {
			return nil, badRequest("data.attributes.translations must hold texts")
		}
		entry := map[string]any{"locale": one["locale"], "value": nil}
		if isText {
			entry["value"] = value
		}
		have[i] = entry
	}
	return have, nil
}
