package persona

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
)

// Do calls an operation that has no method, or whose answer is wanted in another form.
// Retries, idempotency keys, rate limits, errors and options work as in the typed methods.
//
// The path is relative to the base URL and may contain a query: /inquiries/inq_…/approve.
// Escape ids in it with [url.PathEscape] if they can contain anything but letters, digits,
// hyphens and underscores. If the method and path are those of one of the [Operations],
// errors and logs name that operation.
//
// A body of type []byte or [json.RawMessage] is sent unchanged, [url.Values] are sent as a
// form, and other values as JSON. A nil body is not sent. Set other content types with
// [WithHeader].
//
// The type of out determines how the answer is decoded:
//
//	*Inquiry and other resources     the answer's data, with Included
//	*InquiryCreateResult and others  the answer's data and meta
//	*Page[*Inquiry] and others       a page of a list
//	*json.RawMessage or *[]byte      the answer as it was received
//	anything else                    the whole answer, with encoding/json
//
// If out is nil, the answer is discarded.
func (c *Client) Do(ctx context.Context, method, path string, body, out any, opts ...Option) error {
	op, target, err := operationOf(strings.ToUpper(method), path)
	if err != nil {
		return fmt.Errorf("persona: %s: %w", op.Name(), err)
	}
	x := &exchange{config: c.config.with(opts), op: op}
	if err := x.allowed(); err != nil {
		return err
	}
	if x.body, err = anyBody(body); err != nil {
		return fmt.Errorf("persona: %s: encode the body: %w", op.Name(), err)
	}
	for name, values := range target.Query() {
		if !x.query.Has(name) { // options override the path
			x.query[name] = values
		}
	}
	x.address(target.EscapedPath())
	if _, err := x.send(ctx); err != nil {
		return err
	}
	answer, err := x.whole()
	if err != nil {
		return err
	}
	if err := readAnswer(answer, out); err != nil {
		return fmt.Errorf("persona: %s: %w", op.Name(), err)
	}
	return nil
}

// operationOf returns the operation of a method and path, or a new one if there is none. It
// is never nil.
func operationOf(method, path string) (*Operation, *url.URL, error) {
	op := &Operation{Service: "Client", Method: "Do", HTTPMethod: method}
	target, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || target.Host != "" || target.Fragment != "" {
		return op, nil, errors.New("the path does not begin with one slash, or cannot be parsed")
	}
	segments := strings.Split(target.EscapedPath(), "/")[1:]
	for _, segment := range segments {
		if decoded, _ := url.PathUnescape(segment); decoded == "" || decoded == "." || decoded == ".." {
			return op, nil, errors.New("a part of the path is empty or made of dots: is an id missing?")
		}
	}
	op.Path = target.EscapedPath()
	op.search = method == "POST" && segments[len(segments)-1] == "search"
	best := -1
	for i := range operations {
		if n := literals(operations[i].Path, segments); operations[i].HTTPMethod == method && n > best {
			op, best = &operations[i], n
		}
	}
	return op, target, nil
}

// literals returns how many segments of a path are literal in a template, or -1 if the path
// does not match.
func literals(template string, segments []string) (n int) {
	parts := strings.Split(template, "/")[1:]
	if len(parts) != len(segments) {
		return -1
	}
	for i, part := range parts {
		switch {
		case part == segments[i]:
			n++
		case !strings.HasPrefix(part, "{"):
			return -1
		}
	}
	return n
}

func anyBody(v any) (body, error) {
	switch v := v.(type) {
	case nil:
		return body{}, nil
	case []byte:
		return body{"application/json", v}, nil
	case json.RawMessage:
		return body{"application/json", v}, nil
	case url.Values:
		return body{"application/x-www-form-urlencoded", []byte(v.Encode())}, nil
	default:
		b, err := json.Marshal(v)
		return body{"application/json", b}, err
	}
}

// readAnswer decodes an answer into out: see [Client.Do].
func readAnswer(answer []byte, out any) error {
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = answer
		return nil
	case *json.RawMessage:
		*out = answer
		return validate(answer)
	case interface{ read(document) error }:
		doc, err := readDocument(answer)
		if err != nil {
			return err
		}
		return out.read(doc)
	case Object:
		return readResource(answer, out)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// readResource decodes an answer with one resource. A result struct has the resource as its
// first field and the answer's meta as its second.
func readResource(answer []byte, out Object) error {
	doc, err := readDocument(answer)
	if err != nil {
		return err
	}
	if !doc.hasResource() {
		return errNoResource
	}
	v := reflect.Indirect(reflect.ValueOf(out))
	switch {
	case !v.IsValid():
		return errors.New("there is nothing to read the answer into: out is a nil pointer")
	case isResource(v.Type()):
	case isResult(v.Type()):
		decodePart(&walker{src: doc.Meta}, v.Field(1))
		v = v.Field(0)
	default: // a type of the caller
		return out.UnmarshalJSON(doc.Data)
	}
	decodePart(&walker{src: doc.Data}, v)
	include([]any{v.Addr().Interface()}, decodeObjects(doc.Included))
	return nil
}

// isResult reports whether t is a result struct: a resource with the answer's meta.
func isResult(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 2 && isResource(t.Field(0).Type) && t.Field(1).Name == "Meta"
}
