package pages

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// pageSize is how many rows a page of the inspector has.
const pageSize = 50

// thing names a resource and links to its page.
type thing struct {
	Type, ID, Label, Status string
	Created                 time.Time
	Path                    string // empty if it is not stored
}

func (i *inspection) thing(id storage.Identifier) thing {
	r := i.env.Get(id.ID)
	if r == nil {
		return thing{Type: id.Type, ID: id.ID}
	}
	return i.thingOf(r)
}

func (i *inspection) thingOf(r *storage.Resource) thing {
	t := thing{Type: r.Typ, ID: r.ID, Status: r.Text("status"), Created: r.Time("created-at"), Path: i.path(r.Typ, r.ID)}
	if status := r.Text("account-status"); status != "" {
		t.Status = status
	}
	for _, name := range []string{"name", "reference-id", "url", "workflow-name", "email-address", "value", "filename"} {
		if t.Label = r.Text(name); t.Label != "" {
			break
		}
	}
	return t
}

// credential reports whether the ids of a type are secrets themselves.
func credential(typ string) bool { return typ == "oauth-code" || typ == "oauth-token" }

type kindCount struct {
	Family string
	Count  int
}

type overviewBody struct {
	Kinds      []kindCount
	Events     []eventRow
	Deliveries []deliveryRow
	States     []kindCount // of deliveries
	Calls      []callRow
}

// latest is how many events, deliveries and calls the overview shows.
const latest = 10

func (i *inspection) overview(*http.Request) (string, any, error) {
	body := overviewBody{Kinds: i.kinds()}
	body.Events, _ = i.eventRows("", latest, func(*storage.Resource) bool { return true })
	body.Deliveries, _ = i.deliveryRows(0, latest, func(*deliveries.Delivery) bool { return true })
	body.Calls, _ = i.callRows(0, latest, func(engine.CallRecord) bool { return true })
	states := i.env.Outbox().CountByState()
	for _, state := range slices.Sorted(maps.Keys(states)) {
		body.States = append(body.States, kindCount{state, states[state]})
	}
	return "Overview", body, nil
}

// kinds returns the families that have resources. Events and logs have their own pages.
func (i *inspection) kinds() []kindCount {
	var kinds []kindCount
	for _, family := range slices.Sorted(slices.Values(i.env.Families())) {
		if n := i.env.Count(family); n > 0 && family != "event" && family != "api-log" && !credential(family) {
			kinds = append(kinds, kindCount{family, n})
		}
	}
	return kinds
}

type objectsBody struct {
	Family  string
	Count   int
	Kinds   []kindCount
	Objects []thing
	Older   string // the id that the next page starts after, or ""
	First   bool
}

func (i *inspection) objects(r *http.Request) (string, any, error) {
	family, after := r.PathValue("family"), r.URL.Query().Get("after")
	if !slices.Contains(i.env.Families(), family) || credential(family) || after != "" && !i.env.Has(family, after) {
		return "", nil, errNoPage
	}
	body := objectsBody{Family: family, Count: i.env.Count(family), Kinds: i.kinds(), First: after == ""}
	for r := range i.env.Older(family, after) {
		if len(body.Objects) == pageSize {
			body.Older = body.Objects[pageSize-1].ID
			break
		}
		body.Objects = append(body.Objects, i.thingOf(r))
	}
	return webpage.Words(family), body, nil
}

type relationRow struct {
	Name   string
	Things []thing
}

type objectBody struct {
	thing
	Attributes    []shownPair
	Unset         []string
	Relationships []relationRow
	From          []relationRow // resources that refer to this one
	About         *thing        // the object of an event
	Was           []shownPair   // the attributes of that object at the time of the event
	Events        []eventRow
	MoreEvents    string
	Deliveries    []deliveryRow // of an event, or of a webhook
	Missing       []reason      // webhooks that did not get an event
	Actions       actions
}

// readable returns the resource with an id, unless a person must not see it.
func (i *inspection) readable(id string) (*storage.Resource, error) {
	r := i.env.Get(id)
	if r == nil || r.Typ == "api-log" || credential(r.Typ) {
		return nil, errNoPage
	}
	return r, nil
}

func (i *inspection) object(request *http.Request) (string, any, error) {
	r, err := i.readable(request.PathValue("id"))
	if err != nil {
		return "", nil, err
	}
	title, body := i.describe(r)
	body.Actions.Done = doneWords(request.URL.Query().Get("done"))
	return title, body, nil
}

// describe returns what the page of a resource shows, and its title.
func (i *inspection) describe(r *storage.Resource) (title string, body objectBody) {
	body = objectBody{thing: i.thingOf(r), Actions: i.actionsOf(r)}
	body.Attributes, body.Unset = i.attributes(r)
	for _, name := range slices.Sorted(maps.Keys(r.Relationships)) {
		row := relationRow{Name: name}
		if id, one := r.Relationships[name].(storage.Identifier); one {
			row.Things = append(row.Things, i.thing(id))
		}
		for _, id := range r.Many(name) {
			row.Things = append(row.Things, i.thing(id))
		}
		if len(row.Things) > 0 {
			body.Relationships = append(body.Relationships, row)
		}
	}
	body.Relationships = append(body.Relationships, i.relations(r)...)
	body.From = i.from(r)
	if r.Object != nil {
		about := i.thing(r.Object.Identifier())
		body.About = &about
		body.Was, _ = i.attributes(r.Object)
		body.Deliveries, _ = i.deliveryRows(0, pageSize, func(d *deliveries.Delivery) bool { return d.EventID == r.ID })
		body.Missing = i.missing(r)
		return r.Text("name"), body
	}
	if r.Typ == "webhook" {
		body.Deliveries, _ = i.deliveryRows(0, latest, func(d *deliveries.Delivery) bool { return d.WebhookID == r.ID })
	}
	var more bool
	body.Events, more = i.eventRows("", pageSize, func(event *storage.Resource) bool { return event.Object.ID == r.ID }, r.ID)
	if more {
		body.MoreEvents = "/_sandbox/" + i.env.Name + "/events?object=" + url.QueryEscape(r.ID)
	}
	return webpage.Words(r.Typ), body
}

// attributes returns what a reader of the API sees of a resource, with masked secrets, and
// the names of the attributes without a value.
func (i *inspection) attributes(r *storage.Resource) (pairs []shownPair, unset []string) {
	add := func(name string, value any) {
		if v, ok := show(name, maskedNamed(name, value)); ok {
			if other := i.env.Get(v.Text); v.Kind == "text" && other != nil && !credential(other.Typ) {
				v.Link = i.path(other.Typ, other.ID)
			}
			pairs = append(pairs, shownPair{name, v})
		} else {
			unset = append(unset, name)
		}
	}
	names, rendered := i.engine.Attributes(i.env, r)
	delete(rendered, "payload") // the page of an event shows it elsewhere
	for _, name := range names {
		if value, ok := rendered[name]; ok {
			add(name, value)
		}
	}
	if len(rendered) == 0 { // no answer shows this type
		for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
			if !strings.HasPrefix(name, "_") {
				add(name, r.Attributes[name])
			}
		}
	}
	if value := r.Text(storage.SecretValue); value != "" {
		add("value", mask(value))
	}
	secrets, _ := r.Attributes[deliveries.Secrets].([]any)
	for _, entry := range secrets {
		secret, _ := entry.(map[string]any)
		add("secret", mask(engine.TextOf(secret["value"])))
	}
	return pairs, unset
}

// relations returns the relations of an account or a transaction.
func (i *inspection) relations(r *storage.Resource) []relationRow {
	var rows []relationRow
	known := resources.Relations(r.Family())
	for _, key := range slices.Sorted(maps.Keys(known)) {
		row := relationRow{Name: key}
		for _, id := range resources.RelatedBy(r, key) {
			row.Things = append(row.Things, i.thing(storage.Identifier{Type: known[key].To, ID: id}))
		}
		if len(row.Things) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// from returns the resources that refer to a resource, if there is an index of them.
func (i *inspection) from(r *storage.Resource) []relationRow {
	var rows []relationRow
	for _, family := range []string{"inquiry", "inquiry-session", "case"} {
		row := relationRow{Name: family}
		for other := range i.env.Older(family, "", r.ID) {
			if len(row.Things) == pageSize {
				break
			}
			leads := slices.ContainsFunc(slices.Collect(maps.Values(other.Relationships)), func(to any) bool {
				ids, _ := to.([]storage.Identifier)
				return to == any(r.Identifier()) || slices.Contains(ids, r.Identifier())
			})
			if leads {
				row.Things = append(row.Things, i.thingOf(other))
			}
		}
		if len(row.Things) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}
