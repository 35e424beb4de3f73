package resources

import (
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// pipelineTime is how long a run of an importer pipeline takes.
const pipelineTime = time.Second

// runPipeline starts a run of an importer pipeline, which reads accounts from rows.
// There are no operations for pipelines: they are run at the dashboard, or on a
// schedule.
func runPipeline(c *engine.Change, pipeline *storage.Resource, a Act) (*storage.Resource, error) {
	if a.Rows == "" {
		return nil, engine.BadRequest("rows is missing")
	}
	run := c.Create("importer-pipeline-run", "mprtpr", map[string]any{
		"status": "pending", "run-count": pipelineRuns(c, pipeline) + 1, "updated-at": simclock.Stamp(c.Now), importedFile: a.Rows,
		"run-data": runData(nil, 0),
	}, map[string]any{"importer-pipeline": pipeline.Identifier()})
	run.Attributes["started-at"] = simclock.Stamp(c.Now)
	setPipelineRun(c, run, "running", "started")
	return run, nil
}

// pipelineRuns counts the runs of a pipeline.
func pipelineRuns(c *engine.Change, pipeline *storage.Resource) (runs int) {
	for run := range c.All("importer-pipeline-run") {
		if run.One("importer-pipeline") == pipeline.ID {
			runs++
		}
	}
	return runs
}

// setPipelineRun gives a run a status. One that runs, or runs again, ends in a while.
func setPipelineRun(c *engine.Change, run *storage.Resource, status, event string) {
	run.Attributes["status"], run.Attributes["updated-at"] = status, simclock.Stamp(c.Now)
	delete(run.Attributes, nextRun)
	if status == "running" {
		run.Attributes[nextRun] = simclock.Stamp(c.Now.Add(pipelineTime))
		c.Schedule(c.Now.Add(pipelineTime), run.ID)
	} else if status != "paused" {
		run.Attributes["ended-at"] = simclock.Stamp(c.Now)
		delete(run.Attributes, importedFile)
	}
	c.Emit("importer-pipeline-run."+event, run, nil)
}

func pausePipelineRun(c *engine.Change, run *storage.Resource, _ Act) (*storage.Resource, error) {
	return movePipelineRun(c, run, []string{"running"}, "paused", "paused")
}

func resumePipelineRun(c *engine.Change, run *storage.Resource, _ Act) (*storage.Resource, error) {
	return movePipelineRun(c, run, []string{"paused"}, "running", "resumed")
}

func cancelPipelineRun(c *engine.Change, run *storage.Resource, _ Act) (*storage.Resource, error) {
	return movePipelineRun(c, run, []string{"running", "paused"}, "canceled", "canceled")
}

func movePipelineRun(c *engine.Change, run *storage.Resource, from []string, to, event string) (*storage.Resource, error) {
	if status := run.Text("status"); !slices.Contains(from, status) {
		return nil, engine.Conflict("a run that is " + status + " cannot become " + to)
	}
	setPipelineRun(c, run, to, event)
	return run, nil
}

// pipelineRunDue imports the rows of a run that is at its end, as an importer does.
func pipelineRunDue(c *engine.Change, run *storage.Resource) {
	if due := run.Time(nextRun); due.IsZero() || c.Now.Before(due) {
		return
	}
	rows, err := readRows([]byte(run.Text(importedFile)), accountColumns())
	if err != nil {
		setPipelineRun(c, run, "errored", "errored")
		return
	}
	counts, add := map[string]int{}, importAccounts(c)
	for _, row := range rows {
		counts[add(row)]++
	}
	run.Attributes["run-data"] = runData(counts, len(rows))
	setPipelineRun(c, run, "completed", "completed")
}

// runData is what a run tells of its rows. Rows of what exists already count as
// errors: they change nothing.
func runData(counts map[string]int, rows int) map[string]any {
	imported := counts[rowImported]
	data := map[string]any{"column-names": []any{}, "estimated-total-count": nil}
	for _, name := range accountColumns() {
		data["column-names"] = append(data["column-names"].([]any), name)
	}
	maps.Copy(data, map[string]any{
		"rows-read": rows, "row-count": rows, "success-count": imported, "created-count": imported, "updated-count": 0,
		"error-count": counts[rowDuplicate] + counts[rowWrong],
	})
	return data
}
