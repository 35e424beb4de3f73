package resources

import (
	"slices"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const tagLimit = 1000 // for each organization (Persona changelog, 2025-09-29)

// tagOperations are the three operations on tags of a family. Tags are known by name:
// nothing in the API tells a tag's id, so an id is never found.
func tagOperations(service, family string, changed func(c *engine.Call, r *storage.Resource, added, removed []any)) map[string]engine.Operation {
	edit := func(next func(c *engine.Call, have []any) ([]any, error)) engine.Operation {
		return func(c *engine.Call) (*engine.Answer, error) {
			r, err := c.Find(family)
			if err != nil {
				return nil, err
			}
			have, _ := r.Attributes["tags"].([]any)
			tags, err := next(c, have)
			if err != nil {
				return nil, err
			}
			added, removed := Without(tags, have), Without(have, tags)
			if err := CountTags(c.Change, added); err != nil {
				return nil, err
			}
			if len(added)+len(removed) > 0 {
				r.Attributes["tags"] = tags
				r.Attributes["updated-at"] = simclock.Stamp(c.Now)
				changed(c, r, added, removed)
			}
			return &engine.Answer{One: r}, nil
		}
	}
	one := func(c *engine.Call) (any, error) {
		if c.Text("meta.tag-id") != "" {
			return nil, engine.NotFound("meta.tag_id is not found")
		}
		name := c.Text("meta.tag-name")
		if name == "" {
			return nil, engine.BadRequest("meta.tag_name is missing")
		}
		return name, nil
	}
	return map[string]engine.Operation{
		service + ".AddTag": edit(func(c *engine.Call, have []any) ([]any, error) {
			tag, err := one(c)
			return append(Without(have, []any{tag}), tag), err
		}),
		service + ".RemoveTag": edit(func(c *engine.Call, have []any) ([]any, error) {
			tag, err := one(c)
			return Without(have, []any{tag}), err
		}),
		service + ".SetTags": edit(func(c *engine.Call, _ []any) ([]any, error) {
			if len(c.Texts("meta.tag-id")) > 0 {
				return nil, engine.NotFound("meta.tag_id is not found")
			}
			if _, given := engine.At(c.Body, "meta.tag-name"); !given {
				return nil, engine.BadRequest("meta.tag_name is missing")
			}
			return TagList(c.Texts("meta.tag-name")), nil
		}),
	}
}

// emitTags emits name.updated-tags with what changed.
func emitTags(c *engine.Call, r *storage.Resource, added, removed []any) {
	c.Emit(r.Family()+".updated-tags", r, map[string]any{"added-tags": added, "removed-tags": removed})
}

func TagList(names []string) []any {
	tags := []any{}
	for _, name := range names {
		if name != "" && !slices.Contains(tags, any(name)) {
			tags = append(tags, name)
		}
	}
	return tags
}

func Without(list, taken []any) []any {
	left := []any{}
	for _, tag := range list {
		if !slices.Contains(taken, tag) {
			left = append(left, tag)
		}
	}
	return left
}

// CountTags refuses a new tag beyond the limit.
func CountTags(c *engine.Change, added []any) error {
	fresh := 0
	for _, tag := range added {
		if name, _ := tag.(string); !c.Env.Tags[name] {
			fresh++
		}
	}
	if len(c.Env.Tags)+fresh > tagLimit {
		return engine.Unprocessable("the organization has reached its limit of tags", "/meta/tag-name")
	}
	env := c.Env
	c.Then = append(c.Then, func() {
		for _, tag := range added {
			name, _ := tag.(string)
			env.Tags[name] = true
		}
	})
	return nil
}
