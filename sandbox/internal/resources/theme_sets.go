package resources

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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
	r.Attributes["name"] = name
	given := c.Object("data.attributes.styles")
	if given == nil {
		return nil
	}
	styles, err := readStyles(given)
	r.Attributes["styles"] = styles
	return err
}

// readStyles returns the styles of a request. They replace all earlier styles: what they do
// not set is as in a new theme set. Null sets nothing.
func readStyles(given map[string]any) (map[string]any, error) {
	const at = "data.attributes.styles"
	styles, problems := fixtures.DefaultStyles(), []string{}
	for _, section := range slices.Sorted(maps.Keys(given)) {
		path := engine.SnakePath(at + "." + section)
		known, exists := styles[section].(map[string]any)
		parts, isObject := given[section].(map[string]any)
		switch {
		case !exists:
			problems = append(problems, path+" is unknown")
		case given[section] == nil:
		case !isObject:
			problems = append(problems, path+" must be an object")
		default:
			problems = append(problems, readCells(path, known, parts)...)
		}
	}
	if len(problems) > 0 {
		return nil, engine.BadRequest(strings.Join(problems, ", "))
	}
	if variant := styles["settings"].(map[string]any)["preferred-theme-variant"]; variant != "light" && variant != "dark" {
		return nil, engine.Unprocessable("preferred-theme-variant must be light or dark", "/data/attributes/styles/settings/preferred-theme-variant")
	}
	return styles, nil
}

// readCells writes the cells of a section into the known ones. It returns what is wrong with
// them.
func readCells(path string, known, given map[string]any) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		at, value := engine.SnakePath(path+"."+name), given[name]
		was, exists := known[name]
		switch {
		case !exists:
			problems = append(problems, at+" is unknown")
		case value == nil:
		case fmt.Sprintf("%T", value) != fmt.Sprintf("%T", was):
			problems = append(problems, at+" is of another type")
		default:
			known[name] = value
		}
	}
	return problems
}
