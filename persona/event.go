package persona

import "encoding/json"

// EventPayload is the resource of an event, as it was when the event happened. The events
// API does not return included resources (OpenAPI 2025-12-08). The payload is decoded only
// when [EventPayload.Object] is called.
type EventPayload struct {
	Raw json.RawMessage
}

// Object decodes the resource, for use in a type switch: *Inquiry, *VerificationSelfie and
// so on, or *Unknown. It is nil if the payload has no resource. Each call decodes again, so
// keep the result.
func (p EventPayload) Object() Object {
	data := p.data()
	if data == nil {
		return nil
	}
	return decodeObject(data)
}

// Identifier returns the type and id of the resource without decoding the rest. It is zero
// if the payload has no resource.
func (p EventPayload) Identifier() Identifier { return identifierOf(p.data()) }

// data returns the resource's JSON, or nil.
func (p EventPayload) data() json.RawMessage {
	data := member(p.Raw, "data")
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	return data
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (p *EventPayload) UnmarshalJSON(b []byte) error {
	p.Raw = append(json.RawMessage(nil), b...)
	return nil
}

// MarshalJSON implements [json.Marshaler] and returns the JSON as received.
func (p EventPayload) MarshalJSON() ([]byte, error) {
	if p.Raw == nil {
		return []byte("null"), nil
	}
	return p.Raw, nil
}
