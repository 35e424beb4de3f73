package tutorial

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

// Every program runs against a sandbox and prints what its step is about.
func TestThePrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: six programs are built")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "./...").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	server := sandbox.NewServer(t)
	for program, want := range map[string][]string{
		"1-client":   {"of 300 calls left"},
		"2-approve":  {"is Approved"},
		"3-review":   {"inquiry needs_review, case Pending", "opened with 200"},
		"4-simulate": {"pass: completed", "fail: failed", "404 Not Found", "└─ children act_"},
		"5-webhooks": {"good: accepted", "rotating, old secret known: accepted", "rotating, new secret known: accepted"},
		"6-once":     {"refuses to simulate: true", "one inquiry: true", "409 Conflict"},
	} {
		t.Run(program, func(t *testing.T) {
			cmd := exec.Command(filepath.Join(bin, program))
			cmd.Env = append(os.Environ(), "PERSONA_API_KEY="+server.SandboxKey, "PERSONA_BASE_URL="+server.BaseURL())
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, text := range want {
				if !strings.Contains(string(out), text) {
					t.Errorf("printed %q, which lacks %q", out, text)
				}
			}
		})
	}
	t.Run("1-client without a key", func(t *testing.T) {
		cmd := exec.Command(filepath.Join(bin, "1-client"))
		cmd.Env = []string{"HOME=" + t.TempDir()}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "PERSONA_API_KEY") {
			t.Errorf("printed %q, error %v", out, err)
		}
	})
}
