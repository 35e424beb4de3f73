package store

import (
	"context"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// ColumnType is the type of a column of a view.
type ColumnType string

// The types. In PostgreSQL a Moment is a timestamptz and in SQLite a text in the same form
// as in JSON; a Flag is 0 or 1 in SQLite. A Text can be NULL, like every other type.
const (
	Text   ColumnType = "text"
	Number ColumnType = "number"
	Flag   ColumnType = "flag"
	Moment ColumnType = "moment"
)

// Column is a column of a view.
type Column struct {
	Name string
	Type ColumnType
}

// View is a view of the database for reports: docs/sql.md describes them.
type View struct {
	Name    string // without the prefix
	Since   string // the column that says when a row changed last; empty if there is none
	Columns []Column
}

// ViewPrefix begins the names of the views in the database. Tables have similar names, and
// the database may belong to another application too.
const ViewPrefix = "idem_"

// Views returns the views.
func Views() []View {
	text := func(names ...string) (columns []Column) {
		for _, name := range names {
			columns = append(columns, Column{name, Text})
		}
		return columns
	}
	moments := func(columns []Column, names ...string) []Column {
		for _, name := range names {
			columns = append(columns, Column{name, Moment})
		}
		return columns
	}
	// What every copy of a resource ends with.
	copied := func(columns []Column) []Column {
		return append(moments(columns, "redacted_at", "as_of"), Column{"event_id", Text})
	}
	then := func(columns []Column, more ...Column) []Column { return append(columns, more...) }
	return []View{
		{"subjects", "since", then(moments(text("environment", "reference", "verdict", "object_type", "object_id", "object_status"), "since"), Column{"version", Number})},
		{"inquiries", "as_of", copied(then(moments(text("environment", "inquiry_id", "reference", "status", "account_id", "template_id", "reviewer_type"), "created_at"),
			text("started_at", "completed_at", "failed_at", "marked_for_review_at", "decisioned_at", "expired_at")...))},
		{"cases", "as_of", copied(then(moments(text("environment", "case_id", "reference", "status", "template_id"), "created_at"), text("resolved_at")...))},
		{"verifications", "as_of", copied(then(moments(text("environment", "verification_id", "kind", "status", "inquiry_id", "template_id"), "created_at"), text("submitted_at", "completed_at")...))},
		{"reports", "as_of", copied(then(moments(then(then(text("environment", "report_id", "kind", "status"), Column{"has_match", Flag}), text("inquiry_id", "account_id", "template_id")...), "created_at"), text("completed_at")...))},
		{"decisions", "decided_at", moments(text("environment", "decision_id", "object_type", "object_id", "from_status", "to_status", "event_id", "result", "rule", "policy_version", "explanation", "reason"), "decided_at")},
		{"actions", "created_at", moments(then(then(text("environment", "action_id", "decision_id", "kind", "object_type", "object_id", "arguments", "state"), Column{"attempts", Number}), text("outcome", "request_id")...), "created_at", "finished_at")},
		{"events", "received_at", moments(then(then(text("environment", "event_id", "name", "object_type", "object_id", "via", "state"), Column{"tries", Number}), text("reason")...), "created_at", "received_at")},
		{"relations", "", text("environment", "from_type", "from_id", "to_type", "to_id")},
	}
}

// ViewReader reads the views.
type ViewReader interface {
	// ReadView reads the rows of a view that changed at or after a time, or all rows for
	// the zero time, from one snapshot of the database. It calls begin with their number,
	// and then row for each; their order is not defined. The values are nil, string, int64,
	// bool or time.Time, as the types of the columns say. The error of a function ends it.
	ReadView(ctx context.Context, env domain.Environment, v View, since time.Time, begin func(total int64) error, row func(values []any) error) error
}
