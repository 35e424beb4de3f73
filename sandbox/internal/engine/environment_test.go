package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

func TestAnEventKeepsItsObjectAsItWas(t *testing.T) {
	env := newEnvironment("sandbox")
	c := NewChange(env, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	account := c.Create("account", "act", map[string]any{"note": "first"}, nil)
	c.Emit("account.created", account, nil)
	account.Attributes["note"] = "second"
	c.Emit("account.updated", account, nil)
	c.Commit()
	var notes []string
	for event := range env.Newer("event", "", account.ID) {
		notes = append(notes, event.Text("name")+" "+event.Object.Text("note"))
	}
	if want := []string{"account.created first", "account.updated second"}; !slices.Equal(notes, want) {
		t.Errorf("the events say %q, not %q", notes, want)
	}
}

func TestDeliveriesThatWaitAreNeverForgotten(t *testing.T) {
	r := storage.Recent[*Delivery]{Keep: 2}
	over := func(d *Delivery) bool { return d.State != "pending" }
	for _, state := range []string{"completed", "pending", "completed", "failed"} {
		r.Add(&Delivery{State: state}, over)
	}
	if len(r.Entries) != 3 || r.Entries[0].State != "pending" {
		t.Errorf("%d are kept, the first is %s", len(r.Entries), r.Entries[0].State)
	}
}
