package acts

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// failRelay is the act of a person who does not pass.
func failRelay(_ *engine.Change, relay *storage.Resource, _ Act) (*storage.Resource, error) {
	if relay.Text(engine.RelayResult) != "" {
		return nil, engine.Conflict("the relay has its result already")
	}
	relay.Attributes[engine.RelayResult] = "failed"
	return relay, nil
}
