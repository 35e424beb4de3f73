package sandbox_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestARunOfAWorkflow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields map[string]any
		status string
		events []string
	}{
		"ends well":                 {map[string]any{}, "completed", []string{"workflow-run.created"}},
		"fails when it is asked to": {map[string]any{"outcome": "errored"}, "errored", []string{"workflow-run.created", "workflow-run.errored"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, frozen())
			client, ctx := server.client(), t.Context()
			run, err := client.Workflows.Trigger(ctx, sandbox.WorkflowID, persona.WorkflowTriggerParams{Fields: test.fields})
			ok(t, err)
			if run.Attributes.Status != "in_progress" {
				t.Errorf("a new run is %s", run.Attributes.Status)
			}
			server.Advance(time.Second)
			got, err := client.WorkflowRuns.Get(ctx, run.ID, persona.WithInclude("workflow-version"))
			ok(t, err)
			if string(got.Attributes.Status) != test.status || got.Attributes.CompletedAt.IsZero() != (test.status == "errored") || len(got.Included) != 1 {
				t.Errorf("the run is %+v", got.Attributes)
			}
			if got := events(t, client); !slices.Equal(got, test.events) {
				t.Errorf("events are %v", got)
			}
			for status, want := range map[string]int{test.status: 1, "in_progress": 0, "": 1} {
				page, err := client.WorkflowRuns.ListPage(ctx, persona.WorkflowRunListParams{Status: status})
				ok(t, err)
				if len(page.Data) != want {
					t.Errorf("there are %d runs that are %q", len(page.Data), status)
				}
			}
		})
	}
}

func TestAWorkflowThatCannotBeTriggered(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, frozen()).client(), t.Context()
	if _, err := client.Workflows.Trigger(ctx, "wfl_unknown", persona.WorkflowTriggerParams{Fields: map[string]any{}}); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown workflow: %v", err)
	}
	if _, err := client.Workflows.Trigger(ctx, sandbox.WorkflowID, persona.WorkflowTriggerParams{Fields: map[string]any{"outcome": "maybe"}}); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("an unknown outcome: %v", err)
	}
	if _, err := client.WorkflowRuns.Get(ctx, "wfr_unknown"); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown run: %v", err)
	}
}

func TestTheVersionsOfAWorkflow(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, frozen()).client(), t.Context()
	for id, want := range map[string]int{sandbox.WorkflowID: 1, "wfl_unknown": 0} {
		page, err := client.WorkflowVersions.ListPage(ctx, persona.WorkflowVersionListParams{WorkflowID: id})
		ok(t, err)
		if len(page.Data) != want {
			t.Errorf("%s has %d versions", id, len(page.Data))
		}
	}
	if _, err := client.WorkflowVersions.ListPage(ctx, persona.WorkflowVersionListParams{}); err == nil {
		t.Error("versions are listed without a workflow")
	}
}
