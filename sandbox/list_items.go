package sandbox

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
)

// itemSame is the attribute that holds an item's list and values: what no other active
// item may have too.
const itemSame = "_same"

// listKind is a kind of list items: what its types and operations are called, the type
// of the lists that take it, the prefix of its ids, and its attributes.
type listKind struct {
	name, method string
	list         string
	prefix       string
	attributes   []listAttribute
}

// listAttribute is an attribute of a list item. Without a value it is otherwise, or
// refused where there is none; problem says what is wrong with a value, or "".
type listAttribute struct {
	name      string
	number    bool
	otherwise string
	problem   func(value any) string
}

// listKinds are the kinds there are. Persona has no operation that makes a list of
// device fingerprints or of fields.
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

// listKindOf returns the kind of a name.
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

func listItemOperations() map[string]operation {
	operations := map[string]operation{}
	for _, kind := range listKinds() {
		typ := "list-item/" + kind.name
		operations["ListItems.Create"+kind.method] = createListItem(kind)
		operations["ListItems.Get"+kind.method] = func(c *call) (*answer, error) {
			if r := c.get(c.ids[0]); r == nil || r.typ != typ {
				return nil, notFound("")
			}
			return c.answerFound("list-item")
		}
		operations["ListItems.Archive"+kind.method] = func(c *call) (*answer, error) {
			item := c.edit(c.ids[0])
			if item == nil || item.typ != typ {
				return nil, notFound("")
			}
			return &answer{one: item}, c.archive(item)
		}
	}
	return operations
}

func createListItem(kind listKind) operation {
	return func(c *call) (*answer, error) {
		list, err := c.listFor(kind)
		if err != nil {
			return nil, err
		}
		attributes, err := kind.read(c.object("data.attributes"))
		if err != nil {
			return nil, err
		}
		if c.listed(kind.same(list, attributes)) {
			return nil, conflict("an active item of the list is the same")
		}
		item := c.addItem(kind, list, attributes, c.key.identifier())
		list.link("list-items", item.identifier())
		return &answer{status: 201, one: item}, nil
	}
}

// listFor finds the list that a request puts items of a kind into.
func (c *call) listFor(kind listKind) (*resource, error) {
	id := c.text("data.attributes.list-id")
	if id == "" {
		return nil, badRequest("data.attributes.list_id is missing")
	}
	list := c.edit(id)
	switch {
	case list == nil || list.family() != "list":
		return nil, notFound("data.attributes.list_id is not found")
	case list.typ != kind.list:
		return nil, unprocessable("the list takes items of another kind", "/data/attributes/list-id")
	case list.text("status") != "active":
		return nil, conflict("the list is archived")
	}
	return list, nil
}

// read takes the attributes of an item of a kind from what was given.
func (k listKind) read(given map[string]any) (map[string]any, error) {
	attributes := map[string]any{}
	for _, a := range k.attributes {
		value := given[a.name]
		if text, isText := value.(string); isText {
			value = strings.TrimSpace(text)
		}
		if value == nil || value == "" {
			if a.otherwise == "" {
				return nil, badRequest("data.attributes." + snakePath(a.name) + " is missing")
			}
			value = a.otherwise
		}
		if a.problem != nil {
			if problem := a.problem(value); problem != "" {
				return nil, unprocessable(a.name+" "+problem, "/data/attributes/"+a.name)
			}
		}
		if a.name == "radius-meters" {
			value = math.Round(value.(float64)) // asked for as a number, answered with as a whole one
		}
		attributes[a.name] = value
	}
	return attributes, nil
}

// same writes what makes an item the same as another one: its list and its values.
func (k listKind) same(list *resource, attributes map[string]any) string {
	same := list.id
	for _, a := range k.attributes {
		same += "\x00" + strings.ToLower(textOf(attributes[a.name]))
	}
	return same
}

// listed reports whether there is an active item like this.
func (c *change) listed(same string) bool {
	item := c.get(c.env.listed[same])
	return item != nil && item.text("status") == "active"
}

// addItem makes an item of a list. The caller links the list to it.
func (c *change) addItem(kind listKind, list *resource, attributes map[string]any, creator identifier) *resource {
	attributes["status"], attributes["updated-at"], attributes[itemSame] = "active", stamp(c.now), kind.same(list, attributes)
	list.attributes["updated-at"] = stamp(c.now)
	return c.create("list-item/"+kind.name, kind.prefix, attributes, map[string]any{"creator": creator})
}

// columns are the columns of a file of items.
func (k listKind) columns() []string {
	var names []string
	for _, a := range k.attributes {
		names = append(names, a.name)
	}
	return names
}
