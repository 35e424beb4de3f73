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

// PipelineRuns counts the runs of a pipeline.
func PipelineRuns(c *engine.Change, pipeline *storage.Resource) (runs int) {
	for run := range c.All("importer-pipeline-run") {
		if run.One("importer-pipeline") == pipeline.ID {
			runs++
		}
	}
	return runs
}

// SetPipelineRun gives a run a status. One that runs, or runs again, ends in a while.
func SetPipelineRun(c *engine.Change, run *storage.Resource, status, event string) {
	run.Attributes["status"], run.Attributes["updated-at"] = status, simclock.Stamp(c.Now)
	delete(run.Attributes, nextRun)
	if status == "running" {
		run.Attributes[nextRun] = simclock.Stamp(c.Now.Add(pipelineTime))
		c.Schedule(c.Now.Add(pipelineTime), run.ID)
	} else if status != "paused" {
		run.Attributes["ended-at"] = simclock.Stamp(c.Now)
		delete(run.Attributes, ImportedFile)
	}
	c.Emit("importer-pipeline-run."+event, run, nil)
}

func MovePipelineRun(c *engine.Change, run *storage.Resource, from []string, to, event string) (*storage.Resource, error) {
	if status := run.Text("status"); !slices.Contains(from, status) {
		return nil, engine.Conflict("a run that is " + status + " cannot become " + to)
	}
	SetPipelineRun(c, run, to, event)
	return run, nil
}

// pipelineRunDue imports the rows of a run that is at its end, as an importer does.
func pipelineRunDue(c *engine.Change, run *storage.Resource) {
	if due := run.Time(nextRun); due.IsZero() || c.Now.Before(due) {
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

// RunData is what a run tells of its rows. Rows of what exists already count as
// errors: they change nothing.
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
