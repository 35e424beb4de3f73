package engine

import "github.com/idemhq/idem/sandbox/internal/storage"

// Behaviour says how the kinds of resource behave, which the engine does not know. All its
// functions are called while the engine's lock is held.
type Behaviour struct {
	// Operations implements operations, by operationId.
	Operations map[string]Operation

	// Due does what is due for a resource, by family. It is called at each time that
	// [Change.Schedule] asked for, and must check again whether something is due.
	Due map[string]func(*Change, *storage.Resource)

	// UniqueName returns a name that no other resource has, and the kind of the name. The
	// name is "" if the resource has none. See [Environment.Named].
	UniqueName func(*storage.Resource) (kind, name string)

	// Expire expires an inquiry although an operation on it was refused. It reports
	// whether it did.
	Expire func(c *Change, inquiryID string) bool

	// Populate fills a new environment.
	Populate func(*Engine, *Environment) error
}
