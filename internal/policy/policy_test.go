package policy

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

var (
	inquiryRef = domain.Ref{Type: "inquiry", ID: "inq_1"}
	caseRef    = domain.Ref{Type: "case", ID: "case_1"}
)

// facts are those of an inquiry that came to a status, with a case and verifications.
func facts(status string, verifications ...domain.Object) Facts {
	return Facts{
		Environment:   domain.Sandbox,
		Transition:    domain.Transition{Object: inquiryRef, From: "pending", To: status, Event: "inquiry." + status},
		Inquiry:       &domain.Object{Ref: inquiryRef, Status: status, Attributes: map[string]json.RawMessage{"reference-id": json.RawMessage(`"user-7"`)}},
		Cases:         []domain.Object{{Ref: caseRef, Status: "Open"}},
		Verifications: verifications,
	}
}

func verification(status string, failed ...string) domain.Object {
	checks := []map[string]string{{"name": "selfie_liveness_detection", "status": "passed", "requirement": "required"}}
	for _, name := range failed {
		checks = append(checks, map[string]string{"name": name, "status": "failed", "requirement": "required"})
	}
	raw, _ := json.Marshal(checks)
	return domain.Object{Ref: domain.Ref{Type: "verification/selfie", ID: "ver_1"}, Status: status, Attributes: map[string]json.RawMessage{"checks": raw}}
}

// withheld is a failed verification whose checks the webhook's lists blocked.
var withheld = domain.Object{Ref: domain.Ref{Type: "verification/government-id", ID: "ver_2"}, Status: "failed"}

// withReport are the facts of a person who passed, with a report; hasMatch is JSON, or
// empty where the report has no such attribute.
func withReport(status, hasMatch string) Facts {
	f := facts("completed", verification("passed"))
	report := domain.Object{Ref: domain.Ref{Type: "report/watchlist", ID: "rep_1"}, Status: status, Attributes: map[string]json.RawMessage{}}
	if hasMatch != "" {
		report.Attributes["has-match"] = json.RawMessage(hasMatch)
	}
	f.Reports = []domain.Object{report}
	return f
}

func load(t *testing.T, source string) *Policy {
	t.Helper()
	p, err := Load("policy.yaml", []byte(source), domain.Sandbox)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheDefaultPolicy(t *testing.T) {
	_, source := Default()
	p := load(t, string(source))
	for name, test := range map[string]struct {
		facts Facts
		want  string // rule: actions
	}{
		"passed is approved":                       {facts("completed", verification("passed")), "approve what passed: approve_inquiry set_case_status=Approved"},
		"a failed check is for review":             {facts("completed", verification("passed", "id_tamper_detection")), "review what is doubtful: mark_inquiry_for_review set_case_status=Pending"},
		"a try that failed before one passed":      {facts("completed", verification("failed", "id_tamper_detection"), verification("passed")), "approve what passed: approve_inquiry set_case_status=Approved"},
		"completed without verification":           {facts("completed"), "review what is doubtful: mark_inquiry_for_review set_case_status=Pending"},
		"a failure that hides its checks":          {facts("completed", verification("passed"), withheld), "review what is doubtful: mark_inquiry_for_review set_case_status=Pending"},
		"a verification of an unknown status":      {facts("completed", verification("on_the_moon")), "review what is doubtful: mark_inquiry_for_review set_case_status=Pending"},
		"a report without a match changes nothing": {withReport("ready", "false"), "approve what passed: approve_inquiry set_case_status=Approved"},
		"a report that knows no matches either":    {withReport("ready", ""), "approve what passed: approve_inquiry set_case_status=Approved"},
		"a report's match is for review":           {withReport("ready", "true"), "review what is doubtful: mark_inquiry_for_review set_case_status=Pending"},
		"a report that is not ready":               {withReport("pending", "null"), "review what is doubtful: mark_inquiry_for_review set_case_status=Pending"},
		"a report that failed":                     {withReport("errored", "false"), "review what is doubtful: mark_inquiry_for_review set_case_status=Pending"},
		"failed is for review, with a new link":    {facts("failed", verification("failed", "id_tamper_detection")), "review what failed: mark_inquiry_for_review set_case_status=Pending generate_one_time_link"},
		"approved needs nothing":                   {facts("approved"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			outcomes, err := p.Decide(test.facts)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range outcomes {
				line := o.Rule + ":"
				for _, a := range o.Actions {
					line += " " + string(a.Kind)
					if a.Arguments["status"] != "" {
						line += "=" + a.Arguments["status"]
					}
				}
				got = append(got, line)
			}
			if strings.Join(got, "; ") != test.want {
				t.Errorf("decided %q, want %q", got, test.want)
			}
		})
	}
}

func TestAnExplanationNamesTheFailedChecksAndNoPerson(t *testing.T) {
	_, source := Default()
	outcomes, err := load(t, string(source)).Decide(facts("failed", verification("failed", "id_tamper_detection")))
	if err != nil || len(outcomes) != 1 {
		t.Fatal(outcomes, err)
	}
	if text := outcomes[0].Explanation; !strings.Contains(text, "id_tamper_detection") || strings.Contains(text, "user-7") {
		t.Errorf("explained as %q", text)
	}
}

func TestAThresholdTunesARule(t *testing.T) {
	_, source := Default()
	lenient := strings.Replace(string(source), "failed_checks: 0", "failed_checks: 1", 1)
	outcomes, err := load(t, lenient).Decide(facts("completed", verification("passed", "id_tamper_detection")))
	if err != nil || len(outcomes) != 1 || outcomes[0].Rule != "approve what passed" {
		t.Errorf("decided %v, error %v", outcomes, err)
	}
}

func TestAnInquiryWithoutACaseHasNoCaseActions(t *testing.T) {
	_, source := Default()
	f := facts("completed", verification("passed"))
	f.Cases = nil
	outcomes, err := load(t, string(source)).Decide(f)
	if err != nil || len(outcomes) != 1 || len(outcomes[0].Actions) != 1 {
		t.Errorf("decided %v, error %v", outcomes, err)
	}
}

func TestBadPoliciesAreRefusedWithTheirPlace(t *testing.T) {
	head := "version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n"
	for name, test := range map[string]struct {
		source string
		line   int
		says   string
	}{
		"no YAML":                          {"version: [", 1, ""},
		"an unknown key":                   {"version: \"1\"\nrulez: []\n", 2, "rulez"},
		"no version":                       {"rules: []\n", 1, "version is missing"},
		"an unknown action":                {head + "    then:\n      - shrug\n", 6, "there is no action"},
		"an action without its argument":   {head + "    then:\n      - set_case_status\n", 6, "needs its status"},
		"a condition that does not parse":  {head + "    when: \"1 +\"\n    then: [approve_inquiry]\n", 5, "condition"},
		"a condition on an unknown name":   {head + "    when: inquirie.status == 'x'\n    then: [approve_inquiry]\n", 5, "inquirie"},
		"a condition that is no condition": {head + "    when: \"1 + 1\"\n    then: [approve_inquiry]\n", 5, "not true or false"},
		"two rules of one name":            {head + "    then: [approve_inquiry]\n  - name: r\n    on: {object: inquiry, to: [failed]}\n    then: [approve_inquiry]\n", 6, "two rules"},
		"a rule that does nothing":         {head, 3, "do nothing"},
		"a threshold that is not defined":  {head + "    when: thresholds.risk > 1.0\n    then: [approve_inquiry]\n", 5, `thresholds has no "risk"`},
		"a threshold in brackets":          {head + "    when: thresholds['risk'] > 1.0\n    then: [approve_inquiry]\n", 5, `thresholds has no "risk"`},
		"a condition that is always false": {head + "    when: 1 > 2 && inquiry.status == 'completed'\n    then: [approve_inquiry]\n", 5, "never run"},
		"a status no inquiry has":          {"version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [complted]}\n    then: [approve_inquiry]\n", 4, "complted"},
		"a move from a status to itself":   {"version: \"1\"\nrules:\n  - name: r\n    on: {object: case, to: [Open], from: [Open]}\n    then: [tag_case: x]\n", 4, "same status"},
		"a second document":                {head + "    then: [approve_inquiry]\n---\nversion: \"2\"\n", 1, "several documents"},
		"a meaning that is none":           {"version: \"1\"\ncase_statuses: {Open: maybe}\n", 2, "maybe"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load("policy.yaml", []byte(test.source), domain.Sandbox)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			if e.Line != test.line || e.Column == 0 || !strings.Contains(e.Problem, test.says) {
				t.Errorf("refused with %v, want line %d and %q", e, test.line, test.says)
			}
		})
	}
}

func TestAnErrorOfAConditionHoldsNoValue(t *testing.T) {
	for _, when := range []string{
		"timestamp(inquiry.reference_id) > timestamp('2020-01-01T00:00:00Z')",
		"account[inquiry.reference_id] == 1",
		"inquiry.status.matches(inquiry.reference_id + '(')",
	} {
		p := load(t, "version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n    when: "+when+"\n    then: [approve_inquiry]\n")
		if _, err := p.Decide(facts("completed")); err == nil || strings.Contains(err.Error(), "user-7") {
			t.Errorf("%s: error %v", when, err)
		}
	}
}

func TestProductionRefusesToSimulate(t *testing.T) {
	source := "version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [created]}\n    then:\n      - simulate_inquiry: complete_inquiry\n"
	if _, err := Load("policy.yaml", []byte(source), domain.Production); err == nil {
		t.Error("a production policy that simulates was loaded")
	}
	load(t, source)
}

func TestAConditionThatCannotBeEvaluatedDecidesNothing(t *testing.T) {
	p := load(t, "version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n    when: inquiry.no_such_thing == 1\n    then: [approve_inquiry]\n")
	outcomes, err := p.Decide(facts("completed"))
	if err == nil || len(outcomes) != 0 || !strings.Contains(err.Error(), `"r"`) || !strings.Contains(err.Error(), "no_such_thing") {
		t.Errorf("decided %v, error %v", outcomes, err)
	}
}

func FuzzLoad(f *testing.F) {
	_, source := Default()
	f.Add(source)
	f.Add([]byte("version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n    when: \"1 +\"\n    then: [approve_inquiry]\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		p, err := Load("policy.yaml", source, domain.Sandbox)
		if err == nil && p.Version() == "" {
			t.Error("a policy without a version was loaded")
		}
	})
}
