package conformance_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/internal/openapi"
)

const newest = "2025-12-08"

// loadNewest loads the document that most tests read, once.
var loadNewest = sync.OnceValues(func() (*conformance.Document, error) {
	dir, err := openapi.Dir()
	if err != nil {
		return nil, err
	}
	return conformance.Load(dir, newest)
})

// newestDocument returns the newest document, or skips the test if no documents are here.
func newestDocument(t *testing.T) *conformance.Document {
	t.Helper()
	if _, err := openapi.Dir(); err != nil {
		t.Skip(err)
	}
	doc, err := loadNewest()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestEverySampleOfEveryVersionIsValid(t *testing.T) {
	dir, err := openapi.Dir()
	if err != nil {
		t.Skip(err)
	}
	if testing.Short() {
		t.Skip("every version takes a second: not checked with -short")
	}
	versions, err := openapi.Versions(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			doc := conformance.LoadOrSkip(t, version)
			operations := 0
			for op := range doc.Operations() {
				operations++
				for _, status := range doc.Statuses(op.Method, op.Path) {
					for seed := range uint64(2) {
						header, body := response(t, doc, op, status, seed)
						if err := doc.ValidateResponse(op.Method, op.Path, status, header, body); err != nil {
							t.Errorf("seed %d: %v", seed, err)
						}
					}
				}
			}
			if operations != 209 {
				t.Errorf("%d operations, want 209", operations)
			}
			events := doc.Events()
			for i, name := range events {
				if err := doc.ValidateEvent(event(t, doc, name, uint64(i))); err != nil {
					t.Error(err)
				}
			}
			if len(events) != 130 {
				t.Errorf("%d events, want 130", len(events))
			}
		})
	}
}

func TestValidateResponseSays(t *testing.T) {
	doc := newestDocument(t)
	const path = "/inquiries/{inquiry-id}"
	get := conformance.Operation{Method: "GET", Path: path}
	header, body := response(t, doc, get, 200, 1)

	tests := []struct {
		name   string
		path   string // path when empty
		status int    // 200 when 0
		header func(http.Header)
		edit   func(data, attributes map[string]any)
		want   string // nothing when empty
	}{
		{name: "nothing of a valid answer"},
		{name: "nothing for the path of a request", path: "/api/v1/inquiries/inq_1"},
		{name: "which attribute is missing", edit: func(_, a map[string]any) { delete(a, "note") }, want: "/data/attributes/note: is missing"},
		{name: "that the attributes are missing", edit: func(d, _ map[string]any) { delete(d, "attributes") }, want: "/data/attributes: is missing"},
		{name: "that the id is missing", edit: func(d, _ map[string]any) { delete(d, "id") }, want: "/data/id: is missing"},
		{name: "which attribute has the wrong type", edit: func(_, a map[string]any) { a["status"] = 3 }, want: "/data/attributes/status: got number, want string"},
		{name: "which time is malformed", edit: func(_, a map[string]any) { a["created-at"] = "yesterday" }, want: "/data/attributes/created-at: 'yesterday' is not valid date-time"},
		{name: "which attribute nobody knows", edit: func(_, a map[string]any) { a["acme"] = 1 }, want: "/data/attributes: additional properties 'acme' not allowed"},
		{name: "that the resource is another", edit: func(d, _ map[string]any) { d["type"] = "case" }, want: "/data/type: value must be 'inquiry'"},
		{name: "that the status is not declared", status: 418, want: "status: the document does not declare it"},
		{name: "which header is missing", header: func(h http.Header) { h.Del("Request-Id") }, want: "header Request-Id: is missing"},
		{name: "which header is no number", header: func(h http.Header) { h.Set("RateLimit-Limit", "many") }, want: "header RateLimit-Limit: is not an integer"},
		{name: "that the content type is another", header: func(h http.Header) { h.Set("Content-Type", "text/html") }, want: `header Content-Type: "text/html" is not what the document declares`},
		{name: "that there is no such operation", path: "/inquirys/inq_1", want: "path: no such operation"},
		{name: "which attribute was not asked for", path: path + "?fields%5Binquiry%5D=status", want: "/data/attributes/note: was not asked for"},
		{name: "nothing of a sparse answer", path: path + "?fields[inquiry]=reviewerComment,status", edit: func(d, a map[string]any) {
			d["attributes"] = map[string]any{"status": a["status"], "reviewer-comment": nil}
		}},
		{name: "which attribute of a sparse answer is missing", path: path + "?fields[inquiry]=status,note", edit: func(d, a map[string]any) {
			d["attributes"] = map[string]any{"status": a["status"]}
		}, want: "/data/attributes/note: is missing"},
		{name: "that a field has no value", edit: func(_, a map[string]any) {
			a["fields"] = map[string]any{"shoe-size": map[string]any{"type": "number"}}
		}, want: "/data/attributes/fields/shoe-size/value: is missing"},
		{name: "that a field's value is of another type", edit: func(_, a map[string]any) {
			a["fields"] = map[string]any{"shoe-size": map[string]any{"type": "number", "value": "38"}}
		}, want: "/data/attributes/fields/shoe-size/value: is not what a field of type number holds"},
		{name: "what is wrong in a field of a field", edit: func(_, a map[string]any) {
			first := map[string]any{"type": "string", "value": "Ada", "acme": 1}
			a["fields"] = map[string]any{"owner": map[string]any{"type": "hash", "value": map[string]any{"first": first}}}
		}, want: "/data/attributes/fields/owner/value/first/acme: is no part of a field"},
		{name: "that an error lists none", status: 404, want: "/errors: is missing or empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, b := header.Clone(), body
			if tt.header != nil {
				tt.header(h)
			}
			if tt.edit != nil {
				var document struct {
					Data map[string]any `json:"data"`
				}
				if err := json.Unmarshal(body, &document); err != nil {
					t.Fatal(err)
				}
				tt.edit(document.Data, document.Data["attributes"].(map[string]any))
				b = marshal(t, document)
			}
			status := max(tt.status, 200)
			at := tt.path
			if at == "" {
				at = path
			}
			says(t, doc.ValidateResponse("GET", at, status, h, b), tt.want)
		})
	}
}

func TestValidateResponseOfAUnionSpeaksOfTheTypeAtHand(t *testing.T) {
	doc := newestDocument(t)
	op := conformance.Operation{Method: "GET", Path: "/inquiries/{inquiry-id}"}
	header, body := response(t, doc, op, 200, 1)
	var document struct {
		Data     json.RawMessage  `json:"data"`
		Included []map[string]any `json:"included"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	document.Included = []map[string]any{{"type": "document/generic", "id": "doc_1", "attributes": map[string]any{"status": 7}}}
	err := doc.ValidateResponse(op.Method, op.Path, 200, header, marshal(t, document))
	says(t, err, "/included/0/attributes/status: got number, want string")
	if strings.Contains(err.Error(), "oneOf") {
		t.Errorf("the error mentions the union: %v", err)
	}
	document.Included[0]["type"] = "acme/unknown"
	err = doc.ValidateResponse(op.Method, op.Path, 200, header, marshal(t, document))
	says(t, err, "/included/0/type: value must be one of")
}

func TestTheResourceInAnEventIsCheckedAsOneOfItsType(t *testing.T) {
	doc := newestDocument(t)
	_, body := response(t, doc, conformance.Operation{Method: "GET", Path: "/inquiries/{inquiry-id}"}, 200, 1)
	op := conformance.Operation{Method: "GET", Path: "/events/{event-id}"}
	header, event := response(t, doc, op, 200, 1)
	var inquiry, read struct {
		Data struct {
			Type, ID                  string
			Attributes, Relationships map[string]any
		} `json:"data"`
	}
	for text, into := range map[*[]byte]any{&body: &inquiry, &event: &read} {
		if err := json.Unmarshal(*text, into); err != nil {
			t.Fatal(err)
		}
	}
	payload := map[string]any{"type": "inquiry", "id": inquiry.Data.ID, "attributes": inquiry.Data.Attributes, "relationships": inquiry.Data.Relationships}
	read.Data.Attributes["payload"] = map[string]any{"data": payload}
	answer := func() []byte {
		data := map[string]any{"type": read.Data.Type, "id": read.Data.ID, "attributes": read.Data.Attributes}
		return marshal(t, map[string]any{"data": data})
	}
	says(t, doc.ValidateResponse(op.Method, op.Path, 200, header, answer()), "")
	inquiry.Data.Attributes["status"] = 3
	says(t, doc.ValidateResponse(op.Method, op.Path, 200, header, answer()), "/data/attributes/payload/data/attributes/status: got number, want string")
	delete(inquiry.Data.Attributes, "status")
	says(t, doc.ValidateResponse(op.Method, op.Path, 200, header, answer()), "/data/attributes/payload/data/attributes/status: is missing")
}

func TestAnAnswerMayHoldWhatWasIncludedWhereTheDocumentForgetsIt(t *testing.T) {
	doc := newestDocument(t)
	op := conformance.Operation{Method: "GET", Path: "/verification/government-ids/{verification-id}"}
	header, body := response(t, doc, op, 200, 1)
	_, inquiry := response(t, doc, conformance.Operation{Method: "GET", Path: "/inquiries/{inquiry-id}"}, 200, 1)
	var document, other map[string]any
	for into, text := range map[*map[string]any][]byte{&document: body, &other: inquiry} {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	document["included"] = []any{other["data"]}
	says(t, doc.ValidateResponse(op.Method, op.Path, 200, header, marshal(t, document)), "")
	document["included"] = []any{map[string]any{"type": "acme"}}
	says(t, doc.ValidateResponse(op.Method, op.Path, 200, header, marshal(t, document)), "/included/0/type: value must be one of")
}

func TestValidateRequestSays(t *testing.T) {
	doc := newestDocument(t)
	tests := []struct {
		name         string
		method, path string
		header       http.Header // a bearer key and JSON when nil
		body         string
		want         string
	}{
		{name: "nothing of a read", method: "GET", path: "/api/v1/inquiries/inq_1?include=account&fields%5Binquiry%5D=status"},
		{name: "nothing of a list", method: "GET", path: "/inquiries?page%5Bsize%5D=10&filter%5Breference-id%5D=acme-1"},
		{name: "nothing of a write", method: "POST", path: "/inquiries", body: `{"data":{"attributes":{"inquiry-template-id":"itmpl_1","fields":{"favourite_colour":"blue"}}}}`},
		{name: "nothing of an action without a body", method: "POST", path: "/inquiries/inq_1/approve"},
		{name: "that there is no such path", method: "GET", path: "/inquiry/inq_1", want: "path: no such operation"},
		{name: "that the method is another", method: "PUT", path: "/inquiries/inq_1", want: "path: no such operation"},
		{name: "that the key is missing", method: "GET", path: "/inquiries", header: http.Header{}, want: `header Authorization: want "Bearer " and a credential`},
		{name: "that a relay takes no key", method: "POST", path: "/api/privacy/v1/relays/challenge", body: `{"claim-type":"age"}`, want: "header Authorization: this operation takes no credential"},
		{name: "that a header has a wrong value", method: "GET", path: "/inquiries", header: http.Header{"Authorization": {"Bearer k"}, "Key-Inflection": {"pascal"}}, want: "header Key-Inflection: value must be one of"},
		{name: "that a version is no date", method: "GET", path: "/inquiries", header: http.Header{"Authorization": {"Bearer k"}, "Persona-Version": {"latest"}}, want: "header Persona-Version: 'latest' is not valid date"},
		{name: "which parameter is unknown", method: "GET", path: "/inquiries?acme=1", want: "query acme: is not a parameter of this operation"},
		{name: "which filter is unknown", method: "GET", path: "/inquiries?filter%5Bacme%5D=1", want: "query filter: additional properties 'acme' not allowed"},
		{name: "nothing of a filter inside a filter", method: "GET", path: "/transactions?filter%5Bidentifier%5D%5Bkey%5D=email"},
		{name: "which filter inside a filter is unknown", method: "GET", path: "/transactions?filter%5Bidentifier%5D%5Bacme%5D=1", want: "query filter/identifier: additional properties 'acme' not allowed"},
		{name: "that a page size is no number", method: "GET", path: "/inquiries?page%5Bsize%5D=all", want: "query page/size: got string, want integer"},
		{name: "that a parameter is given twice", method: "GET", path: "/inquiries/inq_1?include=a&include=b", want: "query include: is given 2 times"},
		{name: "which parameter is required", method: "GET", path: "/accounts/act_1/relations", want: "query filter: is required"},
		{name: "that an id has the wrong form", method: "POST", path: "/accounts/1/run-action", body: `{"data":{"account-action-id":"accac_AcmeAcmeAcmeAcmeAcmeAcme"}}`, want: "path account-id: '1' does not match pattern"},
		{name: "which attribute is unknown", method: "POST", path: "/inquiries", body: `{"data":{"attributes":{"acme":1}}}`, want: "/data/attributes: additional properties 'acme' not allowed"},
		{name: "what is required in a body", method: "POST", path: "/cases/case_1/set-status", body: `{"meta":{}}`, want: "/meta: missing property 'status'"},
		{name: "that a body is not JSON", method: "POST", path: "/inquiries", body: `{`, want: "body: cannot be read as application/json"},
		{name: "that a read takes no body", method: "GET", path: "/inquiries/inq_1", body: `{}`, want: "body: this operation takes none"},
		{name: "that the content type is another", method: "POST", path: "/inquiries", header: http.Header{"Authorization": {"Bearer k"}, "Content-Type": {"text/plain"}}, body: `x`, want: `header Content-Type: "text/plain" is not one of the operation's`},
		{name: "what a form lacks", method: "POST", path: "/oauth/token", header: http.Header{"Authorization": {"Bearer k"}, "Content-Type": {"application/x-www-form-urlencoded"}}, body: `code=1`, want: "missing property 'grant-type'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequest(tt.method, "https://api.example.com"+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = tt.header
			if r.Header == nil {
				r.Header = http.Header{"Authorization": {"Bearer k"}, "Content-Type": {"application/json"}}
			}
			says(t, doc.ValidateRequest(r, []byte(tt.body)), tt.want)
		})
	}
}

func TestValidateEventSays(t *testing.T) {
	doc := newestDocument(t)
	valid := event(t, doc, "inquiry.approved", 1)
	tests := []struct {
		name string
		body []byte
		want string
	}{
		{"nothing of a valid event", valid, ""},
		{"that a name is not described", []byte(`{"data":{"attributes":{"name":"sar.filed"}}}`), "/data/attributes/name: the document describes no such event"},
		{"that the time is missing", bytes.Replace(valid, []byte(`"created-at":"2026-11-20T09`), []byte(`"created-on":"2026-11-20T09`), 1), "/data/attributes/"},
		{"that the payload is another resource", bytes.Replace(valid, []byte(`"type":"inquiry"}`), []byte(`"type":"case"}`), -1), "/data/attributes/payload/data/type: value must be 'inquiry'"},
		{"that it is not JSON", valid[:100], "body: is not JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			says(t, doc.ValidateEvent(tt.body), tt.want)
		})
	}
}

func response(t *testing.T, doc *conformance.Document, op conformance.Operation, status int, seed uint64) (http.Header, []byte) {
	t.Helper()
	header, body, err := doc.Sampler(seed).Response(op.Method, op.Path, status)
	if err != nil {
		t.Fatalf("%s %s: %v", op, strconv.Itoa(status), err)
	}
	return header, body
}

func event(t *testing.T, doc *conformance.Document, name string, seed uint64) []byte {
	t.Helper()
	body, err := doc.Sampler(seed).Event(name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// says checks that an error contains want, or that it is nil if want is empty.
func says(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("rejected: %v", err)
	case want != "" && err == nil:
		t.Errorf("accepted, want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error does not say %q: %v", want, err)
	}
}
