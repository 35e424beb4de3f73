package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// ReadView implements [store.ViewReader].
func (s *Store) ReadView(ctx context.Context, env domain.Environment, v store.View, since time.Time, begin func(total int64) error, row func(values []any) error) error {
	where, args := "environment = $1", []any{string(env)}
	if !since.IsZero() && v.Since != "" {
		where, args = where+" AND "+v.Since+" >= $2", append(args, s.db.Moment(since))
	}
	from := " FROM " + store.ViewPrefix + v.Name + " WHERE " + where
	names := make([]string, len(v.Columns))
	for i, column := range v.Columns {
		names[i] = column.Name
	}
	err := s.db.Snapshot(ctx, func(q Querier) error {
		var total int64
		if _, err := one(ctx, q, "SELECT count(*)"+from, args, &total); err != nil {
			return err
		}
		if err := begin(total); err != nil {
			return err
		}
		rows, err := q.Query(ctx, "SELECT "+strings.Join(names, ", ")+from, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			values, err := scanView(rows, v.Columns)
			if err != nil {
				return err
			}
			if err := row(values); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("read the view %s%s: %w", store.ViewPrefix, v.Name, err)
	}
	return nil
}

// scanView reads a row, whose values have the same types on both databases.
func scanView(rows Rows, columns []store.Column) ([]any, error) {
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, value := range values {
		switch value := value.(type) {
		case []byte:
			values[i] = string(value)
		case int64:
			if columns[i].Type == store.Flag {
				values[i] = value != 0
			}
		case string:
			if columns[i].Type == store.Moment {
				at, err := time.Parse(time.RFC3339Nano, value)
				if err != nil {
					return nil, fmt.Errorf("column %s: %w", columns[i].Name, err)
				}
				values[i] = at
			}
		case time.Time:
			values[i] = value.UTC()
		}
	}
	return values, nil
}
