package persona

import "encoding/json"

// EventPayload is the resource an event is about, as it was when the event happened.
// The events API gives no included resources (OpenAPI 2025-12-08).
type EventPayload struct {
	Data Object
	Raw  json.RawMessage
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails; a payload without a
// resource has none.
func (p *EventPayload) UnmarshalJSON(b []byte) error {
	var raw struct{ Data json.RawMessage }
	p.Raw = append(json.RawMessage(nil), b...)
	if json.Unmarshal(b, &raw) == nil && len(raw.Data) > 0 {
		if object, err := decodeObject(raw.Data); err == nil {
			p.Data = object
		}
	}
	return nil
}

// MarshalJSON implements [json.Marshaler]: as received.
func (p EventPayload) MarshalJSON() ([]byte, error) {
	if p.Raw == nil {
		return []byte("null"), nil
	}
	return p.Raw, nil
}
