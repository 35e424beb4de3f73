package persona

import "encoding/json"

// Received is embedded in every struct that is read and is not a resource: the answers of a
// few calls, such as [OAuthToken], and the meta data of answers, such as
// [InquiryCreateResultMeta]. Like a resource, it is encoded as it was received, so that
// unknown members are not lost.
type Received struct {
	// Raw is the JSON as received.
	Raw json.RawMessage `json:"-"`
}

// Value returns the JSON of a member by its kebab-case name, in any casing, or nil if there
// is none.
func (r Received) Value(name string) json.RawMessage { return member(r.Raw, name) }

// MarshalJSON implements [json.Marshaler] and returns the JSON as received. It fails for a
// value that was not received, since the result would be incomplete.
func (r Received) MarshalJSON() ([]byte, error) { return asReceived(r.Raw) }
