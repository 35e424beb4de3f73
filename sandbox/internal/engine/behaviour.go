package engine

import (
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Behaviour is what the engine is told about the kinds of resource. The engine knows
// none of them by itself.
type Behaviour struct {
	Operations map[string]Operation                        // by the id of the operation
	Due        map[string]func(*Change, *storage.Resource) // by family: what falls due for a resource
	Populate   func(*Engine) error                         // fills environments that are new

	// refused makes what happens although an operation was refused: an inquiry expires.
	// It reports whether it did.
	Refused func(c *Change, inquiryID string) bool
}
