package resources

import (
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// listOperations are those on lists: one to make a list for each kind, and three for
// all of them.
func listOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"Lists.Get": func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("list") },
		"Lists.List": func(c *engine.Call) (*engine.Answer, error) {
			return c.List("list", func(r *storage.Resource) bool { return engine.OneOf(c.Filter("status"), r.Text("status")) })
		},
		"Lists.Archive": func(c *engine.Call) (*engine.Answer, error) {
			list, err := c.Find("list")
			if err != nil {
				return nil, err
			}
			return &engine.Answer{One: list}, archive(c.Change, list)
		},
	}
	for _, kind := range listKinds() {
		if kind.list == "list/"+kind.name {
			operations["Lists.Create"+kind.method+"List"] = createList(kind)
		}
	}
	return operations
}

// createList makes a list of a kind. No two active lists have one name.
func createList(kind listKind) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		name := c.Text("data.attributes.name")
		if name == "" {
			return nil, engine.BadRequest("data.attributes.name is missing")
		}
		for other := range c.All("list") {
			if other.Text("status") == "active" && strings.EqualFold(other.Text("name"), name) {
				return nil, engine.Conflict("an active list has this name")
			}
		}
		attributes := map[string]any{"name": name, "status": "active", "updated-at": simclock.Stamp(c.Now)}
		if kind.name == "name" {
			attributes["allow-fuzzy-name-first"] = c.Flag("data.attributes.allow-fuzzy-name-first", false)
		}
		return &engine.Answer{Status: 201, One: c.Create(kind.list, "lst", attributes, nil)}, nil
	}
}

// archive puts a list, an item of one or a theme set away. It can still be read.
func archive(c *engine.Change, r *storage.Resource) error {
	if r.Text("status") == "archived" {
		return engine.Conflict("it is archived already")
	}
	r.Attributes["status"] = "archived"
	r.Attributes["archived-at"], r.Attributes["updated-at"] = simclock.Stamp(c.Now), simclock.Stamp(c.Now)
	return nil
}
