package sandbox

import (
	"maps"
	"slices"
	"time"
)

// pipelineTime is how long a run of an importer pipeline takes.
const pipelineTime = time.Second

// runPipeline starts a run of an importer pipeline, which reads accounts from rows.
// There are no operations for pipelines: they are run at the dashboard, or on a
// schedule.
func runPipeline(c *change, pipeline *resource, a Act) (*resource, error) {
	if a.Rows == "" {
		return nil, badRequest("rows is missing")
	}
	run := c.create("importer-pipeline-run", "mprtpr", map[string]any{
		"status": "pending", "run-count": pipelineRuns(c, pipeline) + 1, "updated-at": stamp(c.now), importedFile: a.Rows,
		"run-data": runData(nil, 0),
	}, map[string]any{"importer-pipeline": pipeline.identifier()})
	run.attributes["started-at"] = stamp(c.now)
	c.setPipelineRun(run, "running", "started")
	return run, nil
}

// pipelineRuns counts the runs of a pipeline.
func pipelineRuns(c *change, pipeline *resource) (runs int) {
	for run := range c.all("importer-pipeline-run") {
		if run.one("importer-pipeline") == pipeline.id {
			runs++
		}
	}
	return runs
}

// setPipelineRun gives a run a status. One that runs, or runs again, ends in a while.
func (c *change) setPipelineRun(run *resource, status, event string) {
	run.attributes["status"], run.attributes["updated-at"] = status, stamp(c.now)
	delete(run.attributes, nextRun)
	if status == "running" {
		run.attributes[nextRun] = stamp(c.now.Add(pipelineTime))
		c.remind(c.now.Add(pipelineTime), run.id)
	} else if status != "paused" {
		run.attributes["ended-at"] = stamp(c.now)
		delete(run.attributes, importedFile)
	}
	c.emit("importer-pipeline-run."+event, run, nil)
}

func pausePipelineRun(c *change, run *resource, _ Act) (*resource, error) {
	return c.movePipelineRun(run, []string{"running"}, "paused", "paused")
}

func resumePipelineRun(c *change, run *resource, _ Act) (*resource, error) {
	return c.movePipelineRun(run, []string{"paused"}, "running", "resumed")
}

func cancelPipelineRun(c *change, run *resource, _ Act) (*resource, error) {
	return c.movePipelineRun(run, []string{"running", "paused"}, "canceled", "canceled")
}

func (c *change) movePipelineRun(run *resource, from []string, to, event string) (*resource, error) {
	if status := run.text("status"); !slices.Contains(from, status) {
		return nil, conflict("a run that is " + status + " cannot become " + to)
	}
	c.setPipelineRun(run, to, event)
	return run, nil
}

// pipelineRunDue imports the rows of a run that is at its end, as an importer does.
func (c *change) pipelineRunDue(run *resource) {
	if due := run.time(nextRun); due.IsZero() || c.now.Before(due) {
		return
	}
	rows, err := readRows([]byte(run.text(importedFile)), accountColumns())
	if err != nil {
		c.setPipelineRun(run, "errored", "errored")
		return
	}
	counts, add := map[string]int{}, c.importAccounts()
	for _, row := range rows {
		counts[add(row)]++
	}
	run.attributes["run-data"] = runData(counts, len(rows))
	c.setPipelineRun(run, "completed", "completed")
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
