package acts

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// resumeWorkflowRun lets a run that failed go on. It ends well then.
func resumeWorkflowRun(c *engine.Change, run *storage.Resource, _ Act) (*storage.Resource, error) {
	if status := run.Text("status"); status != "errored" {
		return nil, engine.Conflict("a run that is " + status + " cannot be resumed")
	}
	run.Attributes[resources.RunOutcome] = "completed"
	resources.StartRun(c, run, "workflow-run.resumed")
	return run, nil
}
