package acts

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// ActKind is what an [Act] does.
type ActKind string

// Act is something that no operation of the API does: a person does it, at Persona's
// dashboard or in front of a camera, or Persona does it by itself. See [Sandbox.Act].
type Act struct {
	Do ActKind `json:"do"` // such as archive_account: docs/sandbox.md lists them
	ID string  `json:"id"` // of the resource it is done to

	Type    string         `json:"type,omitempty"`    // of what it makes, such as verification/database
	Outcome string         `json:"outcome,omitempty"` // the status that what it makes ends in
	Step    string         `json:"step,omitempty"`    // of the flow, where an inquiry goes
	Text    string         `json:"text,omitempty"`    // of a comment
	Field   string         `json:"field,omitempty"`   // that is deleted from a transaction type
	Tags    []string       `json:"tags,omitempty"`    // of a verification
	Query   map[string]any `json:"query,omitempty"`   // of a report, keys in kebab-case
	Rows    string         `json:"rows,omitempty"`    // CSV, as an importer of accounts takes it
}

// act is what the sandbox does for one kind of [Act]. It returns what was made or
// changed.
type act struct {
	family string // of the resource it is done to
	user   bool   // whether it is a user's of the dashboard, which the audit log tells
	do     func(*engine.Change, *storage.Resource, Act) (*storage.Resource, error)
}

// Acts are all kinds of [Act], by name.
func Acts() map[ActKind]act {
	return map[ActKind]act{
		"archive_account":          {"account", true, archiveAccount},
		"restore_account":          {"account", true, restoreAccount},
		"create_report":            {"account", true, actReport},
		"run_report":               {"inquiry", false, actInquiryReport},
		"comment_case":             {"case", true, commentCase},
		"publish_template_version": {"inquiry-template-version", true, publishTemplateVersion},
		"export_case":              {"case", true, exportCase},
		"submit":                   {"inquiry", false, actSubmit},
		"move_on":                  {"inquiry", false, actMoveOn},
		"create_reusable_persona":  {"inquiry", false, createReusablePersona},
		"use_reusable_persona":     {"inquiry", false, useReusablePersona},
		"cancel_session":           {"inquiry-session", false, actCancelSession},
		"escalate_verification":    {"verification", true, escalateVerification},
		"redeliver": {"event", true, func(c *engine.Change, event *storage.Resource, _ Act) (*storage.Resource, error) {
			return engine.Redeliver(c, event)
		}},
		"tag_verification":             {"verification", true, tagVerification},
		"cancel_graph_query":           {"graph-query", true, cancelGraphQuery},
		"rerun_graph_query":            {"graph-query", true, rerunGraphQuery},
		"resume_workflow_run":          {"workflow-run", true, resumeWorkflowRun},
		"run_importer_pipeline":        {"importer-pipeline", true, runPipeline},
		"pause_importer_pipeline_run":  {"importer-pipeline-run", true, pausePipelineRun},
		"resume_importer_pipeline_run": {"importer-pipeline-run", true, resumePipelineRun},
		"cancel_importer_pipeline_run": {"importer-pipeline-run", true, cancelPipelineRun},
		"process_sentinel_session":     {"transaction", false, processSentinelSession},
		"fail_relay":                   {"relay", false, failRelay},
		"delete_transaction_field":     {"transaction-type", true, deleteTransactionField},
	}
}

// Perform does what no operation of the API does, and returns what was made or changed.
func Perform(s *engine.Engine, environment catalog.Environment, a Act) (*storage.Resource, error) {
	s.Mu.Lock()
	defer s.Dispatcher.Wake()
	defer s.Mu.Unlock()
	s.ExpireDue()
	env := s.Environments[string(environment)]
	if env == nil {
		return nil, engine.NotFound("there is no such environment")
	}
	kind, known := Acts()[a.Do]
	if !known {
		return nil, engine.BadRequest("do must be one of " + strings.Join(actNames(), ", ") + catalog.DidYouMean(string(a.Do), actNames()))
	}
	c := engine.NewChange(env, s.Clock.Now())
	r := c.Edit(a.ID)
	if r == nil || r.Family() != kind.family {
		return nil, engine.NotFound("id is not one of this environment's, of type " + kind.family)
	}
	done, err := kind.do(c, r, a)
	if err != nil {
		return nil, err
	}
	if kind.user {
		audit(c, a)
	}
	s.Commit(c)
	return done, nil
}

func actNames() []string {
	var names []string
	for name := range Acts() {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return names
}
