package service

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/export"
	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/internal/store"
)

// ExportOptions select what [Service.Export] writes.
type ExportOptions struct {
	View   string    // its name without the prefix, such as subjects: see [ExportViews]
	Format string    // csv or ndjson
	Since  time.Time // only rows that changed at or after this time; zero means all
	Raw    bool      // leave texts as they are that a spreadsheet would run as a formula
	Actor  string    // who exports; recorded in the audit trail

	Progress func(done, total int64) // called now and then; may be nil
}

// ExportViews returns the names of the views.
func ExportViews() []string {
	var names []string
	for _, v := range store.Views() {
		names = append(names, v.Name)
	}
	return names
}

// progressRows is after how many rows an export reports its progress.
const progressRows = 500

// Export writes a view of the database, from one snapshot, and returns the number of rows.
// docs/sql.md describes the views. The audit trail has an entry before the first row is
// written.
func (s *Service) Export(ctx context.Context, environment Environment, w io.Writer, o ExportOptions) (rows int64, err error) {
	views := store.Views()
	i := slices.IndexFunc(views, func(v store.View) bool { return v.Name == strings.TrimPrefix(o.View, store.ViewPrefix) })
	if i < 0 {
		return 0, fmt.Errorf("there is no view %q%s", o.View, spelling.DidYouMean(o.View, ExportViews()))
	}
	v := views[i]
	if !o.Since.IsZero() && v.Since == "" {
		return 0, fmt.Errorf("the view %s does not say when its rows changed: export all of it", v.Name)
	}
	var columns []string
	for _, column := range v.Columns {
		columns = append(columns, column.Name)
	}
	out, err := export.New(w, export.Format(o.Format), columns, o.Raw)
	if err != nil {
		return 0, err
	}
	var total int64
	report := func() {
		if o.Progress != nil {
			o.Progress(rows, total)
		}
	}
	err = s.db.ReadView(ctx, environment, v, o.Since, func(n int64) error {
		total = n
		report()
		detail := fmt.Sprintf("%s%s as %s: %s", store.ViewPrefix, v.Name, o.Format, count(int(n), "row"))
		return s.db.RecordAudit(ctx, environment, []audit.Entry{{Environment: environment, At: s.db.Now(), Actor: o.Actor, What: "data.exported", Detail: detail}})
	}, func(values []any) error {
		if err := out.Row(values); err != nil {
			return err
		}
		if rows++; rows%progressRows == 0 {
			report()
		}
		return nil
	})
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return rows, fmt.Errorf("export: %w", err)
	}
	report()
	return rows, nil
}
