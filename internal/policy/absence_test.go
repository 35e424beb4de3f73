package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

func TestARuleThatApprovesByAbsenceIsRejected(t *testing.T) {
	for name, when := range map[string]string{
		"not has":                              `!has(inquiry.note)`,
		"has under a negation":                 `reports.all(r, !(has(r.has_match) && r.has_match == true))`,
		"has under three negations":            `!(!(!has(inquiry.note)))`,
		"not has, or a good value":             `reports.all(r, !has(r.has_match) || r.has_match == false)`,
		"no element that has":                  `!reports.exists(r, has(r.has_match) && r.has_match)`,
		"not all elements have":                `!verifications.all(v, has(v.submitted_at))`,
		"exactly one element has":              `reports.exists_one(r, has(r.has_match))`,
		"has in a filter":                      `reports.filter(r, has(r.has_match)).all(r, r.has_match == false)`,
		"has in a filter that is counted":      `size(reports.filter(r, has(r.has_match) && r.has_match)) == 0`,
		"has in a map":                         `reports.map(r, has(r.has_match)).all(h, h == false)`,
		"has in the condition of a map":        `reports.map(r, has(r.has_match), r.has_match).all(h, h == false)`,
		"has as a ternary's condition":         `has(inquiry.note) ? inquiry.note == "ok" : true`,
		"not has in a ternary's branch":        `inquiry.status == "completed" ? !has(inquiry.note) : false`,
		"has == false":                         `has(inquiry.note) == false`,
		"false == has":                         `false == has(inquiry.note)`,
		"has != true":                          `has(inquiry.note) != true`,
		"has compared with has":                `has(inquiry.note) == has(inquiry.creator)`,
		"has smaller than true":                `has(inquiry.note) < true`,
		"has in a list":                        `[has(inquiry.note)].all(h, !h)`,
		"has in a mapping":                     `{"a": has(inquiry.note)}["a"] == false`,
		"has as the argument of a function":    `string(has(inquiry.note)) == "false"`,
		"a template field that is not in":      `!("risk" in inquiry.fields)`,
		"a template field in == false":         `("risk" in inquiry.fields) == false`,
		"a value that is not in metadata":      `verifications.all(v, v.checks.all(c, !("risk" in c.metadata)))`,
		"a value that is not in any value":     `!("risk" in inquiry.fields["signals"])`,
		"the keys of a mapping":                `verifications.all(v, v.checks.all(c, c.metadata.all(k, k != "risk")))`,
		"a mapping that is counted":            `verifications.all(v, v.checks.all(c, size(c.metadata) == 0))`,
		"a mapping whose own size is compared": `verifications.all(v, v.checks.all(c, c.metadata.size() == 0))`,
		"a mapping that is compared":           `verifications.all(v, v.checks.all(c, c.metadata == {"a": 1}))`,
		"not clear":                            `!clear(reports)`,
		"clear == false":                       `clear(reports) == false`,
		"not passed":                           `!passed("selfie")`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, then := range []string{"approve_inquiry", "simulate_inquiry: approve_inquiry", "tag_inquiry: x, approve_inquiry"} {
				_, err := Load("policy.yaml", []byte(ruleWith(when, then)), domain.Sandbox)
				var e *Error
				if !errors.As(err, &e) || e.Line != 6 || e.Column == 0 || !strings.Contains(e.Problem, "because a value is absent") {
					t.Errorf("with %s: error %v", then, err)
				}
			}
			load(t, ruleWith(when, "decline_inquiry")) // a rule that does not approve may test for absence
		})
	}
}

func TestARuleThatApprovesByCaseStatusMayNotApproveByAbsence(t *testing.T) {
	source := "case_statuses: {Fine: approved}\n" + ruleWith("!has(inquiry.note)", "set_case_status: Fine")
	if _, err := Load("policy.yaml", []byte(source), domain.Sandbox); err == nil {
		t.Error("it was loaded")
	}
	load(t, "case_statuses: {Fine: review}\n"+ruleWith("!has(inquiry.note)", "set_case_status: Fine"))
}

func TestARuleMayApproveByPresence(t *testing.T) {
	for name, when := range map[string]string{
		"has and a value":              `has(inquiry.note) && inquiry.note == "ok"`,
		"has or another":               `has(inquiry.note) || has(inquiry.creator)`,
		"has under two negations":      `!(!has(inquiry.note))`,
		"has in all and exists":        `reports.all(r, has(r.has_match)) && sessions.exists(s, has(s.is_vpn))`,
		"no element that lacks":        `!reports.exists(r, !has(r.has_match))`,
		"has == true":                  `has(inquiry.note) == true`,
		"has != false":                 `has(inquiry.note) != false`,
		"has in a ternary's branch":    `inquiry.status == "completed" ? has(inquiry.note) : false`,
		"a template field":             `"country" in inquiry.fields && inquiry.fields["country"] == "DE"`,
		"a value that is not in these": `!(inquiry.fields["address-country-code"] in ["KP", "IR"])`,
		"a value that is not another":  `inquiry.fields["address-country-code"] != "KP"`,
		"what passed":                  `passed("selfie") && passed("vtmpl_Acme") && clear(reports)`,
		"what did not fail":            `!verifications.exists(v, v.status == "failed") && failed_attempts("selfie") < 3`,
		"the tags":                     `!("blocked" in inquiry.tags)`,
	} {
		t.Run(name, func(t *testing.T) { load(t, ruleWith(when, "approve_inquiry")) })
	}
}

// The same holds when conditions are evaluated: removing a value never turns another result
// into an approval.
func TestRemovingAValueNeverCausesAnApproval(t *testing.T) {
	for _, when := range []string{
		`reports.all(r, r.has_match == false)`, `!reports.exists(r, r.has_match)`, `reports.all(r, !r.has_match)`, `!(reports[0].has_match == true)`,
	} {
		f := withReport("ready", false)
		if o := load(t, ruleWith(when, "approve_inquiry")).Decide(f); o.Result != domain.Decided {
			t.Errorf("%s with the value: %s", when, outcomeLine(o))
		}
		for _, absent := range []any{nil, "withheld", "no boolean"} {
			o := load(t, ruleWith(when, "approve_inquiry")).Decide(withReport("ready", absent))
			if o.Result != domain.NotEvaluated || outcomeLine(o) != "not_evaluated by the rule: mark_inquiry_for_review on inq_1" {
				t.Errorf("%s with %v: %s", when, absent, outcomeLine(o))
			}
		}
	}
}
