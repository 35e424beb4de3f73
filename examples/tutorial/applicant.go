package tutorial

import (
	"context"
	"fmt"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// Apply creates an applicant: an inquiry about one of your users, and a case for the
// inquiry. reference is your own id of the user.
func Apply(ctx context.Context, client *persona.Client, reference string) (*persona.InquiryCreateResult, *persona.Case, error) {
	inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set(reference),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("create an inquiry: %w", err)
	}
	c, err := client.Cases.Create(ctx, persona.CaseCreateParams{
		CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{inquiry.ID}),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("create a case about %s: %w", inquiry.ID, err)
	}
	return inquiry, c, nil
}

// Simulate does what the applicant and Persona's checks would do: [Passed], [Doubtful] or
// [Failed]. It works only in the sandbox environment.
func Simulate(ctx context.Context, client *persona.Client, inquiryID string, actions []persona.SimulateAction) (*persona.Inquiry, error) {
	inquiry, err := client.Inquiries.PerformSimulateActions(ctx, inquiryID, persona.InquiryPerformSimulateActionsParams{SimulateActions: actions})
	if err != nil {
		return nil, fmt.Errorf("simulate the verification of %s: %w", inquiryID, err)
	}
	return inquiry, nil
}

// Passed passes every verification. The inquiry becomes completed.
func Passed() []persona.SimulateAction {
	return []persona.SimulateAction{
		{Type: "start_inquiry"},
		verification("create_passed_verification", sandbox.GovernmentIDTemplateID),
		verification("create_passed_verification", sandbox.SelfieTemplateID),
		{Type: "complete_inquiry"},
	}
}

// Doubtful fails one of two verifications. The inquiry becomes completed.
func Doubtful() []persona.SimulateAction {
	return []persona.SimulateAction{
		{Type: "start_inquiry"},
		verification("create_passed_verification", sandbox.GovernmentIDTemplateID),
		verification("create_failed_verification", sandbox.SelfieTemplateID),
		{Type: "complete_inquiry"},
	}
}

// Failed fails the verification. The inquiry becomes failed.
func Failed() []persona.SimulateAction {
	return []persona.SimulateAction{
		{Type: "start_inquiry"},
		verification("create_failed_verification", sandbox.GovernmentIDTemplateID),
		{Type: "fail_inquiry"},
	}
}

func verification(action, templateID string) persona.SimulateAction {
	return persona.SimulateAction{Type: action, Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: templateID})}
}
