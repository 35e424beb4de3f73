package acts

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

func cancelGraphQuery(c *engine.Change, query *storage.Resource, _ Act) (*storage.Resource, error) {
	if status := query.Text("status"); status != "submitted" {
		return nil, engine.Conflict("a graph query that is " + status + " cannot be cancelled")
	}
	resources.EndGraphQuery(c, query, "cancelled")
	return query, nil
}

func rerunGraphQuery(c *engine.Change, query *storage.Resource, _ Act) (*storage.Resource, error) {
	if query.Text("status") == "submitted" {
		return nil, engine.Conflict("the graph query runs already")
	}
	resources.SubmitGraphQuery(c, query, "graph-query.reran")
	return query, nil
}

// resumeWorkflowRun resumes a run that failed. It is then completed.
func resumeWorkflowRun(c *engine.Change, run *storage.Resource, _ Act) (*storage.Resource, error) {
	if status := run.Text("status"); status != "errored" {
		return nil, engine.Conflict("a run that is " + status + " cannot be resumed")
	}
	run.Attributes[resources.RunOutcome] = "completed"
	resources.StartRun(c, run, "workflow-run.resumed")
	return run, nil
}

// runPipeline starts a run of an importer pipeline, which reads accounts from rows. The API
// has no operations on pipelines: they run from the dashboard or on a schedule.
func runPipeline(c *engine.Change, pipeline *storage.Resource, a Act) (*storage.Resource, error) {
	if a.Rows == "" {
		return nil, engine.BadRequest("rows is missing")
	}
	run := c.Create("importer-pipeline-run", "mprtpr", map[string]any{
		"run-count": resources.PipelineRuns(c, pipeline) + 1, resources.ImportedFile: a.Rows, "run-data": resources.RunData(nil, 0),
	}, map[string]any{"importer-pipeline": pipeline.Identifier()})
	c.Stamp(run, "started-at")
	resources.SetPipelineRun(c, run, "running", "started")
	return run, nil
}

func pausePipelineRun(c *engine.Change, run *storage.Resource, _ Act) (*storage.Resource, error) {
	return resources.MovePipelineRun(c, run, []string{"running"}, "paused", "paused")
}

func resumePipelineRun(c *engine.Change, run *storage.Resource, _ Act) (*storage.Resource, error) {
	return resources.MovePipelineRun(c, run, []string{"paused"}, "running", "resumed")
}

func cancelPipelineRun(c *engine.Change, run *storage.Resource, _ Act) (*storage.Resource, error) {
	return resources.MovePipelineRun(c, run, []string{"running", "paused"}, "canceled", "canceled")
}

// failRelay makes the person of a relay fail.
func failRelay(_ *engine.Change, relay *storage.Resource, _ Act) (*storage.Resource, error) {
	if relay.Text(resources.RelayResult) != "" {
		return nil, engine.Conflict("the relay has its result already")
	}
	relay.Attributes[resources.RelayResult] = "failed"
	return relay, nil
}

// processSentinelSession adds what Persona learned about a payer's device to a transaction.
func processSentinelSession(c *engine.Change, r *storage.Resource, _ Act) (*storage.Resource, error) {
	if r.Attributes[resources.RedactedOnce] != nil {
		return nil, engine.Conflict("the transaction is redacted")
	}
	fields, _ := r.Attributes["fields"].(map[string]any)
	r.Attributes["fields"] = schema.Merge(fields, map[string]any{"sentinel_session_id": storage.NewID("sens")})
	c.Stamp(r, "updated-at")
	c.Emit("transaction.updated-fields", r, nil)
	c.Emit("transaction.sentinel-session-processed", r, nil)
	return r, nil
}
