package persona

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
)

// document is the envelope of an answer.
type document struct {
	Data     json.RawMessage `json:"data"`
	Included json.RawMessage `json:"included"`
	Meta     json.RawMessage `json:"meta"`
	Links    struct {
		Next *string `json:"next"`
		Prev *string `json:"prev"`
	} `json:"links"`
}

// answer makes a call and returns the answer's body.
func (c *Client) answer(ctx context.Context, op *Operation, ids []string, params any, opts []Option) ([]byte, error) {
	x, _, err := c.do(ctx, op, ids, params, opts)
	if err != nil {
		return nil, err
	}
	if int64(len(x.answer)) > x.maxResponse {
		return nil, fmt.Errorf("%s: %w", op.Name(), ErrTooLarge)
	}
	return x.answer, nil
}

func (c *Client) document(ctx context.Context, op *Operation, ids []string, params any, opts []Option) (document, error) {
	var doc document
	b, err := c.answer(ctx, op, ids, params, opts)
	if err != nil {
		return doc, err
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return doc, fmt.Errorf("persona: %s: the answer is no JSON document: %w", op.Name(), err)
	}
	return doc, nil
}

// fetch makes a call that answers with one resource.
func fetch[T any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) (*T, error) {
	t, _, err := fetchWithMeta[T, struct{}](ctx, c, op, ids, params, opts)
	return t, err
}

// fetchWithMeta makes a call that answers with one resource and something about it.
func fetchWithMeta[T, M any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) (*T, *M, error) {
	doc, err := c.document(ctx, op, ids, params, opts)
	if err != nil {
		return nil, nil, err
	}
	if len(doc.Data) == 0 || doc.Data[0] != '{' {
		return nil, nil, fmt.Errorf("persona: %s: the answer holds no resource", op.Name())
	}
	t, err := decode[T](doc.Data)
	if err != nil {
		return nil, nil, fmt.Errorf("persona: %s: %w", op.Name(), err)
	}
	include([]*T{t}, decodeObjects(doc.Included))
	meta := new(M)
	decodeValue(doc.Meta, reflect.ValueOf(meta).Elem())
	return t, meta, nil
}

// fetchAll makes a call that answers with several resources at once.
func fetchAll[T any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) ([]*T, error) {
	doc, err := c.document(ctx, op, ids, params, opts)
	if err != nil {
		return nil, err
	}
	items, err := decodeAll(op, doc.Data, decode[T])
	include(items, decodeObjects(doc.Included))
	return items, err
}

// fetchPlain makes a call that answers with an object of its own instead of a
// resource.
func fetchPlain[T any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) (*T, error) {
	b, err := c.answer(ctx, op, ids, params, opts)
	if err != nil {
		return nil, err
	}
	t, err := decode[T](b)
	if err != nil {
		return nil, fmt.Errorf("persona: %s: %w", op.Name(), err)
	}
	return t, nil
}

// includer is a resource that can hold what came along with it.
type includer interface{ setIncluded([]Object) }

func (r *Resource) setIncluded(objects []Object) { r.Included = objects }

// include gives each item what came along with the answer.
func include[E any](items []E, included []Object) {
	if len(included) == 0 {
		return
	}
	for _, item := range items {
		if holder, ok := any(item).(includer); ok {
			holder.setIncluded(included)
		}
	}
}

// decode decodes a resource, or an object that is none.
func decode[T any](b []byte) (*T, error) {
	t := new(T)
	if u, ok := any(t).(json.Unmarshaler); ok {
		return t, u.UnmarshalJSON(b)
	}
	if !json.Valid(b) {
		return nil, fmt.Errorf("the answer is no JSON document")
	}
	decodeValue(b, reflect.ValueOf(t).Elem())
	return t, nil
}

func decodeAll[E any](op *Operation, b []byte, decode func([]byte) (E, error)) ([]E, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("persona: %s: the answer holds no list: %w", op.Name(), err)
	}
	items := make([]E, len(raw))
	for i := range raw {
		var err error
		if items[i], err = decode(raw[i]); err != nil {
			return nil, fmt.Errorf("persona: %s: %w", op.Name(), err)
		}
	}
	return items, nil
}
