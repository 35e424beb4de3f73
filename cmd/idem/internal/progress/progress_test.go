package progress_test

import (
	"bytes"
	"testing"

	"github.com/idemhq/idem/cmd/idem/internal/progress"
)

func TestNothingIsDrawnUnlessItIsOnATerminal(t *testing.T) {
	var out bytes.Buffer
	bar := progress.New(&out, "working")
	for _, done := range []float64{0, 0.5, 0.2, 1, 1} {
		bar.Show(done, "working")
	}
	bar.End()
	if out.Len() > 0 {
		t.Errorf("it draws %q", out.String())
	}
}
