package policy

import (
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

func TestTheDefaultPolicy(t *testing.T) {
	const (
		approved = "decided by approve what passed: approve_inquiry on inq_1, set_case_status Approved on case_1"
		reviewed = "decided by review the rest: mark_inquiry_for_review on inq_1, set_case_status Pending on case_1"
	)
	_, source := Default()
	p := load(t, string(source))
	if warnings := p.Warnings(); len(warnings) > 0 {
		t.Errorf("it has warnings: %q", warnings)
	}
	hidden := selfie(1, "failed")
	delete(hidden.Attributes, "checks")
	for name, test := range map[string]struct {
		facts Facts
		want  string
	}{
		"a person who passed is approved":                        {facts("completed", selfie(1, "passed")), approved},
		"a failed check leads to review":                         {facts("completed", selfie(1, "passed", "id_tamper_detection")), reviewed},
		"a failed attempt before a passed one does not count":    {facts("completed", selfie(1, "failed", "id_tamper_detection"), selfie(2, "passed")), approved},
		"a failed attempt after a passed one counts":             {facts("completed", selfie(1, "passed"), selfie(2, "failed", "id_tamper_detection")), reviewed},
		"the order in which attempts are read does not matter":   {facts("completed", selfie(2, "passed"), selfie(1, "failed", "id_tamper_detection")), approved},
		"each template counts":                                   {facts("completed", attempt("document", "vtmpl_A", 1, "failed", "document_type_detection"), attempt("document", "vtmpl_B", 2, "passed")), reviewed},
		"each type without a template counts":                    {facts("completed", attempt("document", "", 1, "failed"), attempt("selfie", "", 2, "passed")), reviewed},
		"completed without a verification leads to review":       {facts("completed"), reviewed},
		"a failure without checks leads to review":               {facts("completed", attempt("government-id", governmentIDTemplate, 1, "passed"), hidden), reviewed},
		"an unknown status of a verification leads to review":    {facts("completed", selfie(1, "on_the_moon")), reviewed},
		"a report without a match does not prevent approval":     {withReport("ready", false), approved},
		"a report without a result leads to review":              {withReport("ready", "withheld"), reviewed},
		"a report whose result is null leads to review":          {withReport("ready", nil), reviewed},
		"a report whose result is not a boolean leads to review": {withReport("ready", "false"), reviewed},
		"a report with a match leads to review":                  {withReport("ready", true), reviewed},
		"a report that is not ready leads to review":             {withReport("pending", false), reviewed},
		"a report that failed leads to review":                   {withReport("errored", false), reviewed},
		"failed leads to review, with a new link":                {facts("failed", selfie(1, "failed", "id_tamper_detection")), "decided by review what failed: mark_inquiry_for_review on inq_1, set_case_status Pending on case_1, generate_one_time_link on inq_1"},
		"the policy does not apply to a reviewer's decision":     {facts("approved"), "no_rule_matched"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := outcomeLine(p.Decide(test.facts)); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// ordered returns a policy with rules that begin with these lines.
func ordered(rules ...string) string {
	return "version: \"1\"\ncase_statuses: {Open: review, Approved: approved, Fine: approved, Declined: declined}\nrules:\n" + strings.Join(rules, "")
}

const (
	strict     = "  - {name: strict, on: {object: inquiry, to: [completed]}, when: size(failed_checks) > 0, then: [decline_inquiry]}\n"
	approveAll = "  - {name: approve, on: {object: inquiry, to: [completed]}, then: [approve_inquiry]}\n"
	tagFirst   = "  - {name: tag, on: {object: inquiry, to: [completed]}, then: [tag_inquiry: seen, tag_account: seen], continue: true}\n"
	link       = "  - {name: link, on: {object: inquiry, to: [completed]}, when: size(failed_checks) > 0, then: [generate_one_time_link], continue: true}\n"
	broken     = "  - {name: broken, on: {object: inquiry, to: [completed]}, when: inquiry.note == 'x', then: [decline_inquiry]}\n"
	ofCases    = "  - {name: settle, on: {object: case, to: [Fine]}, then: [set_case_status: Approved, approve_inquiry]}\n"
	reviewRest = "  - {name: the rest, on: {object: inquiry, to: [completed]}, otherwise: true, then: [mark_inquiry_for_review]}\n"
)

func TestOnlyTheFirstMatchingRuleDecides(t *testing.T) {
	failed, passed := facts("completed", selfie(1, "failed", "id_tamper_detection")), facts("completed", selfie(1, "passed"))
	bare := passed
	bare.Cases, bare.Account = nil, nil
	incomplete := passed
	incomplete.Missing = []string{"report/watchlist rep_1 (403 Forbidden)", "verification/selfie ver_1: checks"}
	before := passed
	before.DeclinedBefore = true
	lost := caseFacts("Fine")
	lost.Missing = []string{"inquiry inq_2 (404 Not Found)"}
	nobody := Facts{Transition: passed.Transition, Missing: []string{"inquiry inq_1 (403 Forbidden)"}}
	for name, test := range map[string]struct {
		source string
		facts  Facts
		want   string
		reason string
	}{
		"a stricter rule before an approval":               {ordered(strict, approveAll), failed, "decided by strict: decline_inquiry on inq_1", ""},
		"the approval if the stricter rule does not match": {ordered(strict, approveAll), passed, "decided by approve: approve_inquiry on inq_1", ""},
		"rules that continue add to the one that decides":  {ordered(tagFirst, link, strict, approveAll), failed, "decided by strict: tag_inquiry seen on inq_1, tag_account seen on act_1, generate_one_time_link on inq_1, decline_inquiry on inq_1", ""},
		"rules that continue, and no rule that decides":    {ordered(tagFirst, strict), passed, "no_rule_matched: tag_inquiry seen on inq_1, tag_account seen on act_1", ""},
		"no rule matches":                                                 {ordered(strict), passed, "no_rule_matched", ""},
		"otherwise matches the rest":                                      {ordered(strict, reviewRest), passed, "decided by the rest: mark_inquiry_for_review on inq_1", ""},
		"a rule that cannot be evaluated stops there":                     {ordered(tagFirst, broken, approveAll), passed, "not_evaluated by broken: tag_inquiry seen on inq_1, tag_account seen on act_1, mark_inquiry_for_review on inq_1", `the inquiry has no "note"`},
		"an approval on incomplete facts becomes a review":                {ordered(tagFirst, approveAll), incomplete, "incomplete by approve: tag_inquiry seen on inq_1, tag_account seen on act_1, mark_inquiry_for_review on inq_1", "missing: report/watchlist rep_1 (403 Forbidden); verification/selfie ver_1: checks"},
		"a decline on incomplete facts is kept":                           {ordered("  - {name: no, on: {object: inquiry, to: [completed]}, then: [decline_inquiry]}\n"), incomplete, "decided by no: decline_inquiry on inq_1", ""},
		"a case status that means approved is an approval":                {ordered(strings.Replace(approveAll, "approve_inquiry", "set_case_status: Fine", 1)), incomplete, "incomplete by approve: mark_inquiry_for_review on inq_1", "missing: report/watchlist rep_1 (403 Forbidden); verification/selfie ver_1: checks"},
		"a simulated approval is an approval":                             {ordered(strings.Replace(approveAll, "approve_inquiry", "simulate_inquiry: start_inquiry approve_inquiry", 1)), incomplete, "incomplete by approve: mark_inquiry_for_review on inq_1", "missing: report/watchlist rep_1 (403 Forbidden); verification/selfie ver_1: checks"},
		"a case status that is not mapped to approved is no approval":     {ordered(strings.Replace(approveAll, "approve_inquiry", "set_case_status: Open", 1)), incomplete, "decided by approve: set_case_status Open on case_1", ""},
		"a person who was declined before is reviewed":                    {ordered(approveAll), before, "decided by approve: mark_inquiry_for_review on inq_1", "declined before"},
		"a person who was declined before is reviewed under deny as well": {"reapply: deny\n" + ordered(approveAll), before, "decided by approve: mark_inquiry_for_review on inq_1", "declined before"},
		"a person who was declined before is approved under allow":        {"reapply: allow\n" + ordered(approveAll), before, "decided by approve: approve_inquiry on inq_1", ""},
		"a person who was declined before can be declined again":          {ordered(strict), with(before, selfie(1, "failed")), "decided by strict: decline_inquiry on inq_1", ""},
		"an action with nothing to act on has no target":                  {ordered("  - {name: all, on: {object: inquiry, to: [completed]}, then: [approve_inquiry, set_case_status: Approved, tag_case: x, tag_account: y]}\n"), bare, "decided by all: approve_inquiry on inq_1, set_case_status Approved on nothing, tag_case x on nothing, tag_account y on nothing", ""},
		"a case's rule acts on the case and its newest inquiry":           {ordered(ofCases), caseFacts("Fine"), "decided by settle: set_case_status Approved on case_1, approve_inquiry on inq_1", ""},
		"a case's review marks all its inquiries":                         {ordered(ofCases), lost, "incomplete by settle: mark_inquiry_for_review on inq_1, mark_inquiry_for_review on inq_0", "missing: inquiry inq_2 (404 Not Found)"},
		"an inquiry that cannot be read is marked for review":             {ordered(approveAll), nobody, "incomplete by approve: mark_inquiry_for_review on inq_1", "missing: inquiry inq_1 (403 Forbidden)"},
		"the rule that reviews the rest finds it too":                     {ordered(reviewRest), nobody, "decided by the rest: mark_inquiry_for_review on inq_1", ""},
		"an inquiry that cannot be read is not declined":                  {ordered("  - {name: no, on: {object: inquiry, to: [completed]}, then: [decline_inquiry]}\n"), nobody, "decided by no: decline_inquiry on nothing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := load(t, test.source).Decide(test.facts)
			if outcomeLine(got) != test.want || got.Reason != test.reason {
				t.Errorf("%s, reason %q\nwant %s, reason %q", outcomeLine(got), got.Reason, test.want, test.reason)
			}
		})
	}
}

func with(f Facts, attempts ...domain.Object) Facts {
	f.Verifications = attempts
	return f
}

func TestEachActionNamesItsRule(t *testing.T) {
	o := load(t, ordered(tagFirst, approveAll)).Decide(facts("completed", selfie(1, "passed")))
	var rules []string
	for _, a := range o.Actions {
		rules = append(rules, a.Rule)
	}
	if got := strings.Join(rules, " "); got != "tag tag approve" {
		t.Errorf("the actions are of %s", got)
	}
}

func TestALongListOfMissingFactsIsShortened(t *testing.T) {
	f := facts("completed", selfie(1, "passed"))
	for range 1000 {
		f.Missing = append(f.Missing, "report/watchlist rep_1: has-match")
	}
	if o := load(t, ordered(approveAll)).Decide(f); o.Result != domain.Incomplete || len(o.Reason) > 500 || !strings.HasSuffix(o.Reason, "and 990 more") {
		t.Errorf("%s because %q", o.Result, o.Reason)
	}
}

func TestAnExplanationNamesTheFailedChecksAndNoPerson(t *testing.T) {
	_, source := Default()
	text := load(t, string(source)).Decide(facts("failed", selfie(1, "failed", "id_tamper_detection"))).Explanation
	if !strings.Contains(text, "id_tamper_detection") || strings.Contains(text, "user-7") {
		t.Errorf("explained as %q", text)
	}
}

func TestAThresholdChangesARule(t *testing.T) {
	_, source := Default()
	lenient := strings.Replace(string(source), "failed_checks: 0", "failed_checks: 1", 1)
	if o := load(t, lenient).Decide(facts("completed", selfie(1, "passed", "id_tamper_detection"))); o.Rule != "approve what passed" {
		t.Error(outcomeLine(o))
	}
}

func TestCoversAndNeedsAccountReports(t *testing.T) {
	p := load(t, ordered(strict, ofCases))
	covered := func(family, from, to string) bool {
		return p.Covers(domain.Transition{Object: domain.Ref{Type: family, ID: "x"}, From: from, To: to})
	}
	if !covered("inquiry", "pending", "completed") || !covered("case", "Open", "Fine") || covered("inquiry", "pending", "failed") || covered("case", "Open", "completed") {
		t.Error("it covers other transitions than its rules are for")
	}
	if p.NeedsAccountReports() {
		t.Error("it needs the account's reports, and no rule looks at them")
	}
	if !load(t, ruleWith("clear(account_reports)", "decline_inquiry")).NeedsAccountReports() {
		t.Error("it looks at the account's reports, and does not need them")
	}
}
