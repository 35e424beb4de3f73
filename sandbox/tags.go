package sandbox

import "slices"

const tagLimit = 1000 // for each organization (Persona changelog, 2025-09-29)

// tagOperations are the three operations on tags of a family. Tags are known by name:
// nothing in the API tells a tag's id, so an id is never found.
func tagOperations(service, family string, changed func(c *call, r *resource, added, removed []any)) map[string]operation {
	edit := func(next func(c *call, have []any) ([]any, error)) operation {
		return func(c *call) (*answer, error) {
			r, err := c.find(family)
			if err != nil {
				return nil, err
			}
			have, _ := r.attributes["tags"].([]any)
			tags, err := next(c, have)
			if err != nil {
				return nil, err
			}
			added, removed := without(tags, have), without(have, tags)
			if err := c.countTags(added); err != nil {
				return nil, err
			}
			if len(added)+len(removed) > 0 {
				r.attributes["tags"] = tags
				r.attributes["updated-at"] = stamp(c.now)
				changed(c, r, added, removed)
			}
			return &answer{one: r}, nil
		}
	}
	one := func(c *call) (any, error) {
		if c.text("meta.tag-id") != "" {
			return nil, notFound("meta.tag_id is not found")
		}
		name := c.text("meta.tag-name")
		if name == "" {
			return nil, badRequest("meta.tag_name is missing")
		}
		return name, nil
	}
	return map[string]operation{
		service + ".AddTag": edit(func(c *call, have []any) ([]any, error) {
			tag, err := one(c)
			return append(without(have, []any{tag}), tag), err
		}),
		service + ".RemoveTag": edit(func(c *call, have []any) ([]any, error) {
			tag, err := one(c)
			return without(have, []any{tag}), err
		}),
		service + ".SetTags": edit(func(c *call, _ []any) ([]any, error) {
			if len(c.texts("meta.tag-id")) > 0 {
				return nil, notFound("meta.tag_id is not found")
			}
			if _, given := at(c.body, "meta.tag-name"); !given {
				return nil, badRequest("meta.tag_name is missing")
			}
			return tagList(c.texts("meta.tag-name")), nil
		}),
	}
}

// emitTags emits name.updated-tags with what changed.
func emitTags(c *call, r *resource, added, removed []any) {
	c.emit(r.family()+".updated-tags", r, map[string]any{"added-tags": added, "removed-tags": removed})
}

func tagList(names []string) []any {
	tags := []any{}
	for _, name := range names {
		if name != "" && !slices.Contains(tags, any(name)) {
			tags = append(tags, name)
		}
	}
	return tags
}

func without(list, taken []any) []any {
	left := []any{}
	for _, tag := range list {
		if !slices.Contains(taken, tag) {
			left = append(left, tag)
		}
	}
	return left
}

// countTags refuses a new tag beyond the limit.
func (c *change) countTags(added []any) error {
	fresh := 0
	for _, tag := range added {
		if name, _ := tag.(string); !c.env.tags[name] {
			fresh++
		}
	}
	if len(c.env.tags)+fresh > tagLimit {
		return unprocessable("the organization has reached its limit of tags", "/meta/tag-name")
	}
	env := c.env
	c.then = append(c.then, func() {
		for _, tag := range added {
			name, _ := tag.(string)
			env.tags[name] = true
		}
	})
	return nil
}
