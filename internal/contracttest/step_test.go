package contracttest

import "time"

// step is an action of a client, a person or the clock. In its strings, <name> is replaced
// by the value that an earlier step kept under the name.
type step struct {
	call string            // method and path relative to the API's base: GET /inquiries/<inquiry>
	body string            // JSON with keys in kebab case
	form string            // a form instead: the body of OAuth operations
	want int               // the status; default: the only declared successful one
	id   string            // the name under which to keep the id of the answer's resource
	keep map[string]string // other values to keep: names, and positions in the answer (data.attributes.url)

	key    string // the credential; default: the sandbox environment's key; or production or anonymous
	secret string // the header Persona-Relay-Secret

	from  string // the first version with this step
	until string // the first version without this step

	open    string              // a link that a person opens
	act     string              // what a person does in the dashboard: the body for /_sandbox/act
	device  func(*player) error // what a person's device computes
	advance time.Duration       // how far to advance the clock before the step
}

// The symbolic credentials.
const (
	production = "production" // the key of the production environment
	anonymous  = "anonymous"  // none
)

// in reports whether the step is for a version.
func (s step) in(version string) bool {
	return version >= s.from && (s.until == "" || version < s.until)
}
