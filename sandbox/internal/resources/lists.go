package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// listOperations returns the operations on lists: one that creates lists of each kind, and
// three for all kinds.
func listOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"Lists.Get":     engine.Get("list"),
		"Lists.List":    list("list", "status"),
		"Lists.Archive": edit("list", archive),
	}
	for _, kind := range listKinds() {
		if kind.list == "list/"+kind.name {
			operations["Lists.Create"+kind.method+"List"] = createList(kind)
		}
	}
	return operations
}

// createList creates a list of a kind. No two active lists of a kind have the same name.
func createList(kind listKind) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		name := c.Text("data.attributes.name")
		if name == "" {
			return nil, engine.BadRequest("data.attributes.name is missing")
		}
		if err := checkName(c, nil, kind.list, name, "an active list has this name"); err != nil {
			return nil, err
		}
		attributes := map[string]any{"name": name, "status": "active", "updated-at": simclock.Stamp(c.Now)}
		if kind.name == "name" {
			attributes["allow-fuzzy-name-first"] = c.Flag("data.attributes.allow-fuzzy-name-first", false)
		}
		return &engine.Answer{Status: 201, One: c.Create(kind.list, "lst", attributes, nil)}, nil
	}
}
