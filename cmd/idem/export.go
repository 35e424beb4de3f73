package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/idemhq/idem/cmd/idem/internal/progress"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/atomicfile"
	"github.com/idemhq/idem/service"
)

type exportCommand struct {
	Config      string `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"The service's configuration file. Environment variables override the file."`
	Environment string `enum:"sandbox,production" default:"sandbox" placeholder:"ENVIRONMENT" help:"The environment: sandbox or production (${default})."`
	View        string `enum:"${views}" default:"subjects" placeholder:"VIEW" help:"What to export: ${view_names} (${default})."`
	Format      string `enum:"csv,ndjson" default:"csv" placeholder:"FORMAT" help:"The format: csv or ndjson (${default})."`
	Since       since  `placeholder:"WHEN" help:"Only what changed since then: a duration such as 72h, a date, or a time such as 2026-01-02T03:04:05Z."`
	Output      string `short:"o" type:"path" placeholder:"FILE" help:"Write to a new file, which only you can read. The default is standard output."`
	Raw         bool   `help:"In CSV, do not put an apostrophe before texts that a spreadsheet would run as a formula."`
	By          string `default:"idem export" placeholder:"WHO" help:"Who exports, for the audit trail (${default})."`
}

func (exportCommand) Help() string {
	return `It reads the database, and works while the service runs. Rows have ids, statuses, reasons and your reference ids, and no other personal data. docs/sql.md describes the columns.

` + examples("idem export --config idem.yaml --environment production -o subjects.csv",
		"idem export --view decisions --since 2026-11-01 --format ndjson | jq .rule")
}

func (c exportCommand) Run(ctx context.Context, std streams) error {
	s, err := openService(ctx, c.Config, service.Environment(c.Environment))
	if err != nil {
		return err
	}
	defer s.Close()
	if c.Output == "" {
		_, err := c.export(ctx, s, std.out, std.err)
		return err
	}
	if _, err := os.Lstat(c.Output); err == nil {
		return fmt.Errorf("%s exists: choose another file", c.Output)
	} else if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look for %s: %w", c.Output, err)
	}
	var rows int64
	err = atomicfile.Stream(c.Output, func(w io.Writer) (err error) {
		rows, err = c.export(ctx, s, w, std.err)
		return err
	})
	if err == nil {
		fmt.Fprintf(std.err, "%d rows written to %s\n", rows, c.Output)
	}
	return err
}

// export writes the rows, with a progress bar unless the rows appear on the same terminal.
func (c exportCommand) export(ctx context.Context, s *service.Service, w, status io.Writer) (int64, error) {
	if show.Terminal(w) {
		status = io.Discard
	}
	bar := progress.New(status, c.View)
	defer bar.End()
	return s.Export(ctx, service.Environment(c.Environment), w, service.ExportOptions{
		View: c.View, Format: c.Format, Since: c.Since.Time, Raw: c.Raw, Actor: c.By,
		Progress: func(done, total int64) {
			bar.Show(float64(done)/float64(max(total, 1)), fmt.Sprintf("%s: %d of %d rows", c.View, done, total))
		},
	})
}
