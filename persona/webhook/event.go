package webhook

import "encoding/json"

// MaxBody is the longest webhook body that a receiver should read, in bytes. Persona
// documents no limit; the longest known from public sources are 65 KB.
const MaxBody = 1 << 20

// Name is the name of an event, for example inquiry.approved. Persona adds names without
// notice, so also accept names without a constant.
type Name string

// Event is an event from a webhook.
type Event struct {
	Envelope

	// Context has additional data of some events: added-tags and removed-tags, or the
	// relation that was added. Nil if there is none.
	Context json.RawMessage

	Payload Payload

	// Raw is the whole body as it was received and signed.
	Raw json.RawMessage
}

// Payload is the resource of an event, as it was when the event happened.
type Payload struct {
	// Data is the resource: an object with type, id, attributes and relationships.
	Data json.RawMessage

	// Included is the array of related resources. It is nil or empty unless the webhook's
	// included-allowlist contains the event (Persona changelog, 2026-01-28).
	Included json.RawMessage
}

// Parse parses a webhook body. It rejects the same bodies as [ParseEnvelope], with a
// [*BodyError]. Resources are decoded on demand. The event shares the memory of body.
func Parse(body []byte) (*Event, error) {
	e, err := scanEvent(body)
	if err != nil {
		return nil, err
	}
	e.Raw = body
	return &e, nil
}
