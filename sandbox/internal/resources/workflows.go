package resources

import (
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// workflowTime is how long a run of a workflow takes.
const workflowTime = time.Second

// runOutcome is the status that a run of a workflow is to end in.
const RunOutcome = "_outcome"

func workflowOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Workflows.Trigger": triggerWorkflow,
		"WorkflowRuns.Get":  func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("workflow-run") },
		"WorkflowRuns.List": func(c *engine.Call) (*engine.Answer, error) {
			return c.List("workflow-run", func(r *storage.Resource) bool { return engine.OneOf(c.Filter("status"), r.Text("status")) })
		},
		"WorkflowVersions.List": func(c *engine.Call) (*engine.Answer, error) {
			wanted := c.Filter("workflow-id")
			if wanted == "" {
				return nil, engine.BadRequest("filter.workflow_id is missing")
			}
			return c.List("workflow-version", func(r *storage.Resource) bool { return r.One("workflow") == wanted })
		},
	}
}

// triggerWorkflow starts a run of a workflow, which goes on after the answer. It
// ends well unless its field outcome says errored.
func triggerWorkflow(c *engine.Call) (*engine.Answer, error) {
	found, err := c.AnswerFound("workflow")
	if err != nil {
		return nil, err
	}
	outcome := "completed"
	if given, ok := c.Object("data.attributes.fields")["outcome"]; ok && given != nil {
		outcome, _ = given.(string)
		if outcome != "completed" && outcome != "errored" {
			return nil, engine.Unprocessable("the field outcome must be completed or errored", "/data/attributes/fields/outcome")
		}
	}
	return &engine.Answer{One: newRun(c.Change, found.One, outcome)}, nil
}

// newRun starts a run of a workflow, which is to end in the status of its outcome.
func newRun(c *engine.Change, workflow *storage.Resource, outcome string) *storage.Resource {
	run := c.Create("workflow-run", "wfr", map[string]any{
		"completed-at": nil, RunOutcome: outcome, storage.ResourceMeta: map[string]any{"processing-time-seconds": nil},
	}, map[string]any{"workflow": workflow.Identifier(), "workflow-version": workflow.Relationships["latest-published-version"]})
	StartRun(c, run, "workflow-run.created")
	return run
}

// StartRun lets a run of a workflow take its time.
func StartRun(c *engine.Change, run *storage.Resource, event string) {
	run.Attributes["status"], run.Attributes[nextRun] = "in_progress", simclock.Stamp(c.Now.Add(workflowTime))
	c.Schedule(c.Now.Add(workflowTime), run.ID)
	c.Emit(event, run, map[string]any{}) // the context is empty (OpenAPI 2025-12-08)
}

// workflowRunDue ends a run of a workflow. There is no event of one that ended well
// (Persona docs: Events).
func workflowRunDue(c *engine.Change, run *storage.Resource) {
	if run.Text("status") != "in_progress" || c.Now.Before(run.Time(nextRun)) {
		return
	}
	run.Attributes["status"] = run.Text(RunOutcome)
	run.Attributes[storage.ResourceMeta] = map[string]any{"processing-time-seconds": workflowTime.Seconds()}
	if run.Text(RunOutcome) == "errored" {
		c.Emit("workflow-run.errored", run, map[string]any{})
		return
	}
	run.Attributes["completed-at"] = simclock.Stamp(c.Now)
}
