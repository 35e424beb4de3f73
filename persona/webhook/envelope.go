package webhook

import (
	"encoding/json"
	"time"
)

// Envelope identifies an event and its object.
type Envelope struct {
	ID   string // evt_…; the same in every delivery of the event
	Name Name   // for example inquiry.approved

	// CreatedAt is when the event happened, to the millisecond. It is zero if the body has
	// no valid time.
	CreatedAt time.Time

	// ObjectType and ObjectID identify the resource in the payload: inquiry and inq_…. They
	// are empty if the payload does not contain exactly one resource.
	ObjectType string
	ObjectID   string
}

// ParseEnvelope parses the envelope of a webhook body, or of an element of the "data" of
// GET /events that is wrapped as {"data": …}. Keys may be in kebab, snake or camel case,
// and are matched exactly: ID is not id. A body with a duplicate member in its envelope is
// rejected, since parsers differ in which one they use.
//
// ParseEnvelope checks in a single pass that the whole body is one well-formed JSON
// document. It allocates only what it returns. It rejects values nested more than 100 deep,
// and ids, names and types longer than 200 bytes or with characters other than printable
// ASCII. It does not limit the length of the body: see [MaxBody]. The error is a
// [*BodyError].
func ParseEnvelope(body []byte) (Envelope, error) {
	e, err := scanEvent(body)
	return e.Envelope, err
}

// scanEvent finds the parts of an event. The result shares body's memory.
func scanEvent(body []byte) (Event, error) {
	s := &scanner{src: body}
	var e Event
	var data, id, attributes, kind bool
	err := s.object(func(key []byte) error {
		if string(key) != "data" {
			return s.skip()
		}
		if err := s.once(&data); err != nil {
			return err
		}
		return s.object(func(key []byte) (err error) {
			switch string(key) {
			case "type":
				err = s.kind(&kind)
			case "id":
				err = s.wordOnce(&id, &e.ID, "the event's id")
			case "attributes":
				if err = s.once(&attributes); err == nil {
					err = s.attributes(&e)
				}
			default:
				err = s.skip()
			}
			return err
		})
	})
	if err == nil {
		err = s.end()
	}
	switch {
	case err != nil:
	case !data:
		err = s.fail("there is no data")
	case !kind:
		err = s.fail("the data has no type")
	case e.ID == "":
		err = s.fail("the event has no id")
	case e.Name == "":
		err = s.fail("the event has no name")
	}
	if err != nil {
		return Event{}, err
	}
	return e, nil
}

func (s *scanner) kind(seen *bool) error {
	if err := s.once(seen); err != nil {
		return err
	}
	kind, err := s.word("the type")
	if err == nil && kind != "event" {
		return s.fail("the type is not event")
	}
	return err
}

func (s *scanner) attributes(e *Event) error {
	var name, created, payload bool
	return s.object(func(key []byte) error {
		switch string(key) {
		case "name":
			return s.wordOnce(&name, (*string)(&e.Name), "the event's name")
		case "created-at", "created_at", "createdAt":
			if err := s.once(&created); err != nil {
				return err
			}
			raw, err := s.raw()
			e.CreatedAt = timeOf(raw)
			return err
		case "context":
			return s.rawOnce(&e.Context)
		case "payload":
			if err := s.once(&payload); err != nil {
				return err
			}
			if s.peek() != '{' {
				return s.skip()
			}
			return s.payload(e)
		default:
			return s.skip()
		}
	})
}

func (s *scanner) payload(e *Event) error {
	return s.object(func(key []byte) error {
		switch string(key) {
		case "data":
			if e.Payload.Data != nil {
				return s.fail("a member is given twice")
			}
			s.peek()
			start := s.pos
			err := s.resource(&e.Envelope)
			e.Payload.Data = s.src[start:s.pos]
			return err
		case "included":
			return s.rawOnce(&e.Payload.Included)
		default:
			return s.skip()
		}
	})
}

func (s *scanner) resource(e *Envelope) error {
	if s.peek() != '{' {
		return s.skip()
	}
	var kind, id bool
	return s.object(func(key []byte) error {
		switch string(key) {
		case "type":
			return s.wordOnce(&kind, &e.ObjectType, "the object's type")
		case "id":
			return s.wordOnce(&id, &e.ObjectID, "the object's id")
		default:
			return s.skip()
		}
	})
}

// once records a member and rejects a second one, since it is unclear which one counts.
func (s *scanner) once(seen *bool) error {
	if *seen {
		return s.fail("a member is given twice")
	}
	*seen = true
	return nil
}

func (s *scanner) wordOnce(seen *bool, into *string, what string) (err error) {
	if err := s.once(seen); err != nil {
		return err
	}
	*into, err = s.word(what)
	return err
}

func (s *scanner) rawOnce(into *json.RawMessage) error {
	if *into != nil {
		return s.fail("a member is given twice")
	}
	raw, err := s.raw()
	*into = raw
	return err
}

// timeOf parses a JSON string as a time; zero if it is not one.
func timeOf(raw []byte) time.Time {
	var text string
	var t time.Time
	if json.Unmarshal(raw, &text) != nil || t.UnmarshalText([]byte(text)) != nil {
		return time.Time{}
	}
	return t
}
