package demo

import (
	"log/slog"
	"strings"
	"testing"
)

// The six steps run to their end with every outcome as expected.
func TestRun(t *testing.T) {
	var out strings.Builder
	steps, err := Run(t.Context(), &out, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if len(steps) != 6 || len(steps[5].Lines) == 0 {
		t.Errorf("it returned %+v", steps)
	}
	if strings.Count(out.String(), "\n6  ") != 1 || !strings.HasSuffix(out.String(), "all as expected\n") {
		t.Errorf("printed\n%s", &out)
	}
}
