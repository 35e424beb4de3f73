package resources

import (
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// pipelineTime is how long a run of an importer pipeline takes.
const pipelineTime = time.Second

// PipelineRuns returns how many runs of a pipeline there were.
func PipelineRuns(c *engine.Change, pipeline *storage.Resource) (runs int) {
	for run := range c.All("importer-pipeline-run") {
		if run.One("importer-pipeline") == pipeline.ID {
			runs++
		}
	}
	return runs
}

// SetPipelineRun sets the status of a run, and emits the event. A run that is running ends
// later.
func SetPipelineRun(c *engine.Change, run *storage.Resource, status, event string) {
	run.Attributes["status"] = status
	c.Stamp(run, "updated-at")
	delete(run.Attributes, nextRun)
	switch status {
	case "running":
		wait(c, run, nextRun, pipelineTime)
	case "paused":
	default:
		c.Stamp(run, "ended-at")
		delete(run.Attributes, ImportedFile)
	}
	c.Emit("importer-pipeline-run."+event, run, nil)
}

// MovePipelineRun sets the status of a run that has one of the statuses from.
func MovePipelineRun(c *engine.Change, run *storage.Resource, from []string, to, event string) (*storage.Resource, error) {
	if status := run.Text("status"); !slices.Contains(from, status) {
		return nil, engine.Conflict("a run that is " + status + " cannot become " + to)
	}
	SetPipelineRun(c, run, to, event)
	return run, nil
}

// pipelineRunDue imports the rows of a run that is due, as an importer does.
func pipelineRunDue(c *engine.Change, run *storage.Resource) {
	if !due(c, run, nextRun) {
		return
	}
	rows, err := readRows([]byte(run.Text(ImportedFile)), accountColumns())
	if err != nil {
		SetPipelineRun(c, run, "errored", "errored")
		return
	}
	counts, add := map[string]int{}, importAccounts(c)
	for _, row := range rows {
		counts[add(row)]++
	}
	run.Attributes["run-data"] = RunData(counts, len(rows))
	SetPipelineRun(c, run, "completed", "completed")
}

// RunData returns the counters of a run. Rows of accounts that exist already change nothing
// and count as errors.
func RunData(counts map[string]int, rows int) map[string]any {
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
