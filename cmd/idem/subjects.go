package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/api"
)

type subjectsCommand struct {
	List subjectsListCommand `cmd:"" help:"List people and businesses with their verdicts, oldest verdict first."`
	Show subjectsShowCommand `cmd:"" help:"Show the verdict on a person or business, and the decisions behind it."`
}

type subjectsListCommand struct {
	output
	remoteService
	list
	Verdict string `enum:",none,pending,review,approved,declined,expired,redacted" default:"" placeholder:"VERDICT" help:"Only those with this verdict: none, pending, review, approved, declined, expired or redacted."`
}

func (subjectsListCommand) Help() string {
	return examples("idem subjects list --verdict review", "idem subjects list --limit 100 --json")
}

func (c subjectsListCommand) Run(ctx context.Context, std streams) error {
	var page api.SubjectList
	if err := c.client().Get(ctx, "subjects", with(c.query("after"), "verdict", c.Verdict), &page); err != nil {
		return err
	}
	return c.print(std.out, page, func(w io.Writer) {
		rows := [][]string{{"REFERENCE", "SINCE", "OBJECT", "VERDICT"}}
		for _, s := range page.Data {
			rows = append(rows, []string{show.Printable(s.Reference), sinceWhen(s.Since), s.Object.ID, coloured(string(s.Verdict))})
		}
		show.Table(w, rows)
		printNext(w, page.Next)
	})
}

// sinceWhen formats a time that may be missing.
func sinceWhen(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return moment(*t)
}

type subjectsShowCommand struct {
	output
	remoteService
	Reference string `arg:"" help:"Your reference id of the person or business."`
}

func (subjectsShowCommand) Help() string {
	return `The exit code is 0 for every verdict. Scripts can read the verdict with --json.

` + examples("idem subjects show user-1042", "idem subjects show user-1042 --json")
}

// shownSubject is a subject and the decisions on the object that its verdict comes from.
type shownSubject struct {
	api.Subject
	Decisions []api.Decision `json:"decisions"`
}

func (c subjectsShowCommand) Run(ctx context.Context, std streams) error {
	s := shownSubject{Decisions: []api.Decision{}}
	if err := c.client().Get(ctx, remote.Path("subjects", c.Reference), nil, &s.Subject); err != nil {
		return err
	}
	if s.Object.ID != "" {
		page := remote.Page[api.Decision]{}
		if err := c.client().Get(ctx, "decisions", url.Values{"object": {s.Object.ID}, "limit": {"20"}}, &page); err != nil {
			return err
		}
		s.Decisions = page.Data
	}
	return c.print(std.out, s, s.print)
}

func (s shownSubject) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n", show.Printable(s.Reference), coloured(string(s.Verdict)))
	if s.Object.ID != "" {
		fmt.Fprintf(w, "since %s, from %s, whose status is %s\n", sinceWhen(s.Since), s.Object, s.Status)
	}
	for _, d := range s.Decisions {
		fmt.Fprintf(w, "%s  %s → %s: %s\n", moment(d.DecidedAt), d.Transition.From, d.Transition.To, decided(d))
	}
}

// decided says what came out of a decision, by which rule, and why. A rule without an
// explanation has its name as one.
func decided(d api.Decision) string {
	said := coloured(string(d.Result))
	if d.Rule != "" {
		said += fmt.Sprintf(" by %q", d.Rule)
	}
	for _, why := range []string{d.Explanation, d.Reason} {
		if why != "" && why != d.Rule {
			said += ": " + why
		}
	}
	return said
}
