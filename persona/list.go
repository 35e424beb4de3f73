package persona

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
)

// Page is a page of a list or a search, newest first.
type Page[E any] struct {
	Data     []E
	Included []Object

	// Next and Prev are the cursors of the next and previous page, for After and Before.
	// They are empty if there is no such page.
	Next, Prev string

	// Raw is the JSON of the answer as received, with members that have no field.
	Raw json.RawMessage
}

// fetchPage fetches one page.
func fetchPage[E any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) (*Page[E], error) {
	doc, err := c.document(ctx, op, ids, params, opts)
	if err != nil {
		return nil, err
	}
	page := new(Page[E])
	if err := page.read(doc); err != nil {
		return nil, fmt.Errorf("persona: %s: %w", op.Name(), err)
	}
	return page, nil
}

// read sets the page from an answer.
func (p *Page[E]) read(doc document) (err error) {
	if p.Data, err = decodeAll[E](doc.Data); err != nil {
		return err
	}
	p.Included = decodeObjects(doc.Included)
	include(p.Data, p.Included)
	p.Raw = doc.Raw
	p.Next, p.Prev = cursor(doc.Next, "page[after]"), cursor(doc.Prev, "page[before]")
	return nil
}

// pages iterates over a list from the parameters' cursor to its end. It takes the cursor
// from Persona's relative link and repeats the original call with it, so that filters,
// options and the body of a search apply to every page.
func pages[E any](ctx context.Context, c *Client, op *Operation, ids []string, params any, opts []Option) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		var zero E
		opts, given := opts, opts[:len(opts):len(opts)]
		seen, next := "", 1 // the cursor to compare with, and the page whose cursor replaces it
		for n := 1; ; n++ {
			page, err := fetchPage[E](ctx, c, op, ids, params, opts)
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range page.Data {
				if !yield(item, nil) {
					return
				}
			}
			switch page.Next {
			case "":
				return
			case seen:
				yield(zero, fmt.Errorf("persona: %s: the next page has the cursor of an earlier one", op.Name()))
				return
			}
			if n == next { // Brent's algorithm: it finds every cycle, and remembers one cursor
				seen, next = page.Next, 2*next
			}
			opts = append(given, after(page.Next))
		}
	}
}

// after replaces the parameters' cursor.
func after(cursor string) Option {
	return func(c *config) { c.page = cursor }
}

// cursor returns the cursor in a link such as /api/v1/inquiries?page%5Bafter%5D=inq_….
func cursor(link string, name string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Query().Get(name)
}
