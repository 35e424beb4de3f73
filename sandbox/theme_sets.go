package sandbox

import (
	"fmt"
	"maps"
	"strings"
)

// themeSetOperations are those on theme sets: how the pages of inquiries look, in light
// and in dark.
func themeSetOperations() map[string]operation {
	return map[string]operation{
		"ThemeSets.Get": func(c *call) (*answer, error) { return c.answerFound("theme-set") },
		"ThemeSets.List": func(c *call) (*answer, error) {
			return c.list("theme-set", func(r *resource) bool { return oneOf(c.filter("status"), r.text("status")) })
		},
		"ThemeSets.Create": func(c *call) (*answer, error) {
			r := c.create("theme-set", "theset", map[string]any{"status": "active", "styles": defaultStyles(), "updated-at": stamp(c.now)}, nil)
			return &answer{status: 201, one: r}, c.setThemeSet(r, c.text("data.attributes.name"))
		},
		"ThemeSets.Update": func(c *call) (*answer, error) {
			r, err := c.find("theme-set")
			if err != nil {
				return nil, err
			}
			if r.text("status") == "archived" {
				return nil, conflict("an archived theme set cannot be changed")
			}
			name := r.text("name")
			if _, given := at(c.body, "data.attributes.name"); given {
				name = c.text("data.attributes.name")
			}
			r.attributes["updated-at"] = stamp(c.now)
			return &answer{one: r}, c.setThemeSet(r, name)
		},
		"ThemeSets.Archive": func(c *call) (*answer, error) {
			r, err := c.find("theme-set")
			if err != nil {
				return nil, err
			}
			if r.id == ThemeSetID {
				return nil, conflict("the default theme set cannot be archived")
			}
			return &answer{one: r}, c.archive(r)
		},
	}
}

// setThemeSet takes over the name and the styles of a request. No two active theme sets
// have one name.
func (c *call) setThemeSet(r *resource, name string) error {
	if name == "" {
		return badRequest("data.attributes.name must be filled")
	}
	for other := range c.all("theme-set") {
		if other.id != r.id && other.text("status") == "active" && strings.EqualFold(other.text("name"), name) {
			return conflict("an active theme set has this name")
		}
	}
	styles, err := mergeStyles(r.attributes["styles"].(map[string]any), c.object("data.attributes.styles"))
	if err != nil {
		return err
	}
	r.attributes["name"], r.attributes["styles"] = name, styles
	return nil
}

// defaultStyles are styles that change nothing.
func defaultStyles() map[string]any {
	variant := func() map[string]any {
		return map[string]any{"inquiry": map[string]any{}, "components": map[string]any{}, "step-assets": map[string]any{}}
	}
	return map[string]any{
		"settings": map[string]any{"use-dark-theme": false, "preferred-theme-variant": "light"}, "light": variant(), "dark": variant(),
	}
}

// mergeStyles writes what is given into styles: each setting, and each part of a
// variant as a whole. What is null stays as it is.
func mergeStyles(have, given map[string]any) (map[string]any, error) {
	merged := maps.Clone(have)
	for section, value := range given {
		old, known := have[section].(map[string]any)
		if !known || value == nil {
			continue
		}
		path := "data.attributes.styles." + section
		parts, ok := value.(map[string]any)
		if !ok {
			return nil, badRequest(path + " must be an object")
		}
		next := maps.Clone(old)
		for name, part := range parts {
			if was, known := old[name]; known && part != nil {
				if fmt.Sprintf("%T", part) != fmt.Sprintf("%T", was) {
					return nil, badRequest(snakePath(path+"."+name) + " is of another type")
				}
				next[name] = part
			}
		}
		merged[section] = next
	}
	settings := merged["settings"].(map[string]any)
	if variant := settings["preferred-theme-variant"]; variant != "light" && variant != "dark" {
		return nil, unprocessable("preferred-theme-variant must be light or dark", "/data/attributes/styles/settings/preferred-theme-variant")
	}
	return merged, nil
}
