package reference

import (
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// world is the state at Persona: accounts, inquiries and cases of a few people, and the
// events about each change.
type world struct {
	*draw
	now     time.Time
	people  []string // reference ids
	things  []*thing // in order of creation
	carried map[string]string
	events  []event
	thin    bool // its webhooks omit data that rules need
}

// event is a snapshot of a thing at the time of a change.
type event struct {
	id, name string
	at       time.Time
	thing    *thing
	thin     bool
}

func newWorld(d *draw, people ...string) *world {
	return &world{draw: d, now: epoch, people: people, carried: map[string]string{}}
}

// live makes a number of changes.
func (w *world) live(changes int) {
	for range changes {
		w.now = w.now.Add(time.Duration(1+w.IntN(5000)) * time.Millisecond)
		w.change()
	}
}

// change makes one possible change.
func (w *world) change() {
	inquiries, cases, accounts := w.of("inquiry"), w.of("case"), w.of("account")
	switch n := w.IntN(100); {
	case len(inquiries) == 0 || n < 9:
		w.begin()
		if w.chance(20) { // often in the same second, which Persona's times do not tell apart
			w.now = w.now.Add(time.Duration(1+w.IntN(500)) * time.Millisecond)
			w.begin()
		}
	case n < 65:
		w.advanceInquiry(pick(w.draw, inquiries...))
	case n < 68:
		w.move(pick(w.draw, inquiries...))
	case n < 70:
		w.redactInquiry(pick(w.draw, inquiries...))
	case n < 71:
		w.redactAccount(pick(w.draw, accounts...))
	case n < 73:
		w.consolidate(pick(w.draw, accounts...), pick(w.draw, accounts...))
	case len(cases) == 0 || n < 80:
		w.open()
	case n < 88:
		w.setStatus(pick(w.draw, cases...), pick(w.draw, "Pending", "Approved", "Approved", "Declined", "Waived", "Odd"))
	case n < 98:
		w.attach(pick(w.draw, cases...), pick(w.draw, inquiries...))
	default:
		w.redactCase(pick(w.draw, cases...))
	}
}

func (w *world) of(typ string) (found []*thing) {
	for _, t := range w.things {
		if t.typ == typ {
			found = append(found, t)
		}
	}
	return found
}

func (w *world) add(t *thing, name string, attributes map[string]any) *thing {
	t.attributes = attributes
	t.attributes["created-at"], t.attributes["redacted-at"] = stamp(w.now.Truncate(time.Second)), nil
	w.things = append(w.things, t)
	w.tell(t, name)
	return t
}

// tell records an event with the current state of a thing.
func (w *world) tell(t *thing, name string) {
	t.attributes["updated-at"] = stamp(w.now)
	if reference := t.text("reference-id"); reference != "" {
		w.carried[t.id] = reference
	}
	e := event{w.id("evt"), t.typ + "." + name, w.now, t.snapshot(), w.thin && w.chance(50)}
	if t.typ == "case" && (name == "created" || name == "status-updated") && !e.thin {
		t.judge()
	}
	w.events = append(w.events, e)
}

// snapshot copies a thing.
func (t *thing) snapshot() *thing {
	copied := *t
	copied.attributes = maps.Clone(t.attributes)
	copied.inquiries, copied.accounts = slices.Clone(t.inquiries), slices.Clone(t.accounts)
	return &copied
}

// set changes a status and records an event.
func (w *world) set(t *thing, status, name string) {
	t.attributes["status"] = status
	w.tell(t, name)
}

// begin starts an inquiry of a person, with the person's account.
func (w *world) begin() {
	person := w.people[max(0, w.IntN(2*len(w.people))-len(w.people))] // the first has more inquiries
	var account *thing
	for _, a := range w.of("account") {
		if a.text("reference-id") == person {
			account = a
		}
	}
	if account == nil {
		account = w.add(&thing{typ: "account", id: w.id("act")}, "created", map[string]any{"reference-id": person})
	}
	w.add(&thing{typ: "inquiry", id: w.id("inq"), accounts: []string{account.id}}, "created", map[string]any{"status": "created", "reference-id": person})
}

// advanceInquiry moves an inquiry to its next status.
func (w *world) advanceInquiry(i *thing) {
	if i.redacted() {
		return
	}
	decide := func() {
		i.reviewer = pick(w.draw, "", "user", "workflow-run")
		switch {
		case w.chance(60):
			w.set(i, "approved", "approved")
		case w.chance(70):
			w.set(i, "declined", "declined")
		case i.status() != "approved" && i.status() != "declined":
			i.reviewer = ""
			w.set(i, "needs_review", "marked-for-review")
		}
	}
	switch i.status() {
	case "created":
		w.set(i, "pending", "started")
	case "pending":
		switch w.IntN(6) {
		case 0, 1, 2, 3:
			w.set(i, "completed", "completed")
		case 4:
			w.set(i, "failed", "failed")
		default:
			w.set(i, "expired", "expired")
		}
	case "expired":
		w.set(i, "pending", "started")
	case "approved", "declined": // a reviewer may change the decision
		if w.chance(15) {
			decide()
		}
	default:
		decide()
	}
}

// move gives an inquiry another reference id or none.
func (w *world) move(i *thing) {
	if !i.redacted() {
		i.attributes["reference-id"] = pick[any](w.draw, w.people[0], w.people[len(w.people)-1], nil)
		w.tell(i, "transitioned")
	}
}

func (w *world) redactInquiry(i *thing) {
	if !i.redacted() {
		i.attributes["redacted-at"] = stamp(w.now)
		w.tell(i, "redacted")
	}
}

// redactAccount removes the reference ids.
func (w *world) redactAccount(a *thing) {
	if a.redacted() {
		return
	}
	for _, i := range w.of("inquiry") {
		if slices.Contains(i.accounts, a.id) {
			i.attributes["redacted-at"], i.attributes["reference-id"] = stamp(w.now), nil
			w.tell(i, "redacted")
		}
	}
	a.attributes["redacted-at"], a.attributes["reference-id"] = stamp(w.now), nil
	w.tell(a, "redacted")
}

// consolidate moves what belongs to one account to another.
func (w *world) consolidate(from, to *thing) {
	if from == to || from.redacted() || to.redacted() {
		return
	}
	for _, t := range w.things {
		if at := slices.Index(t.accounts, from.id); at >= 0 {
			t.accounts = slices.Replace(slices.Clone(t.accounts), at, at+1, to.id)
			if t.typ == "inquiry" && !t.redacted() && w.chance(50) {
				t.attributes["reference-id"] = to.attributes["reference-id"]
				w.tell(t, "transitioned")
			}
			if t.typ == "case" {
				w.tell(t, "updated")
			}
		}
	}
	w.tell(from, "consolidated")
	w.tell(to, "consolidated-with")
}

// open creates a case for an inquiry, an account or neither.
func (w *world) open() {
	c := &thing{typ: "case", id: w.id("case")}
	if w.chance(70) {
		c.inquiries = []string{pick(w.draw, w.of("inquiry")...).id}
	}
	if w.chance(40) {
		c.accounts = []string{pick(w.draw, w.of("account")...).id}
	}
	w.add(c, "created", map[string]any{"status": "Open"})
}

func (w *world) setStatus(c *thing, status string) {
	if c.status() != status && !c.redacted() {
		w.set(c, status, "status-updated")
	}
}

// attach attaches an inquiry to a case, or detaches it.
func (w *world) attach(c, i *thing) {
	if at := slices.Index(c.inquiries, i.id); at >= 0 {
		c.inquiries = slices.Delete(slices.Clone(c.inquiries), at, at+1)
	} else {
		c.inquiries = append(slices.Clone(c.inquiries), i.id)
	}
	w.tell(c, "updated")
}

func (w *world) redactCase(c *thing) {
	if !c.redacted() {
		c.attributes["redacted-at"] = stamp(w.now)
		w.tell(c, "redacted")
	}
}

// owner returns the reference id that a thing belongs to, or "". A redaction does not
// change it.
func (w *world) owner(t *thing) string {
	if reference := t.text("reference-id"); reference != "" || !t.redacted() {
		return reference
	}
	return w.carried[t.id]
}

// subject returns the final state of a reference id.
func (w *world) subject(reference string, rules hostRules) subject {
	s := subject{hostRules: rules}
	var ids []string
	for _, t := range w.things {
		if w.owner(t) == reference && reference != "" {
			ids = append(ids, t.id)
			switch t.typ {
			case "inquiry":
				s.inquiries = append(s.inquiries, t)
			case "account":
				s.accounts = append(s.accounts, t.id)
			}
		}
	}
	for _, c := range w.of("case") {
		if slices.ContainsFunc(slices.Concat(c.inquiries, c.accounts), func(id string) bool { return slices.Contains(ids, id) }) {
			s.cases = append(s.cases, c)
		}
	}
	return s
}

// real returns an event as it is received, in one of Persona's casings.
func (e event) real(casing func(string) string) domain.Event {
	relationships := map[string]any{}
	for name, refs := range e.thing.relationships() {
		data := any(refs)
		if name == "account" || name == "reviewer" {
			data = nil
			if len(refs) > 0 {
				data = refs[0]
			}
		}
		relationships[casing(name)] = map[string]any{"data": data}
	}
	if e.thin {
		delete(relationships, "verifications")
		delete(relationships, "inquiries")
	}
	attributes := map[string]any{}
	for key, value := range e.thing.attributes {
		attributes[casing(key)] = value
	}
	body := encode(map[string]any{"data": map[string]any{"type": "event", "id": e.id, "attributes": map[string]any{
		"name": e.name, casing("created-at"): stamp(e.at), "payload": map[string]any{
			"data": map[string]any{"type": e.thing.typ, "id": e.thing.id, "attributes": attributes, "relationships": relationships},
		},
	}}})
	return domain.Event{
		Environment: domain.Sandbox, ID: e.id, Name: e.name, CreatedAt: e.at, Object: domain.Ref{Type: e.thing.typ, ID: e.thing.id}, Body: body,
		Via: domain.ViaWebhook, ReceivedAt: e.at, State: domain.EventWaiting,
	}
}

// casings are Persona's casings of keys.
var casings = []func(string) string{
	func(key string) string { return key },
	snake,
	func(key string) string {
		camel, up := "", false
		for _, r := range key {
			switch {
			case r == '-':
				up = true
			case up:
				camel, up = camel+string(r-'a'+'A'), false
			default:
				camel += string(r)
			}
		}
		return camel
	},
}
