package store

import (
	"context"
	"iter"

	"github.com/idemhq/idem/internal/domain"
)

// All iterates over a whole list from the filter's cursor, page by page. It ends after the
// first error.
func All[T any](ctx context.Context, list func(context.Context, domain.Environment, Filter) (Page[T], error), env domain.Environment, filter Filter) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := list(ctx, env, filter)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range page.Rows {
				if !yield(row, nil) {
					return
				}
			}
			if page.Next == 0 {
				return
			}
			if filter.Oldest {
				filter.After = page.Next
			} else {
				filter.Before = page.Next
			}
		}
	}
}
