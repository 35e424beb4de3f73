package fold

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/family"
	"github.com/idemhq/idem/persona/webhook"
)

// Snapshot is the payload of an event: an object at the time of the event.
type Snapshot struct {
	EventID  string
	Name     string
	At       time.Time // created-at of the event; if that is in the future, when the event was received
	Object   domain.Object
	Included []domain.Object // empty unless the webhook includes objects

	// Thin means that the webhook's blocklist removed data that rules need. The object must
	// be read from Persona.
	Thin bool

	// Future means that created-at is further ahead of the receipt than clocks differ. The
	// event then counts as created when it was received, because otherwise it would outrank
	// all true events until that time.
	Future bool
}

// maxAhead is how far an event's time may be after its receipt.
const maxAhead = 5 * time.Minute

// Read parses an event's body, in any of Persona's three casings. Included objects that are
// absent, null, empty or unreadable are ignored.
//
// Keys are matched exactly. A resource with a duplicate key, attribute or relationship is
// unreadable; inside attributes the last duplicate counts.
//
// The error is an [*UnreadableError], also if the body is about another event or object
// than e.
func Read(e domain.Event) (Snapshot, error) {
	if !utf8.Valid(e.Body) {
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(NotUTF8))
	}
	event, err := webhook.Parse(domain.WithoutFileTokens(e.Body)) // an earlier version stored the tokens
	if err != nil {
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(Malformed))
	}
	if len(event.Payload.Data) == 0 {
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(Malformed))
	}
	object, err := parseResource(e.Environment, event.Payload.Data)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, err)
	}
	switch {
	case event.ID != e.ID || object.Ref != e.Object:
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(OtherObject))
	case event.CreatedAt.IsZero():
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(NoTime))
	}
	s := Snapshot{EventID: event.ID, Name: string(event.Name), At: event.CreatedAt, Thin: family.Thin(object)}
	if !e.ReceivedAt.IsZero() && event.CreatedAt.After(e.ReceivedAt.Add(maxAhead)) {
		s.At, s.Future = e.ReceivedAt, true
	}
	s.Object = s.withEventTime(object)
	s.Object.Coverage = coverage(s)
	var included []json.RawMessage
	_ = json.Unmarshal(event.Payload.Included, &included) // absent, null or a list
	for _, raw := range included {
		if related, err := parseResource(e.Environment, raw); err == nil {
			s.Included = append(s.Included, s.withEventTime(related))
		}
	}
	return s, nil
}

// withEventTime returns an object with the time of the event.
func (s Snapshot) withEventTime(o domain.Object) domain.Object {
	o.AsOf, o.EventID = s.At, s.EventID
	return o
}

// Keeps reports whether the service keeps an object for an event. Events with unknown names
// or types are stored until a version knows them.
func Keeps(e domain.Event) bool {
	_, known := family.Find(e.Object)
	return known && webhook.Known(webhook.Name(e.Name))
}

// text decodes a JSON string and replaces characters that not every database can store
// (NUL, half of a surrogate pair) with U+FFFD. Anything but a string is "".
func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}

func moment(raw json.RawMessage) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text(raw))
	if err != nil {
		return time.Time{}
	}
	return t
}
