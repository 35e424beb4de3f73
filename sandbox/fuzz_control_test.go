package sandbox_test

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

// FuzzParseFault parses any text as a fault. A fault that was parsed can be added.
func FuzzParseFault(f *testing.F) {
	f.Add("kind=status_after,operation=Cases.SetStatus,status=503,rate=0.1")
	f.Add("kind=late_delivery,event=inquiry.approved,delay=90s,after=1,times=2")
	f.Add("kind=lost_answer,rate=NaN")
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(sb.Close)
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := sandbox.ParseFault(text)
		if err != nil {
			return
		}
		if err := sb.AddFault(fault); err != nil {
			t.Errorf("%q was read and cannot be added: %v", text, err)
		}
		sb.ClearFaults()
	})
}

// FuzzReadSeed reads any text as a seed file. It is refused, or a sandbox with it works.
func FuzzReadSeed(f *testing.F) {
	example, err := os.ReadFile("../examples/sandbox/seed.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("sandbox:\n  accounts:\n    - {fields: {a: [1, {b: 2}]}, relations: {parent: [act_1]}}\n")
	f.Add("clock: 0000-01-01T00:00:00Z\nrate_limit: 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(text))
		if err != nil {
			return
		}
		sb, err := sandbox.New(sandbox.Options{Seed: seed})
		if err != nil {
			return
		}
		defer sb.Close()
		recorded := httptest.NewRecorder()
		request := httptest.NewRequest("GET", "http://localhost/_sandbox/sandbox/", nil)
		request.RemoteAddr = "127.0.0.1:1"
		if sb.ServeHTTP(recorded, request); recorded.Code != 200 {
			t.Errorf("%d for %q", recorded.Code, text)
		}
	})
}
