package pages

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// eventRow is an event in a list.
type eventRow struct {
	ID, Name, Path string
	At             time.Time
	About          thing
	Deliveries     int
}

// eventRows returns the events for which keep returns true, newest first, that are older than
// the event after. If there are values, it looks only at events that are indexed by one of
// them. It reports whether there are more.
func (i *inspection) eventRows(after string, limit int, keep func(*storage.Resource) bool, values ...string) (rows []eventRow, more bool) {
	for event := range i.env.Older("event", after, values...) {
		if !keep(event) {
			continue
		}
		if len(rows) == limit {
			return rows, true
		}
		about := i.thingOf(event.Object)
		if i.env.Get(event.Object.ID) == nil {
			about.Path = ""
		}
		rows = append(rows, eventRow{ID: event.ID, Name: event.Text("name"), Path: i.path("event", event.ID), At: event.Time("created-at"), About: about})
	}
	return rows, false
}

type eventsBody struct {
	Name, Object string // filters
	Events       []eventRow
	Older        string
	First        bool
}

func (i *inspection) events(r *http.Request) (string, any, error) {
	query := r.URL.Query()
	body := eventsBody{Name: query.Get("name"), Object: query.Get("object"), First: query.Get("after") == ""}
	if after := query.Get("after"); after != "" && !i.env.Has("event", after) {
		return "", nil, errNoPage
	}
	var values []string
	if body.Object != "" {
		values = []string{body.Object}
	}
	rows, more := i.eventRows(query.Get("after"), pageSize, func(event *storage.Resource) bool {
		return (body.Name == "" || event.Text("name") == body.Name) && (body.Object == "" || event.Object.ID == body.Object)
	}, values...)
	body.Events = rows
	if more {
		body.Older = rows[len(rows)-1].ID
	}
	return "Events", body, nil
}

// deliveryRow is a delivery in a list.
type deliveryRow struct {
	Event, EventName, Path string
	At                     time.Time // when the event happened
	About                  thing
	Webhook                thing
	State                  string
	Attempts               []deliveries.Attempt
	Due                    time.Time // the time of the next attempt, if it is pending
	Why                    []string  // why it did not arrive; only on its own page
}

// Last returns the latest attempt.
func (d deliveryRow) Last() deliveries.Attempt {
	if len(d.Attempts) == 0 {
		return deliveries.Attempt{}
	}
	return d.Attempts[len(d.Attempts)-1]
}

// deliveryRows returns the deliveries for which keep returns true, newest first, without the
// first skip. It reports whether there are more.
func (i *inspection) deliveryRows(skip, limit int, keep func(*deliveries.Delivery) bool) (rows []deliveryRow, more bool) {
	found, more := i.env.Outbox().Latest(skip, limit, keep)
	for _, d := range found {
		row := deliveryRow{
			Event: d.EventID, EventName: d.EventName, Path: "/_sandbox/" + i.env.Name + "/deliveries/" + d.EventID + "/" + d.WebhookID,
			Webhook: i.thing(storage.Identifier{Type: "webhook", ID: d.WebhookID}), State: d.State, Attempts: d.Attempts, Due: d.Due,
		}
		if event := i.env.Get(d.EventID); event != nil {
			row.At, row.About = event.Time("created-at"), i.thing(event.Object.Identifier())
		}
		rows = append(rows, row)
	}
	return rows, more
}

type deliveriesBody struct {
	State, Webhook string // filters
	States         []string
	Deliveries     []deliveryRow
	Skip, Older    int // rows before this page, and before the next one; 0 if there is none
}

func (i *inspection) deliveries(r *http.Request) (string, any, error) {
	query := r.URL.Query()
	body := deliveriesBody{State: query.Get("state"), Webhook: query.Get("webhook"), States: []string{deliveries.Pending, deliveries.Completed, deliveries.Failed, deliveries.Skipped, deliveries.Lost}}
	body.Skip = skipped(r)
	rows, more := i.deliveryRows(body.Skip, pageSize, func(d *deliveries.Delivery) bool {
		return (body.State == "" || d.State == body.State) && (body.Webhook == "" || d.WebhookID == body.Webhook)
	})
	body.Deliveries = rows
	if more {
		body.Older = body.Skip + pageSize
	}
	return "Deliveries", body, nil
}

// skipped returns how many rows come before the requested page.
func skipped(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("skip"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

type deliveryBody struct {
	Event      thing
	Webhook    thing
	Deliveries []deliveryRow // more than one if a fault duplicated it, or it was sent again
	Payload    string
	Signed     []string // the ends of the secrets that sign
}

func (i *inspection) delivery(r *http.Request) (string, any, error) {
	event, hook := i.env.Get(r.PathValue("event")), i.env.Get(r.PathValue("webhook"))
	if event == nil || event.Object == nil || hook == nil || hook.Typ != "webhook" {
		return "", nil, errNoPage
	}
	body := deliveryBody{Event: i.thingOf(event), Webhook: i.thingOf(hook), Payload: indented(i.engine.RenderDelivery(i.env, hook, event))}
	body.Deliveries, _ = i.deliveryRows(0, pageSize, func(d *deliveries.Delivery) bool { return d.EventID == event.ID && d.WebhookID == hook.ID })
	if len(body.Deliveries) == 0 {
		return "", nil, errNoPage
	}
	for n := range body.Deliveries {
		body.Deliveries[n].Why = whyNotArrived(body.Deliveries[n], hook, i.engine.Now())
	}
	for _, secret := range deliveries.SigningSecrets(hook, i.engine.Now()) {
		body.Signed = append(body.Signed, mask(secret))
	}
	return "Delivery of " + event.Text("name"), body, nil
}

// callRow is a call in a list.
type callRow struct {
	engine.CallRecord
	Link string
}

// callRows returns the calls for which keep returns true, newest first, without the first
// skip. It reports whether there are more.
func (i *inspection) callRows(skip, limit int, keep func(engine.CallRecord) bool) (rows []callRow, more bool) {
	found, more := i.env.LatestCalls(skip, limit, keep)
	for _, record := range found {
		rows = append(rows, callRow{record, i.path("api-log", record.RequestID)})
	}
	return rows, more
}

// callOf returns a call by its request id.
func (i *inspection) callOf(id string) (record engine.CallRecord, known bool) {
	found, _ := i.env.LatestCalls(0, 1, func(c engine.CallRecord) bool { return c.RequestID == id })
	if len(found) == 0 {
		return engine.CallRecord{}, false
	}
	return found[0], true
}

type callsBody struct {
	Key, Operation string // filters
	Failed         bool
	Calls          []callRow
	Skip, Older    int
}

func (i *inspection) calls(r *http.Request) (string, any, error) {
	query := r.URL.Query()
	body := callsBody{Key: query.Get("key"), Operation: query.Get("operation"), Failed: query.Has("failed"), Skip: skipped(r)}
	rows, more := i.callRows(body.Skip, pageSize, func(c engine.CallRecord) bool {
		return (body.Key == "" || c.IdempotencyKey == body.Key) && (body.Operation == "" || c.Operation == body.Operation) && (!body.Failed || c.Status >= 400 || c.Lost)
	})
	body.Calls = rows
	if more {
		body.Older = body.Skip + pageSize
	}
	return "Calls", body, nil
}

type callBody struct {
	engine.CallRecord
	Logged   bool
	Query    []shownPair
	Headers  []shownPair
	Sent     string // the request's body
	Answered []shownPair
	Answer   string    // its body, or why it is not shown
	Same     []callRow // other calls with its idempotency key
}

func (i *inspection) call(r *http.Request) (string, any, error) {
	record, known := i.callOf(r.PathValue("id"))
	if !known {
		return "", nil, errNoPage
	}
	body := callBody{CallRecord: record}
	if log := i.env.Get(record.RequestID); log != nil {
		request, _ := log.Attributes["request"].(map[string]any)
		response, _ := log.Attributes["response"].(map[string]any)
		body.Logged = true
		body.Query, body.Headers, body.Answered = pairs(request["get-params"]), pairs(request["headers"]), pairs(response["headers"])
		if sent, _ := request["post-params"].(map[string]any); len(sent) > 0 {
			body.Sent = indented(sent)
		}
	}
	if bodies, known := i.env.BodiesOf(record.RequestID); known {
		body.Answer = shownBody(bodies.Answer, bodies.AnswerSize)
		if body.Sent == "" {
			body.Sent = shownBody(bodies.Request, bodies.RequestSize)
		}
	}
	if record.IdempotencyKey != "" {
		body.Same, _ = i.callRows(0, pageSize, func(c engine.CallRecord) bool {
			return c.IdempotencyKey == record.IdempotencyKey && c.RequestID != record.RequestID
		})
	}
	return record.Method + " " + record.Path, body, nil
}

// pairs returns the values of a map by name.
func pairs(value any) []shownPair {
	m, _ := masked(value).(map[string]any)
	var all []shownPair
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if v, ok := show("", m[name]); ok {
			all = append(all, shownPair{name, v})
		}
	}
	return all
}
