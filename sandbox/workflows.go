package sandbox

import (
	"time"
)

// workflowTime is how long a run of a workflow takes.
const workflowTime = time.Second

// runOutcome is the status that a run of a workflow is to end in.
const runOutcome = "_outcome"

func workflowOperations() map[string]operation {
	return map[string]operation{
		"Workflows.Trigger": triggerWorkflow,
		"WorkflowRuns.Get":  func(c *call) (*answer, error) { return c.answerFound("workflow-run") },
		"WorkflowRuns.List": func(c *call) (*answer, error) {
			return c.list("workflow-run", func(r *resource) bool { return oneOf(c.filter("status"), r.text("status")) })
		},
		"WorkflowVersions.List": func(c *call) (*answer, error) {
			wanted := c.filter("workflow-id")
			if wanted == "" {
				return nil, badRequest("filter.workflow_id is missing")
			}
			return c.list("workflow-version", func(r *resource) bool { return r.one("workflow") == wanted })
		},
	}
}

// triggerWorkflow starts a run of a workflow, which goes on after the answer. It
// ends well unless its field outcome says errored.
func triggerWorkflow(c *call) (*answer, error) {
	found, err := c.answerFound("workflow")
	if err != nil {
		return nil, err
	}
	outcome := "completed"
	if given, ok := c.object("data.attributes.fields")["outcome"]; ok && given != nil {
		outcome, _ = given.(string)
		if outcome != "completed" && outcome != "errored" {
			return nil, unprocessable("the field outcome must be completed or errored", "/data/attributes/fields/outcome")
		}
	}
	return &answer{one: c.newRun(found.one, outcome)}, nil
}

// newRun starts a run of a workflow, which is to end in the status of its outcome.
func (c *change) newRun(workflow *resource, outcome string) *resource {
	run := c.create("workflow-run", "wfr", map[string]any{
		"completed-at": nil, runOutcome: outcome, resourceMeta: map[string]any{"processing-time-seconds": nil},
	}, map[string]any{"workflow": workflow.identifier(), "workflow-version": workflow.relationships["latest-published-version"]})
	c.startRun(run, "workflow-run.created")
	return run
}

// startRun lets a run of a workflow take its time.
func (c *change) startRun(run *resource, event string) {
	run.attributes["status"], run.attributes[nextRun] = "in_progress", stamp(c.now.Add(workflowTime))
	c.remind(c.now.Add(workflowTime), run.id)
	c.emit(event, run, map[string]any{}) // the context is empty (OpenAPI 2025-12-08)
}

// resumeWorkflowRun lets a run that failed go on. It ends well then.
func resumeWorkflowRun(c *change, run *resource, _ Act) (*resource, error) {
	if status := run.text("status"); status != "errored" {
		return nil, conflict("a run that is " + status + " cannot be resumed")
	}
	run.attributes[runOutcome] = "completed"
	c.startRun(run, "workflow-run.resumed")
	return run, nil
}

// workflowRunDue ends a run of a workflow. There is no event of one that ended well
// (Persona docs: Events).
func (c *change) workflowRunDue(run *resource) {
	if run.text("status") != "in_progress" || c.now.Before(run.time(nextRun)) {
		return
	}
	run.attributes["status"] = run.text(runOutcome)
	run.attributes[resourceMeta] = map[string]any{"processing-time-seconds": workflowTime.Seconds()}
	if run.text(runOutcome) == "errored" {
		c.emit("workflow-run.errored", run, map[string]any{})
		return
	}
	run.attributes["completed-at"] = stamp(c.now)
}
