package main

import (
	"os"
	"strings"
	"testing"

	"github.com/idemhq/idem/cmd/idem/internal/dev"
)

// The call that the documents show is the one that `idem dev` prints, which dev.txtar runs.
func TestTheDocumentsShowTheCallThatIdemDevPrints(t *testing.T) {
	var printed strings.Builder
	printDev(&printed, dev.Addresses{Service: "http://127.0.0.1:8080", Sandbox: "http://127.0.0.1:8090"}, "data")
	call := ""
	for line := range strings.Lines(printed.String()) {
		if strings.Contains(line, "/verifications") {
			call = strings.TrimSpace(line)
		}
	}
	for _, path := range []string{"../../README.md", "../../docs/service.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if call == "" || !strings.Contains(string(text), call) {
			t.Errorf("%s does not show %q", path, call)
		}
	}
}
