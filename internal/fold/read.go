package fold

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona/webhook"
)

// Snapshot is one event's payload: an object as it was when the event happened.
type Snapshot struct {
	EventID  string
	Name     string
	At       time.Time
	Object   domain.Object
	Included []domain.Object // empty unless the webhook sends them

	// Thin means that the payload left out what rules need, because the webhook's
	// lists blocked it: read the object from Persona.
	Thin bool
}

// Read reads the body of an event, in any of Persona's three casings. Whether
// included is absent, null or empty makes no difference.
func Read(environment domain.Environment, body []byte) (Snapshot, error) {
	event, err := webhook.Parse(body)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read the event: %w", err)
	}
	object, err := FromResource(environment, event.Payload.Data)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read the event %s: %w", event.ID, err)
	}
	object.AsOf, object.EventID = event.CreatedAt, event.ID
	s := Snapshot{EventID: event.ID, Name: string(event.Name), At: event.CreatedAt, Object: object, Thin: thin(object)}
	var included []json.RawMessage
	_ = json.Unmarshal(event.Payload.Included, &included) // absent, null or a list
	for _, raw := range included {
		if related, err := FromResource(environment, raw); err == nil {
			related.AsOf, related.EventID = event.CreatedAt, event.ID
			s.Included = append(s.Included, related)
		}
	}
	return s, nil
}

// FromResource reads a resource. Its AsOf is the updated-at that it carries, zero
// where it has none.
func FromResource(environment domain.Environment, raw []byte) (domain.Object, error) {
	var r struct {
		Type, ID      string
		Attributes    map[string]json.RawMessage
		Relationships map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return domain.Object{}, fmt.Errorf("the resource is malformed")
	}
	if r.Type == "" || r.ID == "" {
		return domain.Object{}, fmt.Errorf("the resource has no type or no id")
	}
	o := domain.Object{
		Environment:   environment,
		Ref:           domain.Ref{Type: r.Type, ID: r.ID},
		Attributes:    make(map[string]json.RawMessage, len(r.Attributes)),
		Relationships: make(map[string][]domain.Ref, len(r.Relationships)),
	}
	for key, value := range unique(r.Attributes) {
		o.Attributes[key] = value
	}
	for key, value := range unique(r.Relationships) {
		if named := refs(value, strings.HasSuffix(key, "s")); named != nil {
			o.Relationships[key] = named
		}
	}
	o.Status = text(o.Attributes["status"])
	if o.Ref.Type == "account" {
		o.Status = text(o.Attributes["account-status"])
	}
	o.ReferenceID = text(o.Attributes["reference-id"])
	o.RedactedAt = moment(o.Attributes["redacted-at"])
	o.AsOf = moment(o.Attributes["updated-at"])
	return o, nil
}

// Keeps reports whether an object is kept for an event. Events whose names or kinds are
// not known yet are stored, and wait for a version that knows them.
func Keeps(e domain.Event) bool {
	switch e.Object.Family() {
	case "inquiry", "inquiry-session", "case", "account", "verification", "report", "transaction", "document", "selfie":
		return webhook.Known(webhook.Name(e.Name))
	default:
		return false
	}
}

// thin reports whether an object lacks what rules and verdicts need: its status, whose it
// is, when it was created (of several the newest counts), an inquiry's relationships.
func thin(o domain.Object) bool {
	lacks := func(key string) bool { return o.Attributes[key] == nil }
	switch o.Ref.Family() {
	case "inquiry":
		return o.Status == "" || lacks("reference-id") || lacks("created-at") || o.Relationships["account"] == nil || o.Relationships["verifications"] == nil
	case "case":
		return o.Status == "" || lacks("created-at") || o.Relationships["inquiries"] == nil
	case "verification", "report":
		return o.Status == ""
	default:
		return false
	}
}

// unique writes keys in kebab-case, and leaves out those that become one: which of their
// values counts cannot be known.
func unique(values map[string]json.RawMessage) map[string]json.RawMessage {
	kebab, seen := make(map[string]json.RawMessage, len(values)), make(map[string]bool, len(values))
	for key, value := range values {
		key = Kebab(key)
		if kebab[key] = value; seen[key] {
			delete(kebab, key)
		}
		seen[key] = true
	}
	return kebab
}

// refs reads a relationship to one or to many. To one, an empty object is none: Persona's
// examples print it in places. What is malformed is nil, as if it were not there.
func refs(raw json.RawMessage, many bool) []domain.Ref {
	var relationship struct{ Data json.RawMessage }
	if json.Unmarshal(raw, &relationship) != nil {
		return nil
	}
	if many {
		var all []domain.Ref
		if json.Unmarshal(relationship.Data, &all) != nil {
			return nil
		}
		return all
	}
	if len(relationship.Data) == 0 {
		return []domain.Ref{}
	}
	var one *domain.Ref
	switch err := json.Unmarshal(relationship.Data, &one); {
	case err != nil:
		return nil
	case one == nil || one.IsZero():
		return []domain.Ref{}
	}
	return []domain.Ref{*one}
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // anything but a string is none
	// PostgreSQL keeps no text with a NUL. Left out, it would make two reference ids one.
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}

func moment(raw json.RawMessage) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text(raw))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Kebab writes a key of any of Persona's casings in kebab-case.
func Kebab(key string) string {
	var b strings.Builder
	camel := strings.ContainsFunc(key, unicode.IsUpper)
	previous := rune('-')
	for _, r := range key {
		word := unicode.IsUpper(r) || camel && unicode.IsDigit(r) && !unicode.IsDigit(previous)
		if word && previous != '-' && previous != '_' {
			b.WriteByte('-')
		}
		previous = r
		if r == '_' {
			r = '-'
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
