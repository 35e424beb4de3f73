package persona

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// document is the JSON:API document of an answer. Its parts share the memory of the answer.
type document struct {
	Data, Included, Meta json.RawMessage
	Raw                  json.RawMessage // all of it
	Next, Prev           string          // links to other pages of a list
}

// readDocument parses an answer.
func readDocument(b []byte) (doc document, err error) {
	if err := validate(b); err != nil {
		return doc, fmt.Errorf("the answer is not JSON: %w", err)
	}
	doc.Raw = b
	w := walker{src: b}
	isObject := w.object(func(key []byte) {
		switch string(key) {
		case "data":
			doc.Data = w.raw()
		case "included":
			doc.Included = w.raw()
		case "meta":
			doc.Meta = w.raw()
		case "links":
			doc.readLinks(&w)
		default:
			w.skip()
		}
	})
	if !isObject {
		return doc, errors.New("the answer is not a JSON object")
	}
	return doc, nil
}

// hasResource reports whether the answer contains one resource.
func (doc *document) hasResource() bool { return len(doc.Data) > 0 && doc.Data[0] == '{' }

var (
	errNoResource = errors.New("the answer holds no resource")
	errNoList     = errors.New("the answer holds no list")
)

func (doc *document) readLinks(w *walker) {
	w.object(func(key []byte) {
		switch string(key) {
		case "next":
			doc.Next, _ = w.text()
		case "prev":
			doc.Prev, _ = w.text()
		default:
			w.skip()
		}
	})
}

// answer makes a call and returns the answer's body.
func (c *Client) answer(ctx context.Context, op *Operation, ids []string, params any, opts []Option) ([]byte, error) {
	x, _, err := c.do(ctx, op, ids, params, opts)
	if err != nil {
		return nil, err
	}
	return x.whole()
}

// whole returns the answer's body, or an error if it exceeds the limit.
func (x *exchange) whole() ([]byte, error) {
	if int64(len(x.answer)) > x.maxResponse {
		return nil, fmt.Errorf("%s: %w", x.op.Name(), ErrTooLarge)
	}
	return x.answer, nil
}

func (c *Client) document(ctx context.Context, op *Operation, ids []string, params any, opts []Option) (document, error) {
	var doc document
	b, err := c.answer(ctx, op, ids, params, opts)
	if err != nil {
		return doc, err
	}
	if doc, err = readDocument(b); err != nil {
		return doc, fmt.Errorf("persona: %s: %w", op.Name(), err)
	}
	return doc, nil
}

// fetch makes a call whose answer is one resource.
func fetch[T any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) (*T, error) {
	t, _, err := fetchWithMeta[T, struct{}](ctx, c, op, ids, params, opts)
	return t, err
}

// fetchWithMeta makes a call whose answer is one resource with meta data.
func fetchWithMeta[T, M any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) (*T, *M, error) {
	doc, err := c.document(ctx, op, ids, params, opts)
	if err != nil {
		return nil, nil, err
	}
	if !doc.hasResource() {
		return nil, nil, fmt.Errorf("persona: %s: %w", op.Name(), errNoResource)
	}
	t := decode[*T](doc.Data)
	include([]*T{t}, decodeObjects(doc.Included))
	return t, decode[*M](doc.Meta), nil
}

// fetchAll makes a call whose answer is several resources.
func fetchAll[T any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) ([]*T, error) {
	doc, err := c.document(ctx, op, ids, params, opts)
	if err != nil {
		return nil, err
	}
	items, err := decodeAll[*T](doc.Data)
	if err != nil {
		return nil, fmt.Errorf("persona: %s: %w", op.Name(), err)
	}
	include(items, decodeObjects(doc.Included))
	return items, nil
}

// fetchPlain makes a call whose answer is not a JSON:API document.
func fetchPlain[T any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) (*T, error) {
	b, err := c.answer(ctx, op, ids, params, opts)
	if err != nil {
		return nil, err
	}
	if err := validate(b); err != nil {
		return nil, fmt.Errorf("persona: %s: the answer is not JSON: %w", op.Name(), err)
	}
	return decode[*T](b), nil
}

// include sets the included resources of each item. Items without such a field, like
// [ReportHistoryEntry], are unchanged.
func include[E any](items []E, included []Object) {
	if len(included) == 0 {
		return
	}
	for _, item := range items {
		if v := reflect.Indirect(reflect.ValueOf(item)); isResource(v.Type()) {
			v.Field(resourceField).Addr().Interface().(*Resource).Included = included
		}
	}
}
