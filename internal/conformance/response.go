package conformance

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// ValidateResponse checks an answer to an operation: that the document declares the status,
// and the headers, content type and body. path is a template of the document or the path of
// the request. Include the query if there was one
// (/inquiries/inq_1?fields[inquiry]=status), since it determines the requested attributes.
// Keys are expected in kebab case.
func (d *Document) ValidateResponse(method, path string, status int, header http.Header, body []byte) error {
	path, query, _ := strings.Cut(path, "?")
	route, ok := d.find(method, path)
	if !ok {
		return &Error{What: method + " " + path, Problems: []Problem{{"path", "no such operation"}}}
	}
	rep := &report{what: route.String() + ": response " + strconv.Itoa(status)}
	pointer := d.pointerOf(join(route.pointer, "responses", strconv.Itoa(status)))
	declared, _ := d.at(pointer).(node)
	if declared == nil {
		rep.add("status", "the document does not declare it")
		return rep.err()
	}
	d.checkHeaders(rep, declared, header)
	content, _ := declared["content"].(node)
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	switch {
	case content == nil && len(body) > 0:
		rep.add("body", "this answer has none")
	case content == nil:
	case err != nil || content[kind] == nil:
		rep.add("header Content-Type", "%q is not what the document declares", header.Get("Content-Type"))
	case kind == "application/json":
		d.checkBody(rep, join(pointer, "content", kind, "schema"), body, sparse(query))
	case len(body) == 0:
		rep.add("body", "is empty")
	}
	return rep.err()
}

// ValidateEvent checks the body of a webhook for an event that the document describes.
func (d *Document) ValidateEvent(body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return &Error{What: "event", Problems: []Problem{{"body", "is not JSON: " + err.Error()}}}
	}
	object, _ := value.(node)
	name := text(d.member(object, "data", "attributes"), "name")
	pointer := join("/webhooks", name, "post", "requestBody", "content", "application/json", "schema")
	rep := &report{what: "event " + name}
	if d.at(pointer) == nil {
		rep.add("/data/attributes/name", "the document describes no such event")
		return rep.err()
	}
	d.check(rep, pointer, value, "")
	d.checkComplete(rep, pointer, value, nil)
	return rep.err()
}

func (d *Document) checkHeaders(rep *report, declared node, header http.Header) {
	for name := range d.member(declared, "headers") {
		definition := d.member(declared, "headers", name, "schema")
		value := header.Get(name)
		switch {
		case value == "":
			rep.add("header "+name, "is missing")
		case definition["type"] == "integer":
			if _, err := strconv.Atoi(value); err != nil {
				rep.add("header "+name, "is not an integer")
			}
		}
	}
}

func (d *Document) checkBody(rep *report, pointer string, body []byte, asked fieldsets) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		rep.add("body", "is not JSON: %v", err)
		return
	}
	d.check(rep, pointer, value, "")
	d.checkComplete(rep, pointer, value, asked)
}

// fieldsets are the attributes and relationships that a request selected with
// fields[type]=a,b, by type and in kebab case.
type fieldsets map[string][]string

func sparse(rawQuery string) fieldsets {
	query, _ := url.ParseQuery(rawQuery)
	asked := make(fieldsets)
	for key := range query {
		if rest, ok := strings.CutPrefix(key, "fields["); ok {
			var names []string
			for name := range strings.SplitSeq(query.Get(key), ",") {
				outer, _, _ := strings.Cut(strings.TrimSpace(name), ".") // fields.name-first selects a part of fields
				names = append(names, kebab(outer))
			}
			asked[strings.TrimSuffix(rest, "]")] = names
		}
	}
	return asked
}

// kebab converts a name in any casing to kebab case.
func kebab(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '_':
			b.WriteByte('-')
		case 'A' <= r && r <= 'Z':
			b.WriteByte('-')
			b.WriteRune(r + 'a' - 'A')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
