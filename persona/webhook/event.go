package webhook

import "encoding/json"

// MaxBody is the longest webhook body a receiver should read, in bytes. Persona
// states no limit; the longest seen in public are 65 KB.
const MaxBody = 1 << 20

// Name is the name of an event, for example inquiry.approved. Persona adds names
// without notice: a name that has no constant here is as good as one that has.
type Name string

// Event is one Persona event as a webhook delivers it.
type Event struct {
	Envelope

	// Context says more about some events: added-tags and removed-tags, or the
	// relation that was added. Nil where the event has none.
	Context json.RawMessage

	Payload Payload

	// Raw is the whole body as it was received and signed.
	Raw json.RawMessage
}

// Payload is the resource an event is about, as it was when the event happened.
type Payload struct {
	// Data is the resource: an object with type, id, attributes and relationships.
	Data json.RawMessage

	// Included is the array of related resources. It is nil or empty unless the
	// webhook's included-allowlist names the event (Persona changelog, 2026-01-28).
	Included json.RawMessage
}

// Parse reads the event of a webhook body. It refuses what [ParseEnvelope] refuses,
// with a [*BodyError]; resources are decoded when they are asked for. The event
// shares the memory of body.
func Parse(body []byte) (*Event, error) {
	e, err := scanEvent(body)
	if err != nil {
		return nil, err
	}
	e.Raw = body
	return &e, nil
}
