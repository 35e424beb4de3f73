package sandbox

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
)

// formOf reads how the answer is to look.
func (s *Sandbox) formOf(r *http.Request, key *resource, op *persona.Operation) (form, error) {
	f := form{version: r.Header.Get("Persona-Version"), inflection: r.Header.Get("Key-Inflection"), fields: map[string][]string{}}
	if f.version == "" {
		f.version = key.text("api-version")
	}
	if f.inflection == "" {
		f.inflection = key.text("api-key-inflection")
	}
	if !slices.Contains(versions(), f.version) {
		return f, badRequest("Persona-Version must be one of " + strings.Join(versions(), ", "))
	}
	if !slices.Contains([]string{"kebab", "snake", "camel"}, f.inflection) {
		return f, badRequest("Key-Inflection must be camel, kebab or snake")
	}
	query := r.URL.Query()
	if query.Has("include") {
		f.include = splitList(query.Get("include"))
	} else {
		f.include = defaultIncludes(op.Name(), f.version)
	}
	for name, values := range query {
		if typ, ok := strings.CutPrefix(name, "fields["); ok {
			f.fields[strings.TrimSuffix(typ, "]")] = splitList(values[0])
		}
	}
	return f, nil
}

// versions are the dated versions there are, by the union of Persona's lists.
func versions() []string {
	return []string{"2020-05-18", "2021-02-21", "2021-05-14", "2021-07-05", "2021-08-18", "2022-09-01", "2023-01-05", "2025-10-27", "2025-12-08", "2026-09-29"}
}

func splitList(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
}

// readBody reads a JSON body, with keys of any casing.
func readBody(r *http.Request, body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" && strings.HasPrefix(r.URL.Path, "/api/v1/importer/") {
		form, err := readForm(body, params["boundary"])
		object, _ := kebabKeys(form).(map[string]any)
		return object, err
	}
	if kind == "application/x-www-form-urlencoded" && strings.HasPrefix(r.URL.Path, "/api/v1/oauth/") {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, badRequest("the body is not a form")
		}
		form := map[string]any{}
		for name := range values {
			form[kebab(name)] = values.Get(name)
		}
		return form, nil
	}
	if kind != "" && kind != "application/json" {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, title: "Unsupported media type", details: "the body must be application/json"}
	}
	var raw any
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, badRequest("the body is not valid JSON")
	}
	object, ok := kebabKeys(raw).(map[string]any)
	if !ok {
		return nil, badRequest("the body must be an object")
	}
	return object, nil
}
