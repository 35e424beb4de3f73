package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/cmd/idem/internal/tail"
)

type tailCommand struct {
	remoteService
	Only     []string      `enum:"event,decision,action,notification" placeholder:"KIND" help:"Only these kinds: event, decision, action, notification. The default is all."`
	Object   string        `placeholder:"ID" help:"Only rows about this object, such as inq_…."`
	State    []string      `placeholder:"STATE" help:"Only rows in these states, such as dead or poison."`
	Last     int           `default:"10" placeholder:"N" help:"The number of existing rows of each kind to start with (${default})."`
	Interval time.Duration `default:"1s" placeholder:"TIME" help:"How often to request rows that are not streamed (${default})."`
	Once     bool          `help:"Print the existing rows and exit."`
	JSON     bool          `name:"json" help:"Print a line of JSON for each row."`
}

func (tailCommand) Help() string {
	return `It prints a row when it appears and when its state changes. Notifications are streamed; events, decisions and actions are requested every --interval, and soon after a notification. Rows contain ids, names, reasons and your reference ids, but no personal data.

` + examples(
		`idem tail`,
		`idem tail --only action --state dead`,
		`idem tail --object inq_… --last 100 --once --json`,
		`idem tail --url https://idem.example.com --environment production`)
}

// Validate checks the numbers.
func (c tailCommand) Validate() error {
	if c.Interval <= 0 {
		return errors.New("--interval must be greater than zero")
	}
	if c.Last < 0 {
		return errors.New("--last must not be negative")
	}
	return c.remoteService.Validate()
}

func (c tailCommand) Run(ctx context.Context, std streams) error {
	kinds := c.Only
	if len(kinds) == 0 {
		kinds = tail.Kinds()
	}
	following := tail.New(c.client(), kinds, c.Object)
	var streamed <-chan tail.Row
	for begun := false; ; {
		rows, err := following.Next(ctx, c.Last)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (!begun || refusedForGood(err)):
			return err
		case err != nil:
			fmt.Fprintln(std.err, "idem:", err)
		case !begun && !c.Once:
			streamed = following.Stream(ctx)
			fallthrough
		default:
			begun = true
		}
		if err := c.printRows(std.out, rows); err != nil || c.Once {
			return err
		}
		if err := c.await(ctx, std.out, following, &streamed); err != nil {
			return err
		}
	}
}

// await prints what is streamed until it is time for the next request. A notification comes
// with other rows, so it brings that forward.
func (c tailCommand) await(ctx context.Context, w io.Writer, following *tail.Tail, streamed *<-chan tail.Row) error {
	next := time.NewTimer(c.Interval)
	defer next.Stop()
	for forward := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
			return nil
		case row, open := <-*streamed:
			if !open {
				*streamed = nil
				following.Poll()
				continue
			}
			if err := c.printRows(w, []tail.Row{row}); err != nil {
				return err
			}
			if !forward && c.Interval > soon {
				next.Reset(soon)
			}
			forward = true
		}
	}
}

// soon is how long after a notification the other rows are requested.
const soon = 100 * time.Millisecond

// refusedForGood reports whether the service would reject a retry.
func refusedForGood(err error) bool {
	var refusal *remote.Error
	return errors.As(err, &refusal) && refusal.Status < 500 && refusal.Status != 429
}

func (c tailCommand) printRows(w io.Writer, rows []tail.Row) error {
	for _, row := range rows {
		if len(c.State) > 0 && !slices.Contains(c.State, row.State) {
			continue
		}
		if c.JSON {
			if err := show.Line(w, row); err != nil {
				return err
			}
			continue
		}
		err := show.Text(w, func(w io.Writer) {
			fmt.Fprintf(w, "%s  %-12s  %-36s  %-30s  %s  %s\n", moment(row.At), row.Kind, row.Object, show.Printable(row.Name), coloured(row.State), show.Faint(show.Printable(row.Reason)))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// coloured colours a state or a verdict by its meaning.
func coloured(state string) string {
	switch state {
	case "dead", "poison", "declined", "not_evaluated":
		return show.Bad(state)
	case "waiting", "review", "incomplete", "no_rule_matched", "dropped", "pending":
		return show.Doubtful(state)
	case "done", "approved", "applied", "decided", "already_done":
		return show.Good(state)
	}
	return state
}
