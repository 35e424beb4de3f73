package resources

import (
	"fmt"
	"maps"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// themeSetOperations returns the operations on theme sets, which say how the pages of
// inquiries look, in light and in dark.
func themeSetOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"ThemeSets.Get":  engine.Get("theme-set"),
		"ThemeSets.List": list("theme-set", "status"),
		"ThemeSets.Create": func(c *engine.Call) (*engine.Answer, error) {
			r := c.Create("theme-set", "theset", map[string]any{"status": "active", "styles": fixtures.DefaultStyles(), "updated-at": simclock.Stamp(c.Now)}, nil)
			return &engine.Answer{Status: 201, One: r}, setThemeSet(c, r, c.Text("data.attributes.name"))
		},
		"ThemeSets.Update": update("theme-set", func(c *engine.Call, r *storage.Resource) error {
			if r.Text("status") == "archived" {
				return engine.Conflict("an archived theme set cannot be changed")
			}
			name := r.Text("name")
			if _, given := c.Value("data.attributes.name"); given {
				name = c.Text("data.attributes.name")
			}
			return setThemeSet(c, r, name)
		}),
		"ThemeSets.Archive": edit("theme-set", func(c *engine.Call, r *storage.Resource) error {
			if r.ID == fixtures.ThemeSetID {
				return engine.Conflict("the default theme set cannot be archived")
			}
			return archive(c, r)
		}),
	}
}

// setThemeSet sets a name and the styles of a request. No two active theme sets have the same
// name.
func setThemeSet(c *engine.Call, r *storage.Resource, name string) error {
	if name == "" {
		return engine.BadRequest("data.attributes.name must be filled")
	}
	if err := checkName(c, r, "theme-set", name, "an active theme set has this name"); err != nil {
		return err
	}
	styles, err := mergeStyles(r.Attributes["styles"].(map[string]any), c.Object("data.attributes.styles"))
	if err != nil {
		return err
	}
	r.Attributes["name"], r.Attributes["styles"] = name, styles
	return nil
}

// mergeStyles returns styles with the given ones written into them. It replaces each setting,
// and each part of a variant as a whole. Null changes nothing.
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
			return nil, engine.BadRequest(path + " must be an object")
		}
		next := maps.Clone(old)
		for name, part := range parts {
			if was, known := old[name]; known && part != nil {
				if fmt.Sprintf("%T", part) != fmt.Sprintf("%T", was) {
					return nil, engine.BadRequest(engine.SnakePath(path+"."+name) + " is of another type")
				}
				next[name] = part
			}
		}
		merged[section] = next
	}
	settings := merged["settings"].(map[string]any)
	if variant := settings["preferred-theme-variant"]; variant != "light" && variant != "dark" {
		return nil, engine.Unprocessable("preferred-theme-variant must be light or dark", "/data/attributes/styles/settings/preferred-theme-variant")
	}
	return merged, nil
}
