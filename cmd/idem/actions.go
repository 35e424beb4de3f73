package main

import (
	"context"
	"fmt"
	"io"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/api"
)

type actionsCommand struct {
	List   actionsListCommand   `cmd:"" help:"List the service's actions at Persona, newest first."`
	Replay actionsReplayCommand `cmd:"" aliases:"retry" help:"Perform a dead action again, and the actions that were dropped because of it."`

	Discard actionsDiscardCommand `cmd:"" help:"Decide that nothing is left to do about a dead action."`
}

type actionsListCommand struct {
	output
	remoteService
	list
	Object  string `placeholder:"ID" help:"Only the actions on this object."`
	State   string `enum:",waiting,done,already_done,dropped,dead,discarded,skipped" default:"" placeholder:"STATE" help:"Only actions in this state: waiting, done, already_done, dropped, dead, discarded or skipped."`
	Details bool   `help:"Also print Persona's answers, which can contain personal data, and results such as one-time links, which are credentials."`
}

func (actionsListCommand) Help() string {
	return examples("idem actions list --state dead --details", "idem actions list --object inq_… --json")
}

// shownAction is an action without the parts that are not requested.
type shownAction struct{ api.Action }

// withhold removes what can contain personal data or credentials.
func (a *shownAction) withhold() { a.Said, a.Result = "", nil }

func (c actionsListCommand) Run(ctx context.Context, std streams) error {
	var page remote.Page[shownAction]
	query := with(with(c.query("before"), "object", c.Object), "state", c.State)
	if c.Details {
		query.Set("details", "true")
	}
	if err := c.client().Get(ctx, "actions", query, &page); err != nil {
		return err
	}
	for i := range page.Data {
		if !c.Details {
			page.Data[i].withhold()
		}
	}
	return c.print(std.out, page, func(w io.Writer) {
		rows := [][]string{{"CREATED", "ACTION", "KIND", "TARGET", "STATE"}}
		for _, a := range page.Data {
			rows = append(rows, []string{moment(a.CreatedAt), a.ID, string(a.Kind), a.Target.ID, coloured(string(a.State)) + " " + show.Faint(a.Outcome)})
			if a.Said != "" {
				rows = append(rows, []string{"", "", "", "", show.Printable(a.Said)})
			}
			if len(a.Result) > 0 {
				rows = append(rows, []string{"", "", "", "", show.Printable(string(a.Result))})
			}
		}
		show.Table(w, rows)
		printNext(w, page.Next)
	})
}

type actionsReplayCommand struct {
	output
	remoteService
	ID string `arg:"" help:"The action (axn_…)."`
}

func (actionsReplayCommand) Help() string {
	return `The service first checks whether the action is still wanted, and uses a new idempotency key.

` + examples("idem actions replay axn_…")
}

func (c actionsReplayCommand) Run(ctx context.Context, std streams) error {
	var replayed api.Replayed
	if err := c.client().Post(ctx, remote.Path("actions", c.ID, "replay"), nil, &replayed); err != nil {
		return err
	}
	return c.print(std.out, map[string]int{"actions": replayed.Replayed}, func(w io.Writer) { fmt.Fprintln(w, "the action is performed again") })
}

type actionsDiscardCommand struct {
	output
	remoteService
	ID     string `arg:"" help:"The action (axn_…)."`
	Reason string `required:"" placeholder:"TEXT" help:"Why, for the audit trail, without personal data."`
}

func (actionsDiscardCommand) Help() string {
	return `The action is not performed, and no longer counts as dead. It cannot be replayed afterwards.

` + examples(`idem actions discard axn_… --reason "approved in Persona's dashboard"`)
}

func (c actionsDiscardCommand) Run(ctx context.Context, std streams) error {
	var discarded shownAction
	if err := c.client().Post(ctx, remote.Path("actions", c.ID, "discard"), map[string]string{"reason": c.Reason}, &discarded); err != nil {
		return err
	}
	discarded.withhold()
	return c.print(std.out, discarded, func(w io.Writer) { fmt.Fprintln(w, "action discarded") })
}
