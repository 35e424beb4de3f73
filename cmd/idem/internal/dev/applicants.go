package dev

import (
	"context"

	"github.com/idemhq/idem/cmd/idem/internal/statuspage"
	"github.com/idemhq/idem/examples/tutorial"
	"github.com/idemhq/idem/persona"
)

// applicants creates applicants at the sandbox, through its API.
type applicants struct{ client *persona.Client }

// Apply implements [statuspage.Applicants].
func (a applicants) Apply(ctx context.Context, reference string, outcome statuspage.Outcome) error {
	inquiry, _, err := tutorial.Apply(ctx, a.client, reference)
	if err != nil {
		return err
	}
	_, err = tutorial.Simulate(ctx, a.client, inquiry.ID, simulation(outcome))
	return err
}

// simulation is what leads to an outcome.
func simulation(outcome statuspage.Outcome) []persona.SimulateAction {
	switch outcome {
	case statuspage.Pass:
		return tutorial.Passed()
	case statuspage.Review:
		return tutorial.Doubtful()
	default:
		return tutorial.Failed()
	}
}
