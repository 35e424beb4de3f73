package persona

import "encoding/json"

// Received is embedded in every struct that is read and is not a resource: the answers
// of a few calls, such as [OAuthToken], and what an answer says beside its resource,
// such as [InquiryCreateResultMeta]. Like a resource, it encodes as it was received, so
// that nothing is lost that has no field.
type Received struct {
	// Raw is the JSON as it was received.
	Raw json.RawMessage `json:"-"`
}

// Value returns the JSON of a member by its kebab-case name, in whatever casing it
// came, or nil where there is none.
func (r Received) Value(name string) json.RawMessage { return member(r.Raw, name) }

// MarshalJSON implements [json.Marshaler]: as received. It fails for what was not
// received, since it would leave things out.
func (r Received) MarshalJSON() ([]byte, error) { return asReceived(r.Raw) }
