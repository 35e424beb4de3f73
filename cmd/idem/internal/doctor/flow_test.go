package doctor

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

// flowAt checks a flow at an invented Persona, which answers paths with a status and a body.
func flowAt(t *testing.T, environment service.Environment, answers map[string]string) Finding {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body, _ := strings.Cut(answers[strings.TrimPrefix(r.URL.Path, "/api/v1")], " ")
		code := http.StatusNotFound
		if _, err := fmt.Sscan(status, &code); err != nil && status != "" {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	client, err := persona.NewClient(persona.WithAPIKey("persona_"+string(environment)+"_x"), persona.WithBaseURL(server.URL+"/api/v1"), persona.WithMaxRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	a := account{client: client, environment: environment, settings: service.EnvironmentConfig{Flows: map[string]service.FlowConfig{"kyc": {InquiryTemplate: "itmpl_1"}}}}
	var found []Finding
	a.flows(t.Context(), func(f Finding) { found = append(found, f) })
	if len(found) != 1 || found[0].Check != "flow kyc" {
		t.Fatalf("found %+v", found)
	}
	return found[0]
}

func TestTheTemplateOfAFlowIsChecked(t *testing.T) {
	template := func(status, version string) string {
		return `200 {"data":{"type":"inquiry-template","id":"itmpl_1","attributes":{"status":"` + status + `"},"relationships":{"latest-published-version":{"data":` + version + `}}}}`
	}
	const version = `{"type":"inquiry-template-version","id":"itmplv_1"}`
	const one, all, inquiries = "/inquiry-templates/itmpl_1", "/inquiry-templates", "/inquiries"
	const anInquiry = `200 {"data":[{"type":"inquiry","id":"inq_1","attributes":{"status":"approved"}}],"links":{"prev":null,"next":null}}`
	const empty = `200 {"data":[],"links":{"prev":null,"next":null}}`
	for name, c := range map[string]struct {
		environment service.Environment
		answers     map[string]string
		want        found
	}{
		"an active template":                             {service.Production, map[string]string{one: template("active", version)}, found{OK, "active"}},
		"an inactive template":                           {service.Production, map[string]string{one: template("inactive", version)}, found{Problem, "is inactive"}},
		"a template that was never published":            {service.Production, map[string]string{one: template("active", "null")}, found{Warning, "no published version"}},
		"no template":                                    {service.Production, map[string]string{one: "404 {}", all: empty}, found{Problem, "there is no template itmpl_1"}},
		"an id that Persona rejects":                     {service.Production, map[string]string{one: "400 {}"}, found{Problem, "400"}},
		"Persona does not answer":                        {service.Production, map[string]string{one: "503 {}"}, found{Skipped, "503"}},
		"a key without the permission":                   {service.Production, map[string]string{one: "403 {}", inquiries: empty}, found{Skipped, "does not show"}},
		"a sandbox key, before the first inquiry":        {service.Sandbox, map[string]string{one: "403 {}", inquiries: empty}, found{Skipped, "does not show"}},
		"a sandbox key, after the first inquiry":         {service.Sandbox, map[string]string{one: "403 {}", inquiries: anInquiry}, found{OK, "has an inquiry"}},
		"a sandbox key that is answered with 401":        {service.Sandbox, map[string]string{one: "401 {}", inquiries: anInquiry}, found{OK, "has an inquiry"}},
		"a sandbox key for which there are no templates": {service.Sandbox, map[string]string{one: "404 {}", all: "404 {}", inquiries: empty}, found{Skipped, "does not show"}},
		"a key that may read nothing":                    {service.Sandbox, map[string]string{one: "403 {}", inquiries: "403 {}"}, found{Skipped, "does not show"}},
	} {
		f := flowAt(t, c.environment, c.answers)
		if f.Level != c.want.level || !strings.Contains(f.Found, c.want.says) || (f.Do == "") != (f.Level == OK) {
			t.Errorf("%s: %+v, want %+v", name, f, c.want)
		}
	}
	if f := flowAt(t, service.Sandbox, map[string]string{one: "403 {}"}); !strings.Contains(f.Do, "idem verify REFERENCE --flow kyc") {
		t.Errorf("what to do in the sandbox: %s", f.Do)
	}
}

func TestFlowsAreCheckedAtTheLocalSandbox(t *testing.T) {
	s := sandbox.NewServer(t, sandbox.Options{RateLimit: 10_000})
	check := func(environment service.Environment, client *persona.Client) map[string]Level {
		a := account{client: client, environment: environment, settings: service.EnvironmentConfig{Flows: map[string]service.FlowConfig{
			"kyc": {InquiryTemplate: sandbox.InquiryTemplateID}, "kyb": {InquiryTemplate: "itmpl_Absent"},
		}}}
		levels := map[string]Level{}
		a.flows(t.Context(), func(f Finding) { levels[f.Check] = f.Level })
		return levels
	}
	want := func(name string, got map[string]Level, kyc, kyb Level) {
		t.Helper()
		if len(got) != 2 || got["flow kyc"] != kyc || got["flow kyb"] != kyb {
			t.Errorf("%s: found %v", name, got)
		}
	}
	want("a production key", check(service.Production, s.Client(persona.WithAPIKey(sandbox.ProductionKey), persona.WithEnvironment(persona.Production))), OK, Problem)
	want("a sandbox key", check(service.Sandbox, s.Client()), Skipped, Skipped)
	if _, err := s.Client().Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)}); err != nil {
		t.Fatal(err)
	}
	want("a sandbox key, after the first inquiry", check(service.Sandbox, s.Client()), OK, Skipped)
}
