package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Act is something that no operation of the API does: a person does it, at Persona's
// dashboard or in front of a camera, or Persona does it by itself. See [Sandbox.Act].
type Act struct {
	Do string `json:"do"` // such as archive_account: docs/sandbox.md lists them
	ID string `json:"id"` // of the resource it is done to

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
	do     func(*change, *resource, Act) (*resource, error)
}

// acts are all kinds of [Act], by name.
func acts() map[string]act {
	return map[string]act{
		"archive_account":              {"account", true, archiveAccount},
		"restore_account":              {"account", true, restoreAccount},
		"create_report":                {"account", true, actReport},
		"run_report":                   {"inquiry", false, actInquiryReport},
		"comment_case":                 {"case", true, commentCase},
		"publish_template_version":     {"inquiry-template-version", true, publishTemplateVersion},
		"export_case":                  {"case", true, exportCase},
		"submit":                       {"inquiry", false, actSubmit},
		"move_on":                      {"inquiry", false, actMoveOn},
		"create_reusable_persona":      {"inquiry", false, createReusablePersona},
		"use_reusable_persona":         {"inquiry", false, useReusablePersona},
		"cancel_session":               {"inquiry-session", false, actCancelSession},
		"escalate_verification":        {"verification", true, escalateVerification},
		"redeliver":                    {"event", true, redeliver},
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

// Act does what no operation of the API does, with all that follows from it. The
// environment is sandbox or production. It returns the id of the resource that the act
// made, or else changed. Like an operation it happens wholly, with its events, or not
// at all.
func (s *Sandbox) Act(environment string, a Act) (id string, err error) {
	done, err := s.act(environment, a)
	if err != nil {
		return "", fmt.Errorf("sandbox: act %s on %s: %w", a.Do, a.ID, err)
	}
	return done.id, nil
}

func (s *Sandbox) act(environment string, a Act) (*resource, error) {
	s.mu.Lock()
	defer s.deliveries.wake()
	defer s.mu.Unlock()
	s.expireDue()
	env := s.environments[environment]
	if env == nil {
		return nil, notFound("there is no such environment")
	}
	kind, known := acts()[a.Do]
	if !known {
		return nil, badRequest("do must be one of " + strings.Join(slices.Sorted(maps.Keys(acts())), ", "))
	}
	c := newChange(env, s.clock.now())
	r := c.edit(a.ID)
	if r == nil || r.family() != kind.family {
		return nil, notFound("id is not one of this environment's, of type " + kind.family)
	}
	done, err := kind.do(c, r, a)
	if err != nil {
		return nil, err
	}
	if kind.user {
		c.audit(a)
	}
	s.commit(c)
	return done, nil
}

// serveAct answers POST /_sandbox/act.
func (s *Sandbox) serveAct(w http.ResponseWriter, r *http.Request, environment string) {
	var a Act
	if !readControl(w, r, &a) {
		return
	}
	done, err := s.act(environment, a)
	if err != nil {
		writeRefusal(w, err, "snake")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": done.id, "type": done.typ, "status": done.attributes["status"]})
}
