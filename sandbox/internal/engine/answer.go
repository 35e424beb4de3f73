package engine

import (
	"errors"
	"net/http"
	"slices"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/pdf"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Answer is what an operation answers, before it is rendered.
type Answer struct {
	Status   int // 200 if 0
	One      *storage.Resource
	Many     []*storage.Resource // not nil for lists
	Links    map[string]any      // of a page of a list
	Meta     map[string]any
	Extra    map[string]any // attributes that only this answer shows, such as secrets
	Document map[string]any // the whole answer, if it is not made of resources

	pdf []byte
}

// response is a rendered answer.
type response struct {
	status      int
	contentType string
	body        []byte
	headers     map[string]string // Persona's own
}

// Get is the operation that answers with the resource that the path names, if it is of a
// type or family.
func Get(typ string) Operation {
	return func(c *Call) (*Answer, error) { return c.AnswerFound(typ) }
}

// AnswerFound answers with the resource that the path names, if it is of a type or family.
func (c *Call) AnswerFound(typ string) (*Answer, error) {
	r := c.Get(c.IDs[0])
	if r == nil || r.Typ != typ && r.Family() != typ {
		return nil, NotFound("")
	}
	return &Answer{One: r}, nil
}

// AnswerPDF answers with a PDF that shows a resource's attributes with a value.
func (c *Call) AnswerPDF(title string, r *storage.Resource) *Answer {
	attributes, _ := c.Engine.render(r, renderOptions{version: c.render.version, inflection: "kebab"})["attributes"].(map[string]any)
	lines := slices.Concat([]string{"id: " + r.ID, "type: " + r.Typ}, pdf.Lines("", attributes))
	return &Answer{pdf: pdf.Document(title, lines...)}
}

// answer renders what an operation answers.
func (e *Engine) answer(c *Call, a *Answer) response {
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	if a.pdf != nil {
		return response{status: status, contentType: "application/pdf", body: a.pdf}
	}
	if a.Document != nil {
		return e.jsonResponse(status, casing.Inflect(a.Document, c.render.inflection))
	}
	doc := map[string]any{}
	roots := a.Many
	if a.One != nil {
		roots = []*storage.Resource{a.One}
		data := e.render(a.One, c.render)
		for name, value := range a.Extra {
			data["attributes"].(map[string]any)[name] = value
		}
		doc["data"] = data
	} else {
		data := []any{}
		for _, r := range a.Many {
			data = append(data, e.render(r, c.render))
		}
		doc["data"] = data
	}
	if a.Links != nil {
		doc["links"] = a.Links
	}
	if a.Meta != nil {
		doc["meta"] = a.Meta
	}
	if len(c.render.include) > 0 || c.render.emptyIncluded {
		doc["included"] = c.fault.Shorten(e.included(c.Change, roots, c.render))
	}
	blocked, _ := c.Key.Attributes["api-attributes-blocklist"].([]any)
	newBlocklist(blocked).apply(doc)
	return e.jsonResponse(status, casing.Inflect(doc, c.render.inflection))
}

func (e *Engine) jsonResponse(status int, doc any) response {
	b, _ := e.encoder.encode(doc) // maps, strings and numbers only
	return response{status: status, contentType: catalog.JSONContent, body: b}
}

func errorResponse(err error, inflection string) response {
	var r *Refusal
	if !errors.As(err, &r) {
		r = &Refusal{Status: http.StatusInternalServerError, Title: internalErrorTitle, Details: err.Error()}
	}
	b, _ := encodeJSON(casing.Inflect(r.Body(), inflection)) // maps, strings and numbers only
	return response{status: r.Status, contentType: catalog.JSONContent, body: b}
}

// WriteRefusal writes an error outside of the API in the form that the API uses.
func WriteRefusal(w http.ResponseWriter, err error, inflection string) {
	res := errorResponse(err, inflection)
	w.Header().Set("Content-Type", res.contentType)
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body) // the caller may be gone
}
