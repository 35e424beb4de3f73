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

// Snapshot is one event's payload: an object as it was when the event happened.
type Snapshot struct {
	EventID  string
	Name     string
	At       time.Time // when the event happened; when it was received, for one of the future
	Object   domain.Object
	Included []domain.Object // empty unless the webhook sends them

	// Thin means that the payload left out what rules need, because the webhook's
	// lists blocked it: read the object from Persona.
	Thin bool

	// Future means that the event says it happened later than it was received, by more
	// than clocks differ. It counts as of when it was received: a moment that has not
	// come would outrank every true event until then.
	Future bool
}

// ahead is how far an event's moment may be after its receipt.
const ahead = 5 * time.Minute

// Read reads an event's body, in any of Persona's three casings. Whether included is
// absent, null or empty makes no difference, and what in it cannot be read is passed over.
//
// Keys are matched exactly. A resource that gives one of its keys, attributes or
// relationships twice is unreadable; deeper inside of an attribute the last one counts.
//
// The error is an [*UnreadableError]. It is one too when the body is about another event
// or object than e is.
func Read(e domain.Event) (Snapshot, error) {
	if !utf8.Valid(e.Body) {
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(NotUTF8))
	}
	event, err := webhook.Parse(e.Body)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(Malformed))
	}
	if len(event.Payload.Data) == 0 {
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(Malformed))
	}
	object, err := fromValid(e.Environment, event.Payload.Data)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, err)
	}
	switch {
	case event.ID != e.ID || object.Ref != e.Object:
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(OtherObject))
	case event.CreatedAt.IsZero():
		return Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, unreadable(NoMoment))
	}
	s := Snapshot{EventID: event.ID, Name: string(event.Name), At: event.CreatedAt, Thin: family.Thin(object)}
	if !e.ReceivedAt.IsZero() && event.CreatedAt.After(e.ReceivedAt.Add(ahead)) {
		s.At, s.Future = e.ReceivedAt, true
	}
	s.Object = s.dated(object)
	var included []json.RawMessage
	_ = json.Unmarshal(event.Payload.Included, &included) // absent, null or a list
	for _, raw := range included {
		if related, err := fromValid(e.Environment, raw); err == nil {
			s.Included = append(s.Included, s.dated(related))
		}
	}
	return s, nil
}

// dated is an object as of the event.
func (s Snapshot) dated(o domain.Object) domain.Object {
	o.AsOf, o.EventID = s.At, s.EventID
	return o
}

// Keeps reports whether an object is kept for an event. Events whose names or kinds are
// not known yet are stored, and wait for a version that knows them.
func Keeps(e domain.Event) bool {
	_, known := family.Find(e.Object)
	return known && webhook.Known(webhook.Name(e.Name))
}

// text is what a JSON string says, with U+FFFD for what no database keeps: a NUL, half of
// a surrogate pair. Anything but a string is "".
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
