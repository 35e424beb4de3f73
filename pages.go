package idem

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/url"
)

// pageSize is how many rows the client requests at a time: as many as the service allows.
const pageSize = "100"

// pages iterates over a list, and requests a page when it is needed. The cursor is the name of
// the parameter for the next page. The iteration ends after the first error.
func pages[T any](ctx context.Context, c *Client, op, path, cursor string, filter url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		query := url.Values{"limit": {pageSize}}
		maps.Copy(query, filter)
		for {
			var page struct {
				Data []T    `json:"data"`
				Next string `json:"next"`
			}
			if err := c.call(ctx, op, path, query, nil, &page); err != nil {
				yield(*new(T), err)
				return
			}
			for _, row := range page.Data {
				if !yield(row, nil) {
					return
				}
			}
			switch page.Next {
			case "":
				return
			case query.Get(cursor): // something else than the service answers
				yield(*new(T), fmt.Errorf("idem: %s: the next page is the same page", op))
				return
			}
			query.Set(cursor, page.Next)
		}
	}
}

// failed is an iteration that yields one error.
func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { yield(*new(T), err) }
}
