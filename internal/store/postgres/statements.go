package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/store/sqlstore"
)

// Insert implements [sqlstore.Tx] by one statement for all rows.
func (t transaction) Insert(ctx context.Context, statement sqlstore.Insert, rows [][]any) ([]bool, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	given, columns, err := transpose(statement.Columns, rows)
	if err != nil {
		return nil, err
	}
	query := given + statement.Into("SELECT "+strings.Join(statement.Columns, ", ")+" FROM given ORDER BY row")
	if len(statement.Unless) == 0 {
		_, err := t.Exec(ctx, query, columns...)
		return all(len(rows)), err
	}
	found, err := t.Query(ctx, query+" RETURNING ARRAY["+strings.Join(statement.Unless, ", ")+"]", columns...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	stored := map[string]bool{}
	for found.Next() {
		var key []string
		if err := found.Scan(&key); err != nil {
			return nil, err
		}
		stored[keyOf(key)] = true
	}
	return of(stored, statement, rows), found.Err()
}

// of says for each row whether its key is among those that were stored. Of two rows with
// one key, the first was.
func of(stored map[string]bool, statement sqlstore.Insert, rows [][]any) []bool {
	done := make([]bool, len(rows))
	for i, row := range rows {
		var key []string
		for _, column := range statement.Unless {
			text, _ := row[slices.Index(statement.Columns, column)].(string) // unique columns are texts
			key = append(key, text)
		}
		name := keyOf(key)
		done[i] = stored[name]
		delete(stored, name)
	}
	return done
}

func keyOf(columns []string) string { return strings.Join(columns, "\x00") }

// Update implements [sqlstore.Tx] by one statement for all rows.
func (t transaction) Update(ctx context.Context, statement sqlstore.Update, rows [][]any) ([]bool, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	given, columns, err := transpose(statement.Columns(), rows)
	if err != nil {
		return nil, err
	}
	return t.done(ctx, given+statement.From("given")+" RETURNING given.row", columns, len(rows))
}

// done runs a query that returns the numbers of the rows, from one, that took effect.
func (t transaction) done(ctx context.Context, query string, args []any, rows int) ([]bool, error) {
	found, err := t.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	done := make([]bool, rows)
	for found.Next() {
		var row int
		if err := found.Scan(&row); err != nil {
			return nil, err
		}
		done[row-1] = true
	}
	return done, found.Err()
}

func all(rows int) []bool {
	done := make([]bool, rows)
	for i := range done {
		done[i] = true
	}
	return done
}

// transpose writes rows as the table "given": one parameter for each column, a list, so
// that a statement is planned and sent once for all of them.
func transpose(names []string, rows [][]any) (with string, columns []any, err error) {
	var lists []string
	for c := range names {
		column, typ, err := column(rows, c)
		if err != nil {
			return "", nil, fmt.Errorf("column %s: %w", names[c], err)
		}
		columns, lists = append(columns, column), append(lists, fmt.Sprintf("$%d::%s[]", c+1, typ))
	}
	return fmt.Sprintf("WITH given AS (SELECT * FROM unnest(%s) WITH ORDINALITY AS g (%s, row)) ", strings.Join(lists, ", "), strings.Join(names, ", ")), columns, nil
}

func column(rows [][]any, c int) (list any, typ string, err error) {
	switch rows[0][c].(type) {
	case string:
		list, err = values[string](rows, c)
		return list, "text", err
	case int64:
		list, err = values[int64](rows, c)
		return list, "bigint", err
	case []byte:
		list, err = values[[]byte](rows, c)
		return list, "bytea", err
	default:
		return nil, "", fmt.Errorf("no list of %T", rows[0][c])
	}
}

func values[T any](rows [][]any, c int) ([]T, error) {
	list := make([]T, len(rows))
	for i, row := range rows {
		value, ok := row[c].(T)
		if !ok {
			return nil, fmt.Errorf("%T among %T", row[c], list)
		}
		list[i] = value
	}
	return list, nil
}
