package dev

import (
	"context"
	"fmt"

	"github.com/idemhq/idem/cmd/idem/internal/statuspage"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// applicants makes up applicants at the sandbox, through its API.
type applicants struct{ client *persona.Client }

// Apply implements [statuspage.Applicants].
func (a applicants) Apply(ctx context.Context, reference string, outcome statuspage.Outcome) error {
	inquiry, err := a.client.Inquiries.Create(ctx, persona.InquiryCreateParams{
		InquiryTemplateID:            persona.Set(sandbox.InquiryTemplateID),
		AutoCreateAccountReferenceID: persona.Set(reference),
	})
	if err != nil {
		return fmt.Errorf("create an inquiry: %w", err)
	}
	_, err = a.client.Cases.Create(ctx, persona.CaseCreateParams{
		CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{inquiry.ID}),
	})
	if err != nil {
		return fmt.Errorf("create a case about %s: %w", inquiry.ID, err)
	}
	_, err = a.client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{
		SimulateActions: simulation(outcome),
	})
	if err != nil {
		return fmt.Errorf("simulate the verification of %s: %w", inquiry.ID, err)
	}
	return nil
}

// simulation is what the applicant does.
func simulation(outcome statuspage.Outcome) []persona.SimulateAction {
	step := func(name string) persona.SimulateAction { return persona.SimulateAction{Type: name} }
	check := func(name, template string) persona.SimulateAction {
		return persona.SimulateAction{Type: name, Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: template})}
	}
	const passed, failed = "create_passed_verification", "create_failed_verification"
	switch outcome {
	case statuspage.Pass:
		return []persona.SimulateAction{step("start_inquiry"), check(passed, sandbox.GovernmentIDTemplateID), check(passed, sandbox.SelfieTemplateID), step("complete_inquiry")}
	case statuspage.Review:
		return []persona.SimulateAction{step("start_inquiry"), check(passed, sandbox.GovernmentIDTemplateID), check(failed, sandbox.SelfieTemplateID), step("complete_inquiry")}
	default:
		return []persona.SimulateAction{step("start_inquiry"), check(failed, sandbox.GovernmentIDTemplateID), step("fail_inquiry")}
	}
}
