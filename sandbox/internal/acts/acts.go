package acts

import (
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Act is something that happens at Persona without a call of the API.
type Act struct {
	Do Kind   `json:"do"`
	ID string `json:"id"` // of the resource that it happens to

	Type     string         `json:"type,omitempty"`     // of what it creates, such as verification/database
	Outcome  string         `json:"outcome,omitempty"`  // the final status of what it creates
	Step     string         `json:"step,omitempty"`     // of the flow, for move_on
	Text     string         `json:"text,omitempty"`     // of a comment, also on a decision
	Template string         `json:"template,omitempty"` // of an inquiry: its inquiry template
	Field    string         `json:"field,omitempty"`    // to delete from a transaction type
	Tags     []string       `json:"tags,omitempty"`     // of a verification
	Query    map[string]any `json:"query,omitempty"`    // of a report, with keys in kebab-case
	Rows     string         `json:"rows,omitempty"`     // CSV, as for an importer of accounts
	Signals  map[string]any `json:"signals,omitempty"`  // of a session, an inquiry or a report, with keys in kebab-case

	Checks    []finding.Check `json:"checks,omitempty"`    // of a verification: those that do not end as usual
	Extracted map[string]any  `json:"extracted,omitempty"` // what a verification found out, with keys in kebab-case
}

// Kind is the kind of an [Act].
type Kind string

// The kinds of acts, by the resource that they happen to.
const (
	ArchiveAccount         Kind = "archive_account"
	RestoreAccount         Kind = "restore_account"
	CreateReport           Kind = "create_report"
	CommentCase            Kind = "comment_case"
	ExportCase             Kind = "export_case"
	ReviewReport           Kind = "review_report"
	Redeliver              Kind = "redeliver"
	CancelGraphQuery       Kind = "cancel_graph_query"
	RerunGraphQuery        Kind = "rerun_graph_query"
	RunPipeline            Kind = "run_importer_pipeline"
	PausePipelineRun       Kind = "pause_importer_pipeline_run"
	ResumePipelineRun      Kind = "resume_importer_pipeline_run"
	CancelPipelineRun      Kind = "cancel_importer_pipeline_run"
	Submit                 Kind = "submit"
	MoveOn                 Kind = "move_on"
	RunReport              Kind = "run_report"
	RunWorkflow            Kind = "run_workflow"
	SetBehaviors           Kind = "set_behaviors"
	SetSessionSignals      Kind = "set_session_signals"
	CreateReusablePersona  Kind = "create_reusable_persona"
	UseReusablePersona     Kind = "use_reusable_persona"
	MakeInquiry            Kind = "make_inquiry"
	ApproveInquiry         Kind = "approve_inquiry"
	DeclineInquiry         Kind = "decline_inquiry"
	MarkInquiryForReview   Kind = "mark_inquiry_for_review"
	CancelSession          Kind = "cancel_session"
	PublishTemplateVersion Kind = "publish_template_version"
	FailRelay              Kind = "fail_relay"
	ProcessSentinelSession Kind = "process_sentinel_session"
	DeleteTransactionField Kind = "delete_transaction_field"
	EscalateVerification   Kind = "escalate_verification"
	TagVerification        Kind = "tag_verification"
	ResumeWorkflowRun      Kind = "resume_workflow_run"
)

// implementation is how the sandbox carries out a kind of act.
type implementation struct {
	families []string // of the resources that it can happen to
	user     bool     // a user of the dashboard does it, so it is in the user audit log

	// do returns what it created or changed.
	do func(*engine.Change, *storage.Resource, Act) (*storage.Resource, error)
}

// Kinds returns all kinds, sorted.
func Kinds() []Kind { return slices.Sorted(maps.Keys(implementations())) }

func implementations() map[Kind]implementation {
	return map[Kind]implementation{
		ArchiveAccount:         {[]string{"account"}, true, archiveAccount},
		RestoreAccount:         {[]string{"account"}, true, restoreAccount},
		CreateReport:           {[]string{"account"}, true, createReport},
		CommentCase:            {[]string{"case"}, true, commentCase},
		ExportCase:             {[]string{"case"}, true, exportCase},
		ReviewReport:           {[]string{"report"}, true, reviewReport},
		Redeliver:              {[]string{"event"}, true, redeliver},
		CancelGraphQuery:       {[]string{"graph-query"}, true, cancelGraphQuery},
		RerunGraphQuery:        {[]string{"graph-query"}, true, rerunGraphQuery},
		RunPipeline:            {[]string{"importer-pipeline"}, true, runPipeline},
		PausePipelineRun:       {[]string{"importer-pipeline-run"}, true, pausePipelineRun},
		ResumePipelineRun:      {[]string{"importer-pipeline-run"}, true, resumePipelineRun},
		CancelPipelineRun:      {[]string{"importer-pipeline-run"}, true, cancelPipelineRun},
		Submit:                 {[]string{"inquiry", "transaction"}, false, submit},
		MoveOn:                 {[]string{"inquiry"}, false, moveOn},
		RunReport:              {[]string{"inquiry", "transaction"}, false, runReport},
		RunWorkflow:            {[]string{"inquiry", "transaction"}, false, runWorkflow},
		SetBehaviors:           {[]string{"inquiry"}, false, setBehaviors},
		SetSessionSignals:      {[]string{"inquiry-session"}, false, setSessionSignals},
		CreateReusablePersona:  {[]string{"inquiry"}, false, createReusablePersona},
		UseReusablePersona:     {[]string{"inquiry"}, false, useReusablePersona},
		ApproveInquiry:         {[]string{"inquiry"}, true, decideInquiry("approved")},
		DeclineInquiry:         {[]string{"inquiry"}, true, decideInquiry("declined")},
		MarkInquiryForReview:   {[]string{"inquiry"}, true, decideInquiry("needs_review")},
		MakeInquiry:            {[]string{"transaction"}, false, makeInquiry},
		CancelSession:          {[]string{"inquiry-session"}, false, cancelSession},
		PublishTemplateVersion: {[]string{"inquiry-template-version"}, true, publishTemplateVersion},
		FailRelay:              {[]string{"relay"}, false, failRelay},
		ProcessSentinelSession: {[]string{"transaction"}, false, processSentinelSession},
		DeleteTransactionField: {[]string{"transaction-type"}, true, deleteTransactionField},
		EscalateVerification:   {[]string{"verification"}, true, escalateVerification},
		TagVerification:        {[]string{"verification"}, true, tagVerification},
		ResumeWorkflowRun:      {[]string{"workflow-run"}, true, resumeWorkflowRun},
	}
}

// Perform carries out an act as a whole, with its events, or not at all. It returns what
// the act created or changed.
func Perform(e *engine.Engine, environment catalog.Environment, a Act) (done *storage.Resource, err error) {
	e.WithLock(func() {
		done, err = PerformIn(e, e.Environment(environment), a)
	})
	return done, err
}

// PerformIn is [Perform] for a caller that holds the engine's lock.
func PerformIn(e *engine.Engine, env *engine.Environment, a Act) (*storage.Resource, error) {
	if env == nil {
		return nil, engine.NotFound("there is no such environment")
	}
	kind, known := implementations()[a.Do]
	if !known {
		return nil, engine.BadRequest("do must be one of " + strings.Join(names(), ", ") + spelling.DidYouMean(string(a.Do), names()))
	}
	c := engine.NewChange(env, e.Now())
	r := c.Edit(a.ID)
	if r == nil || !slices.Contains(kind.families, r.Family()) {
		return nil, engine.NotFound("there is no " + strings.Join(kind.families, " or ") + " with this id in this environment")
	}
	done, err := kind.do(c, r, a)
	if err != nil {
		return nil, err
	}
	if kind.user {
		audit(c, a)
	}
	e.Commit(c)
	return done, nil
}

func names() []string {
	var names []string
	for _, kind := range Kinds() {
		names = append(names, string(kind))
	}
	return names
}

// audit adds an act of a user to the user audit log.
func audit(c *engine.Change, a Act) {
	c.Create("user-audit-log", "ual", map[string]any{
		"path": "/dashboard/" + a.ID, "method": "POST", "get-params": map[string]any{}, "post-params": map[string]any{"do": a.Do},
		"ip-address": "127.0.0.1", "user-agent": "Sandbox", "response-status": 200,
	}, map[string]any{"user": storage.Identifier{Type: "user", ID: fixtures.UserID}, "user-session": storage.Identifier{Type: "user-session", ID: fixtures.UserSessionID}})
}
