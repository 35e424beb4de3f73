package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		sb, err := sandbox.New(sandbox.Options{})
		if err != nil {
			b.Fatal(err)
		}
		sb.Close()
	}
}

// BenchmarkGrown compares reads of a sandbox with many inquiries to reads of one with few. It
// also reports the memory for an inquiry with its account and events, and how many of them
// are created per second.
func BenchmarkGrown(b *testing.B) {
	const few, many = 1_000, 200_000
	small, _ := grown(b, few)
	started := time.Now()
	large, size := grown(b, many)
	rate := many / time.Since(started).Seconds()
	reads := map[string]func(inquiryID string) string{
		"get an inquiry":           func(id string) string { return "/inquiries/" + id },
		"list inquiries":           func(string) string { return "/inquiries" },
		"list after a cursor":      func(id string) string { return "/inquiries?page%5Bafter%5D=" + id },
		"list by the reference id": func(string) string { return "/inquiries?filter%5Breference-id%5D=user-500" },
		"list an object's events":  func(id string) string { return "/events?filter%5Bobject-id%5D=" + id },
	}
	for name, path := range reads {
		b.Run(name, func(b *testing.B) {
			var took [2]time.Duration
			for b.Loop() {
				for i, in := range []grownSandbox{small, large} {
					started := time.Now()
					for range 100 {
						if code := in.get(path(in.inquiry)); code != 200 {
							b.Fatal(code)
						}
					}
					took[i] += time.Since(started)
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "×small")
			b.ReportMetric(float64(size)/many, "bytes/inquiry")
			b.ReportMetric(rate, "creations/s")
		})
	}
}

type grownSandbox struct {
	*sandbox.Sandbox
	inquiry string // one in the middle
}

func (g grownSandbox) get(path string) int {
	request := httptest.NewRequest("GET", "/api/v1"+path, nil)
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	recorded := httptest.NewRecorder()
	g.ServeHTTP(recorded, request)
	return recorded.Code
}

// grown returns a sandbox with a number of inquiries, and the memory they take.
func grown(b *testing.B, inquiries int) (grownSandbox, uint64) {
	memory := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := memory()
	sb, err := sandbox.New(sandbox.Options{RateLimit: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(sb.Close)
	g := grownSandbox{Sandbox: sb}
	for i := range inquiries {
		body := fmt.Sprintf(`{"data":{"attributes":{"inquiry-template-id":%q,"reference-id":"user-%d"}}}`, sandbox.InquiryTemplateID, i)
		request := httptest.NewRequest("POST", "/api/v1/inquiries", strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", fmt.Sprintf("2f9c1d1e-0000-4000-8000-%012d", i))
		recorded := httptest.NewRecorder()
		sb.ServeHTTP(recorded, request)
		if recorded.Code != 201 {
			b.Fatal(recorded.Code)
		}
		if i == inquiries/2 {
			var created struct{ Data struct{ ID string } }
			if err := json.Unmarshal(recorded.Body.Bytes(), &created); err != nil {
				b.Fatal(err)
			}
			g.inquiry = created.Data.ID
		}
	}
	return g, memory() - before
}

func BenchmarkGetAnInquiry(b *testing.B) {
	server := sandbox.NewServer(b, sandbox.Options{RateLimit: 1 << 30})
	inquiry, err := server.Client().Inquiries.Create(b.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		b.Fatal(err)
	}
	request := httptest.NewRequest("GET", "/api/v1/inquiries/"+inquiry.ID, nil)
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	for b.Loop() {
		recorded := httptest.NewRecorder()
		server.ServeHTTP(recorded, request)
		if recorded.Code != 200 {
			b.Fatal(recorded.Code)
		}
	}
}

func BenchmarkCreateAnInquiry(b *testing.B) {
	sb, err := sandbox.New(sandbox.Options{RateLimit: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(sb.Close)
	body := fmt.Sprintf(`{"data":{"attributes":{"inquiry-template-id":%q}}}`, sandbox.InquiryTemplateID)
	for b.Loop() {
		request := httptest.NewRequest("POST", "/api/v1/inquiries", strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
		request.Header.Set("Content-Type", "application/json")
		recorded := httptest.NewRecorder()
		sb.ServeHTTP(recorded, request)
		if recorded.Code != 201 {
			b.Fatal(recorded.Code)
		}
	}
}
