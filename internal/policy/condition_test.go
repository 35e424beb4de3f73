package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

// rich returns facts with an attribute of every type.
func rich() Facts {
	f := facts("completed", attempt("document", "vtmpl_A", 1, "failed"), attempt("document", "vtmpl_A", 2, "passed"), attempt("document", "vtmpl_B", 3, "failed"),
		selfie(2, "failed", "selfie_liveness_detection"), selfie(4, "passed"))
	inquiry := f.Inquiry
	fields := `{
		"address-country-code": {"type": "choices", "value": "XX"}, "birth_date": {"type": "date", "value": "1990-01-01"},
		"isPep": {"type": "boolean", "value": false}, "age": {"type": "number", "value": 36}, "nothing": {"type": "string", "value": null},
		"income": {"type": "number", "value": 9007199254740993}, "same-key": {"type": "string", "value": "a"}, "same_key": {"type": "string", "value": "b"},
		"name": {"type": "hash", "value": {"first_name": {"type": "string", "value": "Ada"}}},
		"ids": {"type": "array", "value": [{"type": "hash", "value": {"issuing_country": {"type": "string", "value": "DE"}}}]},
		"raw": {"type": "json", "value": {"type": "x", "value": 1}}, "bare": "text"
	}`
	inquiry.Attributes["fields"] = json.RawMessage(fields)
	inquiry.Attributes["tags"] = json.RawMessage(`["vip", null]`)
	inquiry.Attributes["note"] = json.RawMessage(`null`)
	inquiry.Attributes["creator"] = json.RawMessage(`7`)
	inquiry.Attributes["behaviors"] = json.RawMessage(`{"behavior-threat-level": "low", "request-spoof-attempts": 0}`)
	f.Inquiries = []domain.Object{*inquiry}
	f.Sessions = []domain.Object{object(domain.Ref{Type: "inquiry-session", ID: "iqse_1"}, "expired", map[string]any{"is-vpn": true, "latitude": 1.5, "country-code": "DE"})}
	f.Reports = []domain.Object{object(domain.Ref{Type: "report/profile", ID: "rep_1"}, "ready", map[string]any{"has-match": false, "query": map[string]any{"name-first": "Ada"}})}
	f.AccountReports = []domain.Object{object(domain.Ref{Type: "report/watchlist", ID: "rep_2"}, "ready", map[string]any{"has-match": true})}
	f.DeclinedBefore = true
	return f
}

func TestConditionsSeeTheFacts(t *testing.T) {
	for when, want := range map[string]bool{
		`environment == "sandbox"`: true,
		`transition.from == "pending" && transition.event == "inquiry.completed"`:                                                 true,
		`inquiry.id == "inq_1" && inquiry.type == "inquiry" && inquiry.status == "completed" && inquiry.reference_id == "user-7"`: true,
		`account.reference_id == "user-7" && account.status == "Default"`:                                                         true,
		`inquiry.created_at < timestamp("2026-03-03T00:00:00Z")`:                                                                  true,
		`inquiry.created_at + duration("23h") < verifications[0].created_at`:                                                      true,
		`inquiries.all(i, i.status == "completed") && size(inquiries) == 1`:                                                       true,
		`cases.exists(c, c.status == "Open" && c.name == "KYC-1")`:                                                                true,
		`size(attempts) == 5 && size(verifications) == 3`:                                                                         true,
		`size(failed_checks) == 1 && failed_checks[0] == "verification/document"`:                                                 true,
		`attempts[0].checks.all(c, c.status == "passed" && c.requirement == "required" && size(c.metadata) == 0)`:                 true,
		`attempts.exists(a, a.checks.exists(c, "blurred" in c.reasons))`:                                                          true,
		`sessions.exists(s, s.is_vpn && s.latitude > 1 && s.country_code == "DE")`:                                                true,
		`sessions.exists(s, has(s.is_tor) && s.is_tor)`:                                                                           false,
		`declined_before`: true,
		`1 <= thresholds.risk && thresholds.risk == 2.0`:                                                             true,
		`reports[0].query.name_first == "Ada" && has(reports[0].query.name_first)`:                                   true,
		`has(reports[0].query.name_last)`:                                                                            false,
		`inquiry.behaviors["behavior_threat_level"] == "low" && inquiry.behaviors.request_spoof_attempts == 0`:       true,
		`"vip" in inquiry.tags && size(inquiry.tags) == 1`:                                                           true,
		`has(inquiry.note) || has(inquiry.reviewer_comment)`:                                                         false,
		`has(account.reference_id) && has(inquiry.id)`:                                                               true,
		`inquiry.fields["address-country-code"] in ["XX"]`:                                                           true,
		`inquiry.fields["birth-date"] == "1990-01-01" && !inquiry.fields["is-pep"] && inquiry.fields["age"] > 18`:    true,
		`inquiry.fields["name"]["first-name"] == "Ada" && inquiry.fields["name"].first_name == "Ada"`:                false,
		`inquiry.fields["name"]["first-name"] == "Ada"`:                                                              true,
		`inquiry.fields["ids"].exists(i, i["issuing-country"] == "DE")`:                                              true,
		`inquiry.fields["raw"]["value"] == 1 && inquiry.fields["bare"] == "text"`:                                    true,
		`"age" in inquiry.fields`:                                                                                    true,
		`"nothing" in inquiry.fields`:                                                                                false,
		`"same-key" in inquiry.fields`:                                                                               false,
		`passed("selfie") && passed("verification/selfie") && passed("` + selfieTemplate + `") && passed("vtmpl_A")`: true,
		`passed("document")`: true,
		`passed("vtmpl_B")`:  false,
		`passed("government-id") || passed("vtmpl_None")`:   false,
		`latest("document").status == "failed"`:             true,
		`latest("vtmpl_A").status == "passed"`:              true,
		`failed_attempts("document") == 2`:                  true,
		`failed_attempts("vtmpl_A") == 1`:                   true,
		`failed_attempts("government-id") == 0`:             true,
		`clear(reports)`:                                    true,
		`clear(account_reports)`:                            false,
		`clear(account_reports.filter(r, r.id == "rep_3"))`: true,
		`verifications[0] == verifications[0]`:              true,
		`verifications[0] == verifications[1]`:              false,
	} {
		t.Run(when, func(t *testing.T) {
			switch o := holds(t, when, rich()); {
			case when == `passed("document")`: // one of its two templates failed
				if o.Result != domain.NoRule {
					t.Error(outcomeLine(o))
				}
			case strings.Contains(when, ".first_name"): // a key of a template field has one form
				if o.Result != domain.NotEvaluated {
					t.Error(outcomeLine(o))
				}
			case (o.Result == domain.Decided) != want || o.Result == domain.NotEvaluated:
				t.Errorf("%s, reason %q, want %v", outcomeLine(o), o.Reason, want)
			}
		})
	}
}

func TestEvaluationErrorsContainNoValues(t *testing.T) {
	for when, want := range map[string]string{
		`inquiry.note == "x"`:                                  `the inquiry has no "note"`,
		`inquiry.reviewer_comment == "x"`:                      `the inquiry has no "reviewer_comment"`,
		`inquiry.creator == "x"`:                               `the inquiry has a "creator" of another type than documented`,
		`sessions.all(s, s.is_tor == false)`:                   `the session has no "is_tor"`,
		`inquiry.fields["nothing"] == "x"`:                     `there is no "nothing"`,
		`inquiry.fields["same-key"] == "a"`:                    `there is no "same-key"`,
		`inquiry.fields["income"] > 1`:                         `there is no "income"`,
		`inquiry.fields[inquiry.reference_id] == "a"`:          "a value is absent or of a type",
		`latest("government-id").status == "passed"`:           `there is no verification of "government-id"`,
		`timestamp(inquiry.reference_id) > inquiry.created_at`: "a value is absent or of a type",
		`{"a": 1}[inquiry.reference_id] == 1`:                  "a value is absent or of a type",
		`inquiry.status.matches(inquiry.reference_id + "(")`:   "a value is absent or of a type",
		`int(inquiry.reference_id) == 1`:                       "a value is absent or of a type",
		`inquiry.fields["address-country-code"] > 1`:           "a value is absent or of a type",
		`inquiry.fields["age"]`:                                "neither true nor false",
		`verifications[99].status == "passed"`:                 "a value is absent or of a type",
		`attempts.all(a, attempts.all(b, attempts.all(c, attempts.all(d, attempts.all(e, attempts.all(f, attempts.all(g, a.id == b.id || c.id != d.id || e.id != f.id || g.id == a.id || true)))))))`: "too expensive",
	} {
		t.Run(when, func(t *testing.T) {
			f := rich()
			o := holds(t, when, f)
			if o.Result != domain.NotEvaluated || !strings.Contains(o.Reason, want) {
				t.Errorf("%s, reason %q, want %q", outcomeLine(o), o.Reason, want)
			}
			for _, secret := range []string{"user-7", "Ada", "1990"} {
				if strings.Contains(fmt.Sprint(o), secret) {
					t.Errorf("the outcome contains %q: %v", secret, o)
				}
			}
		})
	}
}

func TestAMissingInquiryHasNoAttributes(t *testing.T) {
	f := Facts{Transition: domain.Transition{Object: inquiryRef, To: "completed"}}
	for when, want := range map[string]string{
		`has(inquiry.id) || has(account.status)`: "",
		`inquiry.status == "completed"`:          "there is no inquiry",
		`account.reference_id == "x"`:            "there is no account",
		`"a" in inquiry.fields`:                  "there is no inquiry",
	} {
		if o := holds(t, when, f); o.Reason != want || o.Result == domain.Decided {
			t.Errorf("%s: %s, reason %q", when, outcomeLine(o), o.Reason)
		}
	}
}

func FuzzCondition(f *testing.F) {
	for _, when := range []string{
		`verifications.exists(v, v.status == "passed") && clear(reports)`, `!(has(inquiry.note) && inquiry.note == "x")`, `inquiry.fields["age"] > 18`,
		`latest("selfie").checks.filter(c, c.status == "failed").size() > thresholds.risk`, `passed("vtmpl_A") ? true : "a" in inquiry.fields`,
		`dyn(inquiry).fields.x`, `Inquiry{status: "approved"} == inquiry`, `type(inquiry) == Inquiry`, `[1, 2].map(x, x * 2)`,
	} {
		f.Add(when)
	}
	facts := rich()
	f.Fuzz(func(t *testing.T, when string) {
		p, err := Load("policy.yaml", []byte(ruleWith(when, "approve_inquiry")), domain.Sandbox)
		if err != nil {
			return
		}
		o := p.Decide(facts)
		if o.Result == domain.NotEvaluated && o.Reason == "" || strings.Contains(o.Reason, "user-7") && !strings.Contains(when, "user-7") {
			t.Errorf("%s: %v", when, o)
		}
	})
}
