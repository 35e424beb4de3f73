package policy

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

// Functions that build facts for tests. All data is invented.

var (
	inquiryRef = domain.Ref{Type: "inquiry", ID: "inq_1"}
	caseRef    = domain.Ref{Type: "case", ID: "case_1"}
	accountRef = domain.Ref{Type: "account", ID: "act_1"}
)

const (
	governmentIDTemplate = "vtmpl_GovernmentId"
	selfieTemplate       = "vtmpl_Selfie"
)

// facts returns the facts of an inquiry with a status, an account, an open case and
// attempts at verifications.
func facts(status string, attempts ...domain.Object) Facts {
	inquiry := object(inquiryRef, status, map[string]any{"reference-id": "user-7", "created-at": day(1)})
	account := object(accountRef, "Default", map[string]any{"reference-id": "user-7"})
	return Facts{
		Environment:   domain.Sandbox,
		Transition:    domain.Transition{Object: inquiryRef, From: "pending", To: status, Event: "inquiry." + status},
		Inquiry:       &inquiry,
		Inquiries:     []domain.Object{inquiry},
		Account:       &account,
		Cases:         []domain.Object{object(caseRef, "Open", map[string]any{"name": "KYC-1"})},
		Verifications: attempts,
	}
}

// caseFacts returns the facts of a case with a status and two inquiries.
func caseFacts(status string) Facts {
	f := facts("completed")
	f.Transition = domain.Transition{Object: caseRef, From: "Open", To: status, Event: "case.status-updated"}
	f.Cases[0].Status = status
	f.Inquiries = append(f.Inquiries, object(domain.Ref{Type: "inquiry", ID: "inq_0"}, "completed", map[string]any{"created-at": day(0)}))
	return f
}

func object(ref domain.Ref, status string, attributes map[string]any) domain.Object {
	o := domain.Object{Environment: domain.Sandbox, Ref: ref, Status: status, Attributes: map[string]json.RawMessage{}}
	for name, value := range attributes {
		raw, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		o.Attributes[name] = raw
	}
	return o
}

// day returns a time on a day of March.
func day(n int) string { return fmt.Sprintf("2026-03-%02dT12:00:00.000Z", n+1) }

// attempt returns a verification of a kind and template that was created on a day. failed
// are the names of the required checks that failed.
func attempt(kind, template string, created int, status string, failed ...string) domain.Object {
	checks := []map[string]any{{"name": "selfie_liveness_detection", "status": "passed", "requirement": "required", "reasons": []any{}, "metadata": map[string]any{}}}
	for _, name := range failed {
		checks = append(checks, map[string]any{"name": name, "status": "failed", "requirement": "required", "reasons": []any{nil, "blurred"}, "metadata": map[string]any{}})
	}
	v := object(domain.Ref{Type: "verification/" + kind, ID: fmt.Sprintf("ver_%s_%s_%d", kind, template, created)}, status,
		map[string]any{"created-at": day(created), "checks": checks})
	if template != "" {
		v.Relationships = map[string][]domain.Ref{"verification-template": {{Type: "verification-template/" + kind, ID: template}}}
	}
	return v
}

// selfie returns a selfie verification.
func selfie(created int, status string, failed ...string) domain.Object {
	return attempt("selfie", selfieTemplate, created, status, failed...)
}

// withReport returns the facts of a person who passed and has a report. hasMatch nil means
// null, and "withheld" means absent.
func withReport(status string, hasMatch any) Facts {
	f := facts("completed", selfie(1, "passed"))
	report := object(domain.Ref{Type: "report/watchlist", ID: "rep_1"}, status, map[string]any{"has-match": hasMatch})
	if hasMatch == "withheld" {
		delete(report.Attributes, "has-match")
	}
	f.Reports = []domain.Object{report}
	return f
}

func load(t testing.TB, source string) *Policy {
	t.Helper()
	p, err := Load("policy.yaml", []byte(source), domain.Sandbox)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ruleWith returns a policy of one rule for completed inquiries, with a condition and an
// action.
func ruleWith(when, then string) string {
	quoted, _ := json.Marshal(when) // JSON is YAML
	return fmt.Sprintf("version: \"1\"\nthresholds: {risk: 2}\nrules:\n  - name: the rule\n    on: {object: inquiry, to: [completed]}\n    when: %s\n    then: [%s]\n", quoted, then)
}

// holds decides with one rule that has the condition when, and returns the outcome.
func holds(t testing.TB, when string, f Facts) Outcome {
	t.Helper()
	return load(t, ruleWith(when, "decline_inquiry")).Decide(f)
}

// outcomeLine returns an outcome as one line: the result, the rule, and the actions with their
// targets.
func outcomeLine(o Outcome) string {
	line := string(o.Result)
	if o.Rule != "" {
		line += " by " + o.Rule
	}
	for i, a := range o.Actions {
		if line += ","; i == 0 {
			line = line[:len(line)-1] + ":"
		}
		line += " " + string(a.Spec.Kind)
		for _, argument := range a.Spec.Arguments {
			line += " " + argument
		}
		if a.Spec.Target.ID == "" {
			line += " on nothing"
		} else {
			line += " on " + a.Spec.Target.ID
		}
	}
	return line
}
