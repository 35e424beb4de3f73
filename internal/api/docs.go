package api

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/webpage"
)

var (
	//go:embed docs.html
	docsPage string

	//go:embed docs.css
	docsStyle string
)

// registerDocs adds the pages that explain the API: /docs, made of the OpenAPI document, and
// /problems/. They need no token, because they show nothing that is stored.
func registerDocs(mux *http.ServeMux, document *huma.OpenAPI) {
	pages := template.Must(template.New("docs").Parse(docsPage))
	show := func(w http.ResponseWriter, status int, name string, data any) {
		var page bytes.Buffer
		if err := pages.ExecuteTemplate(&page, name, data); err != nil {
			http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
			return
		}
		webpage.Write(w, status, page.Bytes())
	}
	mux.HandleFunc("GET /docs", func(w http.ResponseWriter, _ *http.Request) {
		show(w, http.StatusOK, "docs", docsOf(document))
	})
	mux.HandleFunc("GET /docs/style.css", func(w http.ResponseWriter, _ *http.Request) { webpage.WriteStyle(w, docsStyle) })
	mux.HandleFunc("GET /problems/{$}", func(w http.ResponseWriter, _ *http.Request) {
		show(w, http.StatusOK, "problems", shownProblems(problemKinds()))
	})
	mux.HandleFunc("GET /problems/{name}", func(w http.ResponseWriter, r *http.Request) {
		k, known := kindOf(r.PathValue("name"))
		if !known {
			show(w, http.StatusNotFound, "problems", shownProblems(problemKinds()))
			return
		}
		show(w, http.StatusOK, "problems", shownProblems([]problemKind{k}))
	})
}

// shownProblem is a kind of problem on a page.
type shownProblem struct {
	Name, Title, Meaning, Remedy string
	Status                       int
}

func shownProblems(kinds []problemKind) (shown []shownProblem) {
	for _, k := range kinds {
		shown = append(shown, shownProblem{k.name, k.title, k.meaning, k.remedy, k.status})
	}
	return shown
}

// docs is the page of the OpenAPI document.
type docs struct {
	Description string
	Groups      []docsGroup
	Webhooks    []docsOperation
	Schemas     []docsSchema
	Problems    []shownProblem
}

// docsGroup are the operations whose paths begin with the same word.
type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	Anchor, Method, Path, Summary, Description, Scope string
	Parameters                                        []docsField
	Body, Answer                                      *docsSchema
}

// docsSchema is an object, with a link to the type of each field.
type docsSchema struct {
	Name, Description string
	Fields            []docsField
}

type docsField struct {
	Name, In, Type, Link, Description string
	Required                          bool
}

func docsOf(document *huma.OpenAPI) docs {
	page := docs{Description: document.Info.Description, Problems: shownProblems(problemKinds())}
	groups := map[string][]docsOperation{}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		item := document.Paths[path]
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if o != nil {
				groups[groupOf(path)] = append(groups[groupOf(path)], docsOperationOf(document, o))
			}
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(groups), byUse) {
		page.Groups = append(page.Groups, docsGroup{name, groups[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(document.Webhooks)) {
		page.Webhooks = append(page.Webhooks, docsOperationOf(document, document.Webhooks[name].Post))
	}
	schemas := document.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		page.Schemas = append(page.Schemas, *docsSchemaOf(name, schemas[name]))
	}
	return page
}

// byUse orders groups: what host applications need first, then the others by name.
func byUse(a, b string) int {
	first := []string{"verifications", "subjects", "notifications", "stream"}
	place := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
}

// Title is the heading of a group.
func (g docsGroup) Title() string { return strings.ToUpper(g.Name[:1]) + g.Name[1:] }

// groupOf returns the first word of a path below the environment.
func groupOf(path string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, "/v1/"), "{environment}/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func docsOperationOf(document *huma.OpenAPI, o *huma.Operation) docsOperation {
	shown := docsOperation{Anchor: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, Description: o.Description}
	if o.Path != "" {
		shown.Scope = string(scopeOf(o))
		shown.Description, _, _ = strings.Cut(o.Description, "Needs the scope")
	}
	for _, p := range o.Parameters {
		field := docsFieldOf(p.Name, p.Schema, p.Required)
		field.In, field.Description = p.In, p.Description
		shown.Parameters = append(shown.Parameters, field)
	}
	if o.RequestBody != nil {
		shown.Body = docsContent(document, o.RequestBody.Content)
	}
	for _, status := range []string{"200", "201"} {
		if r := o.Responses[status]; r != nil {
			shown.Answer = docsContent(document, r.Content)
		}
	}
	return shown
}

// docsContent returns the schema of a JSON body.
func docsContent(document *huma.OpenAPI, content map[string]*huma.MediaType) *docsSchema {
	media := content["application/json"]
	if media == nil || media.Schema == nil {
		return nil
	}
	if media.Schema.Ref != "" {
		return docsSchemaOf(refName(media.Schema.Ref), document.Components.Schemas.SchemaFromRef(media.Schema.Ref))
	}
	return docsSchemaOf("", media.Schema)
}

func docsSchemaOf(name string, s *huma.Schema) *docsSchema {
	shown := &docsSchema{Name: name, Description: s.Description}
	for _, property := range slices.Sorted(maps.Keys(s.Properties)) {
		shown.Fields = append(shown.Fields, docsFieldOf(property, s.Properties[property], slices.Contains(s.Required, property)))
	}
	return shown
}

func docsFieldOf(name string, s *huma.Schema, required bool) docsField {
	f := docsField{Name: name, Required: required}
	if s != nil {
		f.Type, f.Link = docsType(s)
		f.Description = s.Description
	}
	return f
}

// docsType returns a schema's type in words, and the name of the schema it refers to.
func docsType(s *huma.Schema) (words, link string) {
	switch {
	case s.Ref != "":
		return refName(s.Ref), refName(s.Ref)
	case s.Items != nil:
		words, link = docsType(s.Items)
		return "list of " + words, link
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			if text, ok := v.(string); ok && !strings.HasPrefix(text, "/problems/") {
				values = append(values, text)
			}
		}
		return strings.Join(values, ", "), ""
	case s.Format != "":
		return s.Format, ""
	}
	return s.Type, ""
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
