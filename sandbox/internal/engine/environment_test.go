package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

func TestAnEventKeepsItsObjectAsItWas(t *testing.T) {
	env := newEnvironment("sandbox", func(*storage.Resource) (kind, name string) { return "", "" })
	c := NewChange(env, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	account := c.Create("account", "act", map[string]any{"note": "first"}, nil)
	c.Emit("account.created", account, nil)
	account.Attributes["note"] = "second"
	c.Emit("account.updated", account, nil)
	c.store()
	var notes []string
	for event := range env.Newer("event", "", account.ID) {
		notes = append(notes, event.Text("name")+" "+event.Object.Text("note"))
	}
	if want := []string{"account.created first", "account.updated second"}; !slices.Equal(notes, want) {
		t.Errorf("the events say %q, not %q", notes, want)
	}
}
