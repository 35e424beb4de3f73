package sandbox_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

// residentInquiries is how many inquiries BenchmarkResident makes and passes.
const residentInquiries = 2_000

// BenchmarkResident reports the resident memory of a process in which inquiries were made and
// passed, after a garbage collection and at its peak. Each measurement has a process of its
// own: no other benchmark is in the figures. To compare two commits, copy this file into a work
// tree of the other one, and run both in turn.
func BenchmarkResident(b *testing.B) {
	if os.Getenv("SANDBOX_RESIDENT") != "" {
		passInquiries(b)
		return
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Skip("the resident memory is read from /proc")
	}
	sum := map[string]float64{}
	n := 0
	for b.Loop() {
		child := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkResident$", "-test.benchtime=1x")
		child.Env = append(os.Environ(), "SANDBOX_RESIDENT=1")
		out, err := child.Output()
		if err != nil {
			b.Fatalf("the child: %v\n%s", err, out)
		}
		n++
		for _, name := range []string{"after-GC", "peak"} {
			_, rest, found := strings.Cut(string(out), name+"=")
			kib, err := strconv.ParseFloat(strings.Fields(rest + " x")[0], 64)
			if !found || err != nil {
				b.Fatalf("the child does not say %s:\n%s", name, out)
			}
			sum[name] += kib / 1024
		}
	}
	for name, total := range sum {
		b.ReportMetric(total/float64(n), name+"-MiB")
	}
}

// passInquiries makes and passes inquiries, and prints the memory of the process.
func passInquiries(b *testing.B) {
	sb, err := sandbox.New(sandbox.Options{RateLimit: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	defer sb.Close()
	post := func(path, body string, want int) string {
		request := httptest.NewRequest("POST", "/api/v1"+path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
		request.Header.Set("Content-Type", "application/json")
		recorded := httptest.NewRecorder()
		sb.ServeHTTP(recorded, request)
		if recorded.Code != want {
			b.Fatal(path, recorded.Code, recorded.Body)
		}
		_, id, _ := strings.Cut(recorded.Body.String(), `"id":"inq_`)
		id, _, _ = strings.Cut(id, `"`)
		return "inq_" + id
	}
	for i := range residentInquiries {
		id := post("/inquiries", fmt.Sprintf(`{"data":{"attributes":{"inquiry-template-id":%q,"reference-id":"user-%d"}}}`, sandbox.InquiryTemplateID, i), http.StatusCreated)
		post("/inquiries/"+id+"/perform-simulate-actions", fmt.Sprintf(`{"meta":{"simulate-actions":[{"type":"create_passed_verification","data":{"verification-template-id":%q}},
			{"type":"create_passed_verification","data":{"verification-template-id":%q}},{"type":"complete_inquiry"},{"type":"approve_inquiry"}]}}`,
			sandbox.GovernmentIDTemplateID, sandbox.SelfieTemplateID), http.StatusOK)
	}
	debug.FreeOSMemory() // a garbage collection, after which what is free is given back
	fmt.Printf("after-GC=%s peak=%s\n", memoryOf(b, "VmRSS:"), memoryOf(b, "VmHWM:"))
}

// memoryOf returns a line of the status of this process, in KiB.
func memoryOf(b *testing.B, name string) string {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == name {
			return words[1]
		}
	}
	b.Fatal(name, "is not in the status")
	return ""
}
