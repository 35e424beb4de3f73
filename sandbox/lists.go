package sandbox

import "strings"

// listOperations are those on lists: one to make a list for each kind, and three for
// all of them.
func listOperations() map[string]operation {
	operations := map[string]operation{
		"Lists.Get": func(c *call) (*answer, error) { return c.answerFound("list") },
		"Lists.List": func(c *call) (*answer, error) {
			return c.list("list", func(r *resource) bool { return oneOf(c.filter("status"), r.text("status")) })
		},
		"Lists.Archive": func(c *call) (*answer, error) {
			list, err := c.find("list")
			if err != nil {
				return nil, err
			}
			return &answer{one: list}, c.archive(list)
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
func createList(kind listKind) operation {
	return func(c *call) (*answer, error) {
		name := c.text("data.attributes.name")
		if name == "" {
			return nil, badRequest("data.attributes.name is missing")
		}
		for other := range c.all("list") {
			if other.text("status") == "active" && strings.EqualFold(other.text("name"), name) {
				return nil, conflict("an active list has this name")
			}
		}
		attributes := map[string]any{"name": name, "status": "active", "updated-at": stamp(c.now)}
		if kind.name == "name" {
			attributes["allow-fuzzy-name-first"] = c.flag("data.attributes.allow-fuzzy-name-first", false)
		}
		return &answer{status: 201, one: c.create(kind.list, "lst", attributes, nil)}, nil
	}
}

// archive puts a list, an item of one or a theme set away. It can still be read.
func (c *change) archive(r *resource) error {
	if r.text("status") == "archived" {
		return conflict("it is archived already")
	}
	r.attributes["status"] = "archived"
	r.attributes["archived-at"], r.attributes["updated-at"] = stamp(c.now), stamp(c.now)
	return nil
}
