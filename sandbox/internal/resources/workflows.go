package resources

import (
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	workflowTime = time.Second // how long a run of a workflow takes
	RunOutcome   = "_outcome"  // the status in which a run will end
)

func workflowOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Workflows.Trigger": triggerWorkflow,
		"WorkflowRuns.Get":  engine.Get("workflow-run"),
		"WorkflowRuns.List": list("workflow-run", "status"),
		"WorkflowVersions.List": func(c *engine.Call) (*engine.Answer, error) {
			wanted, err := requiredFilter(c, "workflow-id")
			if err != nil {
				return nil, err
			}
			return c.List("workflow-version", func(r *storage.Resource) bool { return r.One("workflow") == wanted })
		},
	}
}

// triggerWorkflow starts a run of a workflow, which ends after the answer. It is completed
// unless the field outcome asks for errored.
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
	return &engine.Answer{One: newRun(c.Change, found.One, outcome, nil)}, nil
}

// newRun starts a run of a workflow, which will end in the status outcome. Its creator is the
// event that started it, or nil if a call did: a creator is a person or an event (OpenAPI
// 2025-12-08).
func newRun(c *engine.Change, workflow *storage.Resource, outcome string, creator *storage.Resource) *storage.Resource {
	relationships := map[string]any{"workflow": workflow.Identifier(), "workflow-version": workflow.Relationships["latest-published-version"]}
	if creator != nil {
		relationships["creator"] = creator.Identifier()
	}
	run := c.Create("workflow-run", "wfr", map[string]any{
		"completed-at": nil, RunOutcome: outcome, storage.ResourceMeta: map[string]any{"processing-time-seconds": nil},
	}, relationships)
	StartRun(c, run, "workflow-run.created")
	return run
}

// StartRun starts a run of a workflow, and emits the event.
func StartRun(c *engine.Change, run *storage.Resource, event string) {
	run.Attributes["status"] = "in_progress"
	wait(c, run, nextRun, workflowTime)
	c.Emit(event, run, map[string]any{}) // the context is empty (OpenAPI 2025-12-08)
}

// workflowRunDue ends a run of a workflow. A completed run has no event (Persona docs:
// Events).
func workflowRunDue(c *engine.Change, run *storage.Resource) {
	if run.Text("status") != "in_progress" || !due(c, run, nextRun) {
		return
	}
	run.Attributes["status"] = run.Text(RunOutcome)
	run.Attributes[storage.ResourceMeta] = map[string]any{"processing-time-seconds": workflowTime.Seconds()}
	if run.Text(RunOutcome) == "errored" {
		c.Emit("workflow-run.errored", run, map[string]any{})
		return
	}
	c.Stamp(run, "completed-at")
}
