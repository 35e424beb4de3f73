package resources

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const tagLimit = 1000 // for each organization (Persona changelog, 2025-09-29)

// tagsChanged is called with the tags that a resource gained and lost.
type tagsChanged func(c *engine.Change, r *storage.Resource, added, removed []any)

// noTagEvents is for resources for which Persona documents no event about tags.
func noTagEvents(*engine.Change, *storage.Resource, []any, []any) {}

// EmitTags emits the event that the tags of a resource changed.
func EmitTags(c *engine.Change, r *storage.Resource, added, removed []any) {
	c.Emit(r.Family()+".updated-tags", r, map[string]any{"added-tags": added, "removed-tags": removed})
}

// tagOperations returns the three operations on the tags of a family. Tags are known by
// name: no operation shows the id of a tag, so an id is never found.
func tagOperations(service, family string, changed tagsChanged) map[string]engine.Operation {
	change := func(next func(c *engine.Call, have []any) ([]any, error)) engine.Operation {
		return edit(family, func(c *engine.Call, r *storage.Resource) error {
			have, _ := r.Attributes["tags"].([]any)
			tags, err := next(c, have)
			if err != nil {
				return err
			}
			return SetTags(c.Change, r, tags, func(ch *engine.Change, r *storage.Resource, added, removed []any) {
				c.Stamp(r, "updated-at")
				changed(ch, r, added, removed)
			})
		})
	}
	return map[string]engine.Operation{
		service + ".AddTag": change(func(c *engine.Call, have []any) ([]any, error) {
			tags, err := namedTag(c)
			return append(without(have, tags), tags...), err
		}),
		service + ".RemoveTag": change(func(c *engine.Call, have []any) ([]any, error) {
			tags, err := namedTag(c)
			return without(have, tags), err
		}),
		service + ".SetTags": change(func(c *engine.Call, _ []any) ([]any, error) {
			if len(c.Texts("meta.tag-id")) > 0 {
				return nil, engine.NotFound("meta.tag_id is not found")
			}
			if _, given := c.Value("meta.tag-name"); !given {
				return nil, engine.BadRequest("meta.tag_name is missing")
			}
			return TagList(c.Texts("meta.tag-name")), nil
		}),
	}
}

// namedTag returns the one tag that a request names.
func namedTag(c *engine.Call) ([]any, error) {
	if c.Text("meta.tag-id") != "" {
		return nil, engine.NotFound("meta.tag_id is not found")
	}
	name := c.Text("meta.tag-name")
	if name == "" {
		return nil, engine.BadRequest("meta.tag_name is missing")
	}
	if utf8.RuneCountInString(name) > schema.MaxText {
		return nil, tooLong()
	}
	return TagList([]string{name}), nil
}

// newTags returns the tags of a request that creates a resource.
func newTags(c *engine.Call) ([]any, error) {
	tags := TagList(c.Texts("data.attributes.tags"))
	return tags, useTags(c.Change, tags)
}

// setGivenTags sets the tags of a request that changes a resource, if it has any.
func setGivenTags(c *engine.Call, r *storage.Resource, changed tagsChanged) error {
	if _, given := c.Value("data.attributes.tags"); !given {
		return nil
	}
	return SetTags(c.Change, r, TagList(c.Texts("data.attributes.tags")), changed)
}

// SetTags sets the tags of a resource. It calls changed if that changes anything.
func SetTags(c *engine.Change, r *storage.Resource, tags []any, changed tagsChanged) error {
	have, _ := r.Attributes["tags"].([]any)
	added, removed := without(tags, have), without(have, tags)
	if err := useTags(c, added); err != nil {
		return err
	}
	if len(added)+len(removed) > 0 {
		r.Attributes["tags"] = tags
		changed(c, r, added, removed)
	}
	return nil
}

// useTags refuses tags that are too long or beyond the limit, and remembers the others.
func useTags(c *engine.Change, tags []any) error {
	if slices.ContainsFunc(tags, func(tag any) bool { return utf8.RuneCountInString(engine.TextOf(tag)) > schema.MaxText }) {
		return tooLong()
	}
	if unused, used := c.Env.NewTags(tags); used+unused > tagLimit {
		return engine.Unprocessable("the organization has reached its limit of tags", "/meta/tag-name")
	}
	c.OnCommit(func() { c.Env.UseTags(tags) })
	return nil
}

// TagList returns names as tags: in capitals, each once, as observed at Persona. So the case
// of a name never matters.
func TagList(names []string) []any {
	tags := []any{}
	for _, name := range names {
		tag := any(strings.ToUpper(name))
		if name != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// without returns the elements of a list that are not in another one.
func without(list, other []any) []any {
	left := []any{}
	for _, tag := range list {
		if !slices.Contains(other, tag) {
			left = append(left, tag)
		}
	}
	return left
}
