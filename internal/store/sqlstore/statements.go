package sqlstore

import (
	"fmt"
	"slices"
	"strings"
)

// Insert inserts rows into a table.
type Insert struct {
	Table   string
	Columns []string
	Unless  []string // unique columns: existing rows are skipped; if empty, they are an error
}

// Update updates rows of a table by key.
type Update struct {
	Table string
	Set   []string // columns with a new value in each row
	Count string   // a column to increment; "" for none
	Key   []string // the key columns
	And   string   // an additional condition on the row; "" for none
}

// One returns the statement for one row, with the values $1, $2, …
func (i Insert) One() string {
	values := make([]string, len(i.Columns))
	for n := range values {
		values[n] = fmt.Sprintf("$%d", n+1)
	}
	return i.Into(fmt.Sprintf("VALUES (%s)", strings.Join(values, ", ")))
}

// Into returns the statement for the rows of a query or VALUES.
func (i Insert) Into(rows string) string {
	statement := fmt.Sprintf("INSERT INTO %s (%s) %s", i.Table, strings.Join(i.Columns, ", "), rows)
	if len(i.Unless) > 0 {
		statement += fmt.Sprintf(" ON CONFLICT (%s) DO NOTHING", strings.Join(i.Unless, ", "))
	}
	return statement
}

// One returns the statement for one row. $1, $2, … are the values of Set and then of Key.
func (u Update) One() string {
	parameter := 0
	return u.with("", func(string) string {
		parameter++
		return fmt.Sprintf("$%d", parameter)
	})
}

// From returns the statement for all rows of a table with the columns of Set and Key.
func (u Update) From(given string) string {
	return u.with(" FROM "+given, func(column string) string { return given + "." + column })
}

// Columns returns the columns of Set and then of Key.
func (u Update) Columns() []string { return slices.Concat(u.Set, u.Key) }

func (u Update) with(from string, value func(column string) string) string {
	var set, where []string
	for _, column := range u.Set {
		set = append(set, column+" = "+value(column))
	}
	if u.Count != "" {
		set = append(set, fmt.Sprintf("%s = %s.%s + 1", u.Count, u.Table, u.Count))
	}
	for _, column := range u.Key {
		where = append(where, u.Table+"."+column+" = "+value(column))
	}
	if u.And != "" {
		where = append(where, u.And)
	}
	return fmt.Sprintf("UPDATE %s SET %s%s WHERE %s", u.Table, strings.Join(set, ", "), from, strings.Join(where, " AND "))
}
