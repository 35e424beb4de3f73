package sandbox

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/seed"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// newBehaviour tells the engine how the resources behave, and what a new sandbox holds.
func newBehaviour(given *seed.Seed) engine.Behaviour {
	return engine.Behaviour{
		Operations: resources.Handlers(),
		Due:        resources.DueByFamily(),
		Refused:    resources.ExpireRefusedInquiry,
		Populate:   func(e *engine.Engine) error { return populate(e, given) },
	}
}

// populate puts the fixtures and the seed into both environments.
func populate(e *engine.Engine, given *seed.Seed) error {
	for name, key := range map[string]string{"sandbox": SandboxKey, "production": ProductionKey} {
		resources.AddFixtures(e.Environments[name], key, simclock.Stamp(e.Clock.Now()))
	}
	return seed.Apply(e, given)
}
