// Package tail follows the events, decisions, actions and notifications of a running
// service, and the changes of their states.
package tail

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/internal/api"
)

// Kinds returns the kinds of rows that can be followed.
func Kinds() []string { return []string{"event", "decision", "action", notification} }

// Row is something that happened. It holds no personal data.
type Row struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"` // one of Kinds
	ID     string    `json:"id"`
	Name   string    `json:"name"`             // of the event, the rule, the kind of action, or the type of notification
	Object string    `json:"object,omitempty"` // the id of what it is about
	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
}

// Tail follows a service. It is not for concurrent use.
type Tail struct {
	client remote.Client
	kinds  []string
	object string
	known  map[string]map[string]string // states by kind and id, of the newest rows

	sequence int64 // of the newest notification
}

// New returns a tail of some kinds, and of one object if object is not "".
func New(client remote.Client, kinds []string, object string) *Tail {
	return &Tail{client: client, kinds: kinds, object: object, known: map[string]map[string]string{}}
}

// pageSize is the maximum of the API. Changes of state are noticed among that many of the
// newest rows.
const pageSize = 100

// Next returns the rows that are new or changed since the last call, oldest first. The first
// call returns at most last rows of each kind, the newest ones.
func (t *Tail) Next(ctx context.Context, last int) ([]Row, error) {
	var all []Row
	for _, kind := range t.kinds {
		rows, err := t.fresh(ctx, kind, last)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	slices.SortStableFunc(all, func(a, b Row) int { return a.At.Compare(b.At) })
	return all, nil
}

// fresh reads pages, newest first, until a page contains a known row.
func (t *Tail) fresh(ctx context.Context, kind string, last int) (fresh []Row, err error) {
	known, first := t.known[kind], t.known[kind] == nil
	seen := map[string]string{}
	for before := ""; ; {
		rows, next, err := t.page(ctx, kind, before)
		if err != nil {
			return nil, err
		}
		met := false
		for _, row := range rows {
			state, is := known[row.ID]
			met = met || is
			if !is || state != row.State {
				fresh = append(fresh, row)
			}
			seen[row.ID] = row.State
		}
		if first || met || next == "" {
			break
		}
		before = next
	}
	t.known[kind] = seen
	slices.Reverse(fresh)
	if first {
		fresh = fresh[max(0, len(fresh)-last):]
	}
	return fresh, nil
}

// page reads a page of a kind, newest row first.
func (t *Tail) page(ctx context.Context, kind, before string) ([]Row, string, error) {
	query := url.Values{"limit": {fmt.Sprint(pageSize)}}
	if t.object != "" {
		query.Set("object", t.object)
	}
	if before != "" {
		query.Set("before", before)
	}
	switch kind {
	case "event":
		return page(ctx, t.client, "events", query, ofEvent)
	case "decision":
		return page(ctx, t.client, "decisions", query, ofDecision)
	case "action":
		return page(ctx, t.client, "actions", query, ofAction)
	}
	return page(ctx, t.client, "notifications", query, func(n api.Notification) Row {
		t.sequence = max(t.sequence, n.Sequence)
		return ofNotification(n)
	})
}

func page[T any](ctx context.Context, client remote.Client, path string, query url.Values, row func(T) Row) ([]Row, string, error) {
	var page remote.Page[T]
	if err := client.Get(ctx, path, query, &page); err != nil {
		return nil, "", err
	}
	rows := make([]Row, len(page.Data))
	for i, entry := range page.Data {
		rows[i] = row(entry)
	}
	return rows, page.Next, nil
}

func ofEvent(e api.Event) Row {
	return Row{At: e.ReceivedAt, Kind: "event", ID: e.ID, Name: e.Name, Object: e.Object.ID, State: string(e.State), Reason: e.Reason}
}

func ofDecision(d api.Decision) Row {
	var actions []string
	for _, a := range d.Actions {
		actions = append(actions, string(a.Kind))
	}
	reason := cmp.Or(d.Reason, d.Explanation)
	if len(actions) > 0 {
		reason = strings.Join(actions, ", ") + ": " + reason
	}
	return Row{At: d.DecidedAt, Kind: "decision", ID: d.ID, Name: cmp.Or(d.Rule, "no rule"), Object: d.Object.ID, State: string(d.Result), Reason: reason}
}

func ofAction(a api.Action) Row {
	return Row{At: a.CreatedAt, Kind: "action", ID: a.ID, Name: string(a.Kind), Object: a.Target.ID, State: string(a.State), Reason: a.Outcome}
}

func ofNotification(n api.Notification) Row {
	row := Row{At: n.CreatedAt, Kind: notification, ID: n.ID, Name: n.Type, State: cmp.Or(string(n.Verdict), "-"), Reason: about(n.Reference, n.Reason)}
	if n.Object != nil {
		row.Object = n.Object.ID
	}
	return row
}
