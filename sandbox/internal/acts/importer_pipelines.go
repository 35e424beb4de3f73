package acts

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// runPipeline starts a run of an importer pipeline, which reads accounts from rows.
// There are no operations for pipelines: they are run at the dashboard, or on a
// schedule.
func runPipeline(c *engine.Change, pipeline *storage.Resource, a Act) (*storage.Resource, error) {
	if a.Rows == "" {
		return nil, engine.BadRequest("rows is missing")
	}
	run := c.Create("importer-pipeline-run", "mprtpr", map[string]any{
		"status": "pending", "run-count": resources.PipelineRuns(c, pipeline) + 1, "updated-at": simclock.Stamp(c.Now), resources.ImportedFile: a.Rows,
		"run-data": resources.RunData(nil, 0),
	}, map[string]any{"importer-pipeline": pipeline.Identifier()})
	run.Attributes["started-at"] = simclock.Stamp(c.Now)
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
