package contracttest

import "time"

// step is one thing that a client, a person or the clock does. In its texts, <name>
// stands for what an earlier step kept under the name.
type step struct {
	call string            // method and path below the API's base: GET /inquiries/<inquiry>
	body string            // JSON with keys in kebab case
	form string            // a form instead: the body of OAuth's operations
	want int               // the status: the only successful one that is declared, unless set
	id   string            // the name to keep the id of the answer's resource under
	keep map[string]string // more to keep: names, and where in the answer (data.attributes.url)

	key    string // the credential: the sandbox environment's key unless set, or production or anonymous
	secret string // the header Persona-Relay-Secret

	from  string // the first version that the step is for
	until string // the first version that it is not for

	open    string              // the link that a person opens
	act     string              // what a person does in the dashboard: the body for /_sandbox/act
	device  func(*player) error // what a person's device works out
	advance time.Duration       // how far the clock moves on before the step
}

// The credentials that are not written out.
const (
	production = "production" // the key of the production environment
	anonymous  = "anonymous"  // none
)

// in reports whether the step is for a version.
func (s step) in(version string) bool {
	return version >= s.from && (s.until == "" || version < s.until)
}
