package sandbox

import (
	"fmt"

	"github.com/idemhq/idem/sandbox/internal/acts"
	"github.com/idemhq/idem/sandbox/internal/finding"
)

// Act is something that happens at Persona without a call of the API: a person does it in
// the dashboard or in front of a camera, or Persona does it by itself. Pass it to
// [Sandbox.Act]. Its fields:
//
//	Do      ActKind        // what happens
//	ID      string         // of the resource that it happens to
//	Type    string         // of what it creates, such as verification/database
//	Outcome string         // the final status of what it creates
//	Step    string         // of the flow
//	Text    string         // of a comment, also on a decision
//	Template string        // of an inquiry
//	Field   string         // to delete from a transaction type
//	Tags    []string       // of a verification
//	Query   map[string]any // of a report, with keys in kebab-case
//	Rows    string         // CSV, as for an importer of accounts
//	Signals map[string]any // of a session, an inquiry or a report, with keys in kebab-case
//	Checks  []Check        // of a verification: those that do not end as usual
//	Extracted map[string]any // what a verification found out, with keys in kebab-case
//
// docs/sandbox.md says which kinds use which fields, and which events follow.
type Act = acts.Act

// Check is how a check of a verification ends: see [Act].
type Check = finding.Check

// ActKind is the kind of an [Act]: one of the constants.
type ActKind = acts.Kind

// The acts of users of the dashboard. They are in the user audit log.
const (
	ActArchiveAccount         ActKind = acts.ArchiveAccount         // an account accepts no new inquiries
	ActRestoreAccount         ActKind = acts.RestoreAccount         // an archived account accepts them again
	ActCreateReport           ActKind = acts.CreateReport           // a report about an account, with Type and Query
	ActApproveInquiry         ActKind = acts.ApproveInquiry         // a decision on an inquiry, with a comment as Text
	ActDeclineInquiry         ActKind = acts.DeclineInquiry         // a decision on an inquiry, with a comment as Text
	ActMarkInquiryForReview   ActKind = acts.MarkInquiryForReview   // an inquiry needs review, with a comment as Text
	ActCommentCase            ActKind = acts.CommentCase            // a comment on a case, with Text
	ActExportCase             ActKind = acts.ExportCase             // an export of a case
	ActReviewReport           ActKind = acts.ReviewReport           // a review of a report that is ready, in its history
	ActRedeliver              ActKind = acts.Redeliver              // one more attempt of an event's failed deliveries
	ActCancelGraphQuery       ActKind = acts.CancelGraphQuery       // a graph query is cancelled
	ActRerunGraphQuery        ActKind = acts.RerunGraphQuery        // a graph query runs again
	ActRunPipeline            ActKind = acts.RunPipeline            // a run of an importer pipeline, with Rows
	ActPausePipelineRun       ActKind = acts.PausePipelineRun       // a run is paused
	ActResumePipelineRun      ActKind = acts.ResumePipelineRun      // a paused run continues
	ActCancelPipelineRun      ActKind = acts.CancelPipelineRun      // a run is canceled
	ActPublishTemplateVersion ActKind = acts.PublishTemplateVersion // new inquiries use a draft of an inquiry template version
	ActDeleteTransactionField ActKind = acts.DeleteTransactionField // a transaction type loses a Field
	ActEscalateVerification   ActKind = acts.EscalateVerification   // a finished verification is escalated to a person
	ActTagVerification        ActKind = acts.TagVerification        // a verification gets Tags
	ActResumeWorkflowRun      ActKind = acts.ResumeWorkflowRun      // a run that failed continues
)

// The acts of people in the flow of an inquiry, and of Persona itself.
const (
	ActSubmit                 ActKind = acts.Submit                 // a verification, document or selfie for an inquiry or a transaction, with Type and Outcome
	ActMoveOn                 ActKind = acts.MoveOn                 // an inquiry reaches a Step
	ActCreateReusablePersona  ActKind = acts.CreateReusablePersona  // other inquiries of the account can use what an inquiry proved
	ActUseReusablePersona     ActKind = acts.UseReusablePersona     // an inquiry uses what another one proved
	ActCancelSession          ActKind = acts.CancelSession          // a person leaves an inquiry session
	ActRunReport              ActKind = acts.RunReport              // a report that belongs to an inquiry or a transaction, with Type and Query
	ActRunWorkflow            ActKind = acts.RunWorkflow            // a workflow decides on an inquiry or a transaction, with Outcome
	ActMakeInquiry            ActKind = acts.MakeInquiry            // a workflow makes an inquiry for a transaction, with Template
	ActSetBehaviors           ActKind = acts.SetBehaviors           // an inquiry gets risk Signals
	ActSetSessionSignals      ActKind = acts.SetSessionSignals      // an inquiry session gets Signals about network, place and device
	ActProcessSentinelSession ActKind = acts.ProcessSentinelSession // a transaction gets data about the payer's device
	ActFailRelay              ActKind = acts.FailRelay              // the person of a relay fails
)

// Act carries out an act as a whole, with its events, or not at all. It returns the id of
// what the act created or changed.
func (s *Sandbox) Act(environment Environment, a Act) (id string, err error) {
	done, err := acts.Perform(s.engine, environment, a)
	if err != nil {
		return "", fmt.Errorf("sandbox: act %s on %s: %w", a.Do, a.ID, err)
	}
	return done.ID, nil
}
