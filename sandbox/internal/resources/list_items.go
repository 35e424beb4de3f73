package resources

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// itemName is the attribute of an item with its unique name: see listKind.nameOf.
const itemName = "_same"

// listKind describes a kind of list items.
type listKind struct {
	name, method string // in types and in operations
	list         string // the type of the lists that contain it
	prefix       string // of ids
	attributes   []listAttribute
}

// listAttribute describes an attribute of a list item.
type listAttribute struct {
	name      string
	number    bool
	otherwise string                 // the default; "" if a value is required
	problem   func(value any) string // says what is wrong with a value, or ""; may be nil
}

// listKinds returns all kinds. Persona has no operation that creates a list of device
// fingerprints or of fields.
func listKinds() []listKind {
	value := func(name string, problem func(any) string) []listAttribute {
		return []listAttribute{{name: name, problem: problem}}
	}
	between := func(low, high float64) func(any) string {
		return func(v any) string {
			if n := v.(float64); n < low || n > high {
				return fmt.Sprintf("must be between %.0f and %.0f", low, high)
			}
			return ""
		}
	}
	return []listKind{
		{"browser-fingerprint", "BrowserFingerprint", "list/browser-fingerprint", "libf", value("value", nil)},
		{"country", "Country", "list/country", "lic", value("country-code", countryProblem)},
		{"device-fingerprint", "DeviceFingerprint", "list/browser-fingerprint", "lidf", value("value", nil)},
		{"email-address", "EmailAddress", "list/email-address", "liea", []listAttribute{
			{name: "value"}, {name: "match-type", otherwise: "email_address", problem: matchTypeProblem},
		}},
		{"field", "Field", "list/string", "liif", value("field-value", nil)},
		{"geolocation", "Geolocation", "list/geolocation", "ligl", []listAttribute{
			{name: "latitude", number: true, problem: between(-90, 90)}, {name: "longitude", number: true, problem: between(-180, 180)},
			{name: "radius-meters", number: true, problem: between(1, 20_000_000)},
		}},
		{"government-id-number", "GovernmentIDNumber", "list/government-id-number", "ligin", []listAttribute{{name: "id-number"}, {name: "id-class"}}},
		{"ip-address", "IPAddress", "list/ip-address", "liip", value("value", addressProblem)},
		{"name", "Name", "list/name", "lin", []listAttribute{{name: "name-first"}, {name: "name-last"}}},
		{"phone-number", "PhoneNumber", "list/phone-number", "lipn", value("value", nil)},
		{"string", "String", "list/string", "lin", value("value", nil)},
	}
}

// listKindOf returns the kind with a name.
func listKindOf(name string) listKind {
	kinds := listKinds()
	return kinds[slices.IndexFunc(kinds, func(k listKind) bool { return k.name == name })]
}

func countryProblem(value any) string {
	code := value.(string)
	if len(code) != 2 || strings.ToUpper(code) != code {
		return "must be a country code of two capital letters"
	}
	return ""
}

func matchTypeProblem(value any) string {
	if value != "email_address" && value != "domain" {
		return "must be email_address or domain"
	}
	return ""
}

func addressProblem(value any) string {
	if _, err := netip.ParseAddr(value.(string)); err != nil {
		return "must be an IP address"
	}
	return ""
}

// listItemOperations returns three operations for each kind of item.
func listItemOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{}
	for _, kind := range listKinds() {
		typ := "list-item/" + kind.name
		operations["ListItems.Create"+kind.method] = createListItem(kind)
		operations["ListItems.Get"+kind.method] = engine.Get(typ)
		operations["ListItems.Archive"+kind.method] = edit(typ, archive)
	}
	return operations
}

func createListItem(kind listKind) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		list, err := listFor(c, kind)
		if err != nil {
			return nil, err
		}
		attributes, err := kind.read(c.Object("data.attributes"))
		if err != nil {
			return nil, err
		}
		if activeItem(c.Change, kind.nameOf(list, attributes)) != nil {
			return nil, engine.Conflict("an active item of the list is the same")
		}
		item := addItem(c.Change, kind, list, attributes, c.Key.Identifier())
		list.Link("list-items", item.Identifier())
		return &engine.Answer{Status: 201, One: item}, nil
	}
}

// listFor returns the list to which a request adds items of a kind.
func listFor(c *engine.Call, kind listKind) (*storage.Resource, error) {
	id := c.Text("data.attributes.list-id")
	if id == "" {
		return nil, engine.BadRequest("data.attributes.list_id is missing")
	}
	list := c.Edit(id)
	switch {
	case list == nil || list.Family() != "list":
		return nil, engine.NotFound("data.attributes.list_id is not found")
	case list.Typ != kind.list:
		return nil, engine.Unprocessable("the list takes items of another kind", "/data/attributes/list-id")
	case list.Text("status") != "active":
		return nil, engine.Conflict("the list is archived")
	}
	return list, nil
}

// read checks the attributes of an item and sets their defaults.
func (k listKind) read(given map[string]any) (map[string]any, error) {
	attributes := map[string]any{}
	for _, a := range k.attributes {
		value := given[a.name]
		if text, isText := value.(string); isText {
			value = strings.TrimSpace(text)
		}
		if value == nil || value == "" {
			if a.otherwise == "" {
				return nil, engine.BadRequest("data.attributes." + engine.SnakePath(a.name) + " is missing")
			}
			value = a.otherwise
		}
		if a.problem != nil {
			if problem := a.problem(value); problem != "" {
				return nil, engine.Unprocessable(a.name+" "+problem, "/data/attributes/"+a.name)
			}
		}
		if a.name == "radius-meters" {
			value = math.Round(value.(float64)) // a number in requests, an integer in answers
		}
		attributes[a.name] = value
	}
	return attributes, nil
}

// nameOf returns the unique name of an item: its list and its values. Case does not matter.
func (k listKind) nameOf(list *storage.Resource, attributes map[string]any) string {
	name := list.ID
	for _, a := range k.attributes {
		name += "\x00" + strings.ToLower(engine.TextOf(attributes[a.name]))
	}
	return name
}

// activeItem returns the active item with a unique name, or nil.
func activeItem(c *engine.Change, name string) *storage.Resource {
	item := c.Get(c.Env.Named(listItemName, name))
	if item == nil || item.Text("status") != "active" {
		return nil
	}
	return item
}

// addItem creates an item of a list. The caller links the list to it.
func addItem(c *engine.Change, kind listKind, list *storage.Resource, attributes map[string]any, creator storage.Identifier) *storage.Resource {
	attributes["status"], attributes["updated-at"], attributes[itemName] = "active", simclock.Stamp(c.Now), kind.nameOf(list, attributes)
	c.Stamp(list, "updated-at")
	return c.Create("list-item/"+kind.name, kind.prefix, attributes, map[string]any{"creator": creator})
}

// columns returns the columns of a file of items.
func (k listKind) columns() []string {
	var names []string
	for _, a := range k.attributes {
		names = append(names, a.name)
	}
	return names
}
