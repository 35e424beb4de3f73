package engine

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// renderOptionsOf reads how the answer is to look.
func (s *Engine) renderOptionsOf(r *http.Request, key *storage.Resource, op *persona.Operation) (RenderOptions, error) {
	f := RenderOptions{Version: r.Header.Get("Persona-Version"), Inflection: r.Header.Get("Key-Inflection"), fields: map[string][]string{}}
	if f.Version == "" {
		f.Version = key.Text("api-version")
	}
	if f.Inflection == "" {
		f.Inflection = key.Text("api-key-inflection")
	}
	if !slices.Contains(catalog.Versions(), f.Version) {
		return f, BadRequest("Persona-Version must be one of " + strings.Join(catalog.Versions(), ", "))
	}
	if !slices.Contains([]string{"kebab", "snake", "camel"}, f.Inflection) {
		return f, BadRequest("Key-Inflection must be camel, kebab or snake")
	}
	query := r.URL.Query()
	if query.Has("include") {
		f.include = SplitList(query.Get("include"))
	} else {
		f.include = defaultIncludes(op.Name(), f.Version)
	}
	for name, values := range query {
		if typ, ok := strings.CutPrefix(name, "fields["); ok {
			f.fields[strings.TrimSuffix(typ, "]")] = SplitList(values[0])
		}
	}
	return f, nil
}

func SplitList(text string) []string {
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
		object, _ := casing.KebabKeys(form).(map[string]any)
		return object, err
	}
	if kind == "application/x-www-form-urlencoded" && strings.HasPrefix(r.URL.Path, "/api/v1/oauth/") {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, BadRequest("the body is not a form")
		}
		form := map[string]any{}
		for name := range values {
			form[casing.Kebab(name)] = values.Get(name)
		}
		return form, nil
	}
	if kind != "" && kind != "application/json" {
		return nil, &Refusal{Status: http.StatusUnsupportedMediaType, Title: "Unsupported media type", Details: "the body must be application/json"}
	}
	var raw any
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, BadRequest("the body is not valid JSON")
	}
	object, ok := casing.KebabKeys(raw).(map[string]any)
	if !ok {
		return nil, BadRequest("the body must be an object")
	}
	return object, nil
}
