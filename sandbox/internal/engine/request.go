package engine

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
)

// renderOptionsOf reads how the answer must look from the request and its API key.
func (e *Engine) renderOptionsOf(r *request) (renderOptions, error) {
	f := renderOptions{
		version:    cmp.Or(r.Header.Get("Persona-Version"), r.key.Text("api-version")),
		inflection: cmp.Or(r.Header.Get("Key-Inflection"), r.key.Text("api-key-inflection")),
		fields:     map[string][]string{},
		files:      accessOf(r.env, r.key),
	}
	if !slices.Contains(catalog.Versions(), f.version) {
		return f, BadRequest("Persona-Version must be one of " + strings.Join(catalog.Versions(), ", "))
	}
	if !slices.Contains([]string{"kebab", "snake", "camel"}, f.inflection) {
		return f, BadRequest("Key-Inflection must be camel, kebab or snake")
	}
	query := r.URL.Query()
	if query.Has("include") {
		f.include = SplitList(query.Get("include"))
		f.emptyIncluded = len(f.include) == 0 && slices.Contains([]string{"AccountTypes", "CaseTemplates", "Webhooks"}, r.op.Service)
	} else {
		f.include = defaultIncludes(r.op.Name(), f.version)
	}
	for name, values := range query {
		if typ, ok := strings.CutPrefix(name, "fields["); ok {
			f.fields[strings.TrimSuffix(typ, "]")] = SplitList(values[0])
		}
	}
	return f, nil
}

// readBody reads a body, with keys of any casing. It is JSON, except where an operation
// also takes a form.
func readBody(r *request) (map[string]any, error) {
	if len(bytes.TrimSpace(r.body)) == 0 {
		return map[string]any{}, nil
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind == "multipart/form-data" && (r.op.Service == "Importers" || r.op.Name() == "Accounts.Create"):
		return readMultipart(r.body, params["boundary"])
	case kind == "application/x-www-form-urlencoded" && strings.HasPrefix(r.URL.Path, "/api/v1/oauth/"):
		return readURLEncoded(r.body)
	case kind != "" && kind != "application/json":
		return nil, &Refusal{Status: http.StatusUnsupportedMediaType, Title: "Unsupported media type", Details: "the body must be application/json"}
	}
	return readJSON(r.body)
}

func readJSON(body []byte) (map[string]any, error) {
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

func readURLEncoded(body []byte) (map[string]any, error) {
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

// readMultipart reads a body of multipart/form-data. A key such as
// data[attributes][list-id] becomes nested objects. A file becomes what it is in JSON: its
// data in base64, and its filename.
func readMultipart(body []byte, boundary string) (map[string]any, error) {
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(catalog.MaxBody)
	if err != nil {
		return nil, BadRequest("the body is not valid multipart/form-data")
	}
	document := map[string]any{}
	for key, values := range form.Value {
		if list, ok := strings.CutSuffix(key, "[]"); ok {
			texts := []any{}
			for _, value := range values {
				texts = append(texts, value)
			}
			setNested(document, list, texts)
			continue
		}
		setNested(document, key, values[0])
	}
	for key, files := range form.File {
		content, err := readPart(files[0])
		if err != nil {
			return nil, BadRequest("a file of the body cannot be read")
		}
		setNested(document, key, map[string]any{"data": base64.StdEncoding.EncodeToString(content), "filename": files[0].Filename})
	}
	object, _ := casing.KebabKeys(document).(map[string]any)
	return object, nil
}

func readPart(part *multipart.FileHeader) ([]byte, error) {
	file, err := part.Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// setNested stores a value under the key of a form, such as data[attributes][file]. A key
// that ends with [] has a list of values.
func setNested(document map[string]any, key string, value any) {
	names := strings.Split(strings.ReplaceAll(key, "]", ""), "[")
	for _, name := range names[:len(names)-1] {
		inner, ok := document[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			document[name] = inner
		}
		document = inner
	}
	document[names[len(names)-1]] = value
}
