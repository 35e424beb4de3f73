package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

// BenchmarkUse measures what tests of an integration do most: making and passing an inquiry, and
// reading. To compare two commits, copy this file into a work tree of the other one, and run both
// in turn, with a number of iterations such as -benchtime=2000x: a sandbox that grows answers a
// little slower.
func BenchmarkUse(b *testing.B) {
	b.Run("make and simulate", func(b *testing.B) {
		used := newUsed(b)
		for b.Loop() {
			used.simulate(used.create())
		}
	})
	b.Run("make and act", func(b *testing.B) {
		used := newUsed(b)
		for b.Loop() {
			used.act(used.create())
		}
	})
	reads := []struct{ name, method, path, body string }{
		{"list inquiries", "GET", "/inquiries", ""},
		{"list a hundred inquiries", "GET", "/inquiries?page[size]=100", ""},
		{"list by the reference id", "GET", "/inquiries?filter[reference-id]=user", ""},
		{"read an inquiry", "GET", "/inquiries/ID", ""},
		{"read an inquiry with what it includes", "GET", "/inquiries/ID?include=account,verifications,sessions,documents,selfies,template", ""},
		{"list its events", "GET", "/events?filter[object-id]=ID", ""},
		{"search inquiries", "POST", "/inquiries/search", `{"query":{"and":[{"attribute":"status","operator":"eq","value":"approved"},{"attribute":"reference_id","operator":"eq","value":"nobody"}]}}`},
		{"search accounts", "POST", "/accounts/search", `{"query":{"and":[{"attribute":"created_at","operator":"gt","value":"2020-01-01T00:00:00Z"},{"attribute":"fields.email_address","operator":"eq","value":"nobody@example.com"}]}}`},
	}
	for _, read := range reads {
		b.Run(read.name, func(b *testing.B) {
			used := newUsed(b)
			var id string
			for range 200 {
				id = used.create()
				used.simulate(id)
			}
			path := "/api/v1" + strings.ReplaceAll(read.path, "ID", id)
			for b.Loop() {
				used.call(read.method, path, read.body, http.StatusOK)
			}
		})
	}
}

// used is a sandbox without a limit of calls.
type used struct {
	*sandbox.Sandbox
	b *testing.B
}

func newUsed(b *testing.B) used {
	sb, err := sandbox.New(sandbox.Options{RateLimit: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(sb.Close)
	return used{sb, b}
}

func (u used) call(method, path, body string, want int) string {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.RemoteAddr, request.Host = "127.0.0.1:1000", "localhost" // acts come from this machine
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	recorded := httptest.NewRecorder()
	u.ServeHTTP(recorded, request)
	if recorded.Code != want {
		u.b.Fatal(method, path, recorded.Code, recorded.Body)
	}
	return recorded.Body.String()
}

// create returns the id of a new inquiry.
func (u used) create() string {
	answer := u.call("POST", "/api/v1/inquiries", fmt.Sprintf(`{"data":{"attributes":{"inquiry-template-id":%q,"reference-id":"user"}}}`, sandbox.InquiryTemplateID), http.StatusCreated)
	_, id, _ := strings.Cut(answer, `"id":"inq_`)
	id, _, _ = strings.Cut(id, `"`)
	return "inq_" + id
}

// simulate passes an inquiry's verifications and approves it, in one call.
func (u used) simulate(id string) {
	u.call("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", fmt.Sprintf(`{"meta":{"simulate-actions":[{"type":"start_inquiry"},{"type":"create_passed_verification","data":{"verification-template-id":%q}},
		{"type":"create_passed_verification","data":{"verification-template-id":%q}},{"type":"complete_inquiry"},{"type":"approve_inquiry"}]}}`,
		sandbox.GovernmentIDTemplateID, sandbox.SelfieTemplateID), http.StatusOK)
}

// act passes an inquiry's verifications as a person who submits them, and approves it.
func (u used) act(id string) {
	for _, verification := range []string{"verification/government-id", "verification/selfie"} {
		u.call("POST", "/_sandbox/act", fmt.Sprintf(`{"do":"submit","id":%q,"type":%q,"outcome":"passed"}`, id, verification), http.StatusOK)
	}
	u.call("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"complete_inquiry"}]}}`, http.StatusOK)
	u.call("POST", "/api/v1/inquiries/"+id+"/approve", "", http.StatusOK)
}
