package resources

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// edit is an operation that changes the resource that its path names, of a type or family,
// and answers with it.
func edit(typ string, change func(*engine.Call, *storage.Resource) error) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		r, err := c.Find(typ)
		if err != nil {
			return nil, err
		}
		return &engine.Answer{One: r}, change(c, r)
	}
}

// update is an edit that sets updated-at.
func update(typ string, change func(*engine.Call, *storage.Resource) error) engine.Operation {
	return edit(typ, func(c *engine.Call, r *storage.Resource) error {
		c.Stamp(r, "updated-at")
		return change(c, r)
	})
}

// list is an operation that lists the resources of a type or family. See accepted for the
// filters.
func list(typ string, filters ...string) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		family := storage.FamilyOf(typ)
		return c.List(family, func(r *storage.Resource) bool {
			return (typ == family || r.Typ == typ) && accepted(c, r, filters...)
		})
	}
}

// printed is an operation that answers with a PDF of the resource that its path names.
func printed(title, family string) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		found, err := c.AnswerFound(family)
		if err != nil {
			return nil, err
		}
		return c.AnswerPDF(title, found.One), nil
	}
}

// accepted reports whether a resource passes filters of the query. The name of a filter is
// that of an attribute, or that of a relationship followed by "-id".
func accepted(c *engine.Call, r *storage.Resource, filters ...string) bool {
	for _, name := range filters {
		value := r.Text(name)
		if relationship, ok := strings.CutSuffix(name, "-id"); ok && value == "" {
			value = r.One(relationship)
		}
		if !engine.Accepts(c.Filter(name), value) {
			return false
		}
	}
	return true
}

// requiredFilter returns a filter that the query must have.
func requiredFilter(c *engine.Call, name string) (string, error) {
	if value := c.Filter(name); value != "" {
		return value, nil
	}
	return "", engine.BadRequest("filter." + engine.SnakePath(name) + " is missing")
}

// createdBetween returns a function that reports whether a resource was created in the
// time that the query asks for.
func createdBetween(c *engine.Call) func(*storage.Resource) bool {
	start, end := simclock.Moment(c.Filter("created-at-start")), simclock.Moment(c.Filter("created-at-end"))
	return func(r *storage.Resource) bool {
		created := r.Time("created-at")
		return (start.IsZero() || !created.Before(start)) && (end.IsZero() || !created.After(end))
	}
}

// copyGiven copies the named attributes of a request that are there into a resource.
func copyGiven(c *engine.Call, r *storage.Resource, names ...string) {
	for _, name := range names {
		if value, given := c.Value("data.attributes." + name); given {
			r.Attributes[name] = value
		}
	}
}

// checkFormat checks the settings that API keys and webhooks share: in which version and
// casing they answer, and how long their links to files are valid.
func checkFormat(r *storage.Resource) error {
	switch {
	case !slices.Contains(catalog.Versions(), r.Text("api-version")):
		return engine.BadRequest("data.attributes.api_version is not a version")
	case !slices.Contains([]string{"kebab", "snake", "camel"}, r.Text("api-key-inflection")):
		return engine.BadRequest("data.attributes.api_key_inflection must be camel, kebab or snake")
	case !within(r.Attributes["file-access-token-expires-in"], 1, maxFileTokenLife):
		return engine.BadRequest("data.attributes.file_access_token_expires_in must be between 1 and 259200")
	}
	return nil
}

// maxFileTokenLife is in seconds (Persona docs: Downloading files).
const maxFileTokenLife = 3 * 24 * 60 * 60

// within reports whether a value is a number in a range.
func within(v any, low, high float64) bool {
	switch n := v.(type) {
	case int:
		return float64(n) >= low && float64(n) <= high
	case float64:
		return n >= low && n <= high
	}
	return false
}

// checkName refuses a name that another active resource of a type has. Case does not matter.
func checkName(c *engine.Call, r *storage.Resource, typ, name, problem string) error {
	for other := range c.All(storage.FamilyOf(typ)) {
		if other.Typ == typ && (r == nil || other.ID != r.ID) && other.Text("status") == "active" && strings.EqualFold(other.Text("name"), name) {
			return engine.Conflict(problem)
		}
	}
	return nil
}

// archive archives a list, an item of one or a theme set.
func archive(c *engine.Call, r *storage.Resource) error {
	if r.Text("status") == "archived" {
		return engine.Conflict("it is archived already")
	}
	r.Attributes["status"] = "archived"
	c.Stamp(r, "archived-at", "updated-at")
	return nil
}

// cloned returns the attributes of the resource that the path names, for a copy of it.
func cloned(c *engine.Call, family string) (map[string]any, error) {
	found, err := c.AnswerFound(family)
	if err != nil {
		return nil, err
	}
	attributes := found.One.Clone().Attributes
	delete(attributes, "created-at")
	return attributes, nil
}

// wait sets an attribute to a later time, at which the function in dueByFamily is called. See
// due.
func wait(c *engine.Change, r *storage.Resource, attribute string, d time.Duration) {
	at := c.Now.Add(d)
	r.Attributes[attribute] = simclock.Stamp(at)
	c.Schedule(at, r.ID)
}

// due reports whether an attribute has a time that has come.
func due(c *engine.Change, r *storage.Resource, attribute string) bool {
	at := r.Time(attribute)
	return !at.IsZero() && !c.Now.Before(at)
}

// seconds reads a number of seconds from the body.
func seconds(c *engine.Call, path string) time.Duration {
	n, _ := c.Number(path)
	return time.Duration(n * float64(time.Second))
}

// textOrNil returns a string of the body, or nil.
func textOrNil(c *engine.Call, path string) any {
	if text := c.Text(path); text != "" {
		return text
	}
	return nil
}

// newUUID returns a random id in the form of a UUID.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
