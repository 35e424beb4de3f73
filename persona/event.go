package persona

import "encoding/json"

// EventPayload is the resource an event is about, as it was when the event happened.
// The events API gives no included resources (OpenAPI 2025-12-08). The payload is
// decoded when [EventPayload.Object] is called, and not before.
type EventPayload struct {
	Raw json.RawMessage
}

// Object decodes the resource, for a type switch: *Inquiry, *VerificationSelfie and so
// on, or *Unknown. It is nil where the payload holds no resource. Each call decodes
// again: keep the result.
func (p EventPayload) Object() Object {
	data := p.data()
	if data == nil {
		return nil
	}
	return decodeObject(data)
}

// Identifier returns the type and id of the resource without decoding the rest of it.
// It is zero where the payload holds no resource.
func (p EventPayload) Identifier() Identifier { return identifierOf(p.data()) }

// data returns the resource's JSON, or nil.
func (p EventPayload) data() json.RawMessage {
	data := member(p.Raw, "data")
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	return data
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails; a payload without a
// resource has none.
func (p *EventPayload) UnmarshalJSON(b []byte) error {
	p.Raw = append(json.RawMessage(nil), b...)
	return nil
}

// MarshalJSON implements [json.Marshaler]: as received.
func (p EventPayload) MarshalJSON() ([]byte, error) {
	if p.Raw == nil {
		return []byte("null"), nil
	}
	return p.Raw, nil
}
