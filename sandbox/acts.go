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
		refused := errorResponse(err, "snake")
		w.Header().Set("Content-Type", refused.contentType)
		w.WriteHeader(refused.status)
		_, _ = w.Write(refused.body) // the caller may be gone
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": done.id, "type": done.typ, "status": done.attributes["status"]})
}

// archiveAccount takes an account out of use: it takes no new inquiries.
func archiveAccount(c *change, account *resource, _ Act) (*resource, error) {
	if account.attributes[archived] == true {
		return nil, conflict("the account is archived")
	}
	account.attributes[archived], account.attributes["updated-at"] = true, stamp(c.now)
	c.emit("account.archived", account, nil)
	return account, nil
}

func restoreAccount(c *change, account *resource, _ Act) (*resource, error) {
	switch {
	case account.attributes[consolidatedInto] != nil:
		return nil, conflict("the account was consolidated into another")
	case account.attributes[archived] != true:
		return nil, conflict("the account is not archived")
	}
	account.attributes[archived], account.attributes["updated-at"] = false, stamp(c.now)
	c.emit("account.restored", account, nil)
	return account, nil
}

// exportCase hands a case out. The case stays as it is; the audit log tells of it.
func exportCase(c *change, r *resource, _ Act) (*resource, error) {
	if r.attributes["redacted-at"] != nil {
		return nil, conflict("the case is redacted")
	}
	c.emit("case.exported", r, nil)
	return r, nil
}

// actReport makes a report about an account, of any kind: those that no operation
// makes come from workflows, at Persona.
func actReport(c *change, account *resource, a Act) (*resource, error) {
	for id, typ := range reportTemplates() {
		if typ == a.Type {
			if err := checkQuery(typ, a.Query); err != nil {
				return nil, err
			}
			return c.newReport(typ, id, a.Query, account), nil
		}
	}
	return nil, unprocessable("type must be the type of a report", "/type")
}

// actSubmit is what a person submits to an inquiry: a verification of any type, or a
// document or selfie outside of one.
func actSubmit(c *change, inquiry *resource, a Act) (*resource, error) {
	outcomes := map[string][]string{"document": {"processed", "errored", "pending"}, "selfie": {"processed", "errored"}}[familyOf(a.Type)]
	if a.Type == "document/government-id" {
		outcomes = append(outcomes, "extracted")
	}
	isVerification := familyOf(a.Type) == "verification"
	switch {
	case shapes()[a.Type] == [2]string{} && familyOf(a.Type) != "selfie", !isVerification && outcomes == nil:
		return nil, unprocessable("type must be the type of a verification, of a document or of a selfie", "/type")
	case isVerification && verificationSteps(a.Type, a.Outcome) == nil, !isVerification && !slices.Contains(outcomes, a.Outcome):
		return nil, unprocessable("outcome is not one that "+a.Type+" has", "/outcome")
	}
	if err := c.takePart(inquiry); err != nil {
		return nil, err
	}
	if isVerification {
		return c.verify(inquiry, a.Type, templateOf(a.Type), a.Outcome), nil
	}
	return c.evidence(inquiry, a.Type, a.Outcome), nil
}

// templateOf is the verification template of a type, or "".
func templateOf(verification string) string {
	for id, typ := range verificationTemplates() {
		if typ == verification {
			return id
		}
	}
	return ""
}

func actMoveOn(c *change, inquiry *resource, a Act) (*resource, error) {
	if a.Step == "" {
		return nil, badRequest("step is missing")
	}
	if err := c.takePart(inquiry); err != nil {
		return nil, err
	}
	c.moveOn(inquiry, a.Step)
	return inquiry, nil
}

func actCancelSession(c *change, session *resource, _ Act) (*resource, error) {
	if session.text("status") == "new" {
		return nil, conflict("nobody opened the session")
	}
	c.cancelSession(session)
	return session, nil
}

// createReusablePersona keeps what a person proved, for a later inquiry of the
// account.
func createReusablePersona(c *change, inquiry *resource, _ Act) (*resource, error) {
	switch {
	case inquiry.text("status") != "completed" && inquiry.text("status") != "approved":
		return nil, conflict("an inquiry that is " + inquiry.text("status") + " makes no reusable persona")
	case inquiry.attributes[reusable] == true:
		return nil, conflict("the inquiry made a reusable persona before")
	}
	inquiry.attributes[reusable] = true
	c.emit("inquiry.reusable-persona-created", inquiry, nil)
	return inquiry, nil
}

// useReusablePersona satisfies an inquiry with what the person proved in an earlier one
// of the account.
func useReusablePersona(c *change, inquiry *resource, _ Act) (*resource, error) {
	account := inquiry.one("account")
	found := false
	for earlier := range c.of("inquiry", account) {
		found = found || account != "" && earlier.one("account") == account && earlier.attributes[reusable] == true
	}
	if !found {
		return nil, conflict("no inquiry of the account made a reusable persona")
	}
	if err := c.takePart(inquiry); err != nil {
		return nil, err
	}
	v := c.verify(inquiry, "verification/government-id", GovernmentIDTemplateID, "submitted")
	v.attributes["from-reusable-persona"] = true
	c.setVerification(v, "passed")
	c.emit("inquiry.reusable-persona-used", inquiry, nil)
	return inquiry, nil
}

// escalateVerification hands a verification to a person who looks again. Its status
// stays.
func escalateVerification(c *change, v *resource, _ Act) (*resource, error) {
	switch {
	case v.attributes["completed-at"] == nil:
		return nil, conflict("a verification that is " + v.text("status") + " cannot be escalated")
	case v.attributes[escalated] == true:
		return nil, conflict("the verification was escalated before")
	}
	v.attributes[escalated] = true
	c.emit("verification.escalated", v, nil)
	return v, nil
}

func tagVerification(c *change, v *resource, a Act) (*resource, error) {
	have, _ := v.attributes["tags"].([]any)
	tags := tagList(a.Tags)
	added, removed := without(tags, have), without(have, tags)
	if err := c.countTags(added); err != nil {
		return nil, err
	}
	if len(added)+len(removed) > 0 {
		v.attributes["tags"] = tags
		c.emit("verification.updated-tags", v, map[string]any{"added-tags": added, "removed-tags": removed})
	}
	return v, nil
}

// processSentinelSession writes what Persona learned of a payer's device into a
// transaction.
func processSentinelSession(c *change, r *resource, _ Act) (*resource, error) {
	if r.attributes[redactedOnce] != nil {
		return nil, conflict("the transaction is redacted")
	}
	fields, _ := r.attributes["fields"].(map[string]any)
	r.attributes["fields"] = mergeFields(fields, map[string]any{"sentinel_session_id": newID("sens")})
	r.attributes["updated-at"] = stamp(c.now)
	c.emit("transaction.updated-fields", r, nil)
	c.emit("transaction.sentinel-session-processed", r, nil)
	return r, nil
}

// deleteTransactionField takes a field from a transaction type. Transactions keep what
// they have in it.
func deleteTransactionField(c *change, typ *resource, a Act) (*resource, error) {
	schemas, _ := typ.attributes["field-schemas"].([]any)
	left := slices.DeleteFunc(slices.Clone(schemas), func(schema any) bool {
		s, _ := schema.(map[string]any)
		return s["key"] == a.Field
	})
	if len(left) == len(schemas) {
		return nil, unprocessable("the transaction type has no such field", "/field")
	}
	typ.attributes["field-schemas"], typ.attributes["updated-at"] = left, stamp(c.now)
	c.emit("transaction-type.deleted-field", typ, nil)
	return typ, nil
}
