package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

func TestEveryRuleThatIsWrongIsReported(t *testing.T) {
	_, err := Load("rules.yaml", []byte(`version: "1"
rules:
  - name: one
    on: {object: inquiry, to: [complete]}
    then: [approve_inquiry]
  - name: two
    on: {object: inquiry, to: [failed]}
    then: [mark_inquiry_for_review]
  - name: three
    on: {object: inquiry, to: [completed]}
    then: [aprove_inquiry]
`), domain.Sandbox)
	if err == nil {
		t.Fatal("it is accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "rules.yaml:4:") || !strings.HasPrefix(lines[1], "rules.yaml:11:") {
		t.Errorf("the errors are %q", lines)
	}
}

func TestBadPoliciesAreRejectedWithThePosition(t *testing.T) {
	head := "version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n"
	rule := func(name, on, more string) string { return "  - name: " + name + "\n    on: " + on + "\n" + more }
	const completed, approve, review = "{object: inquiry, to: [completed]}", "    then: [approve_inquiry]\n", "    then: [mark_inquiry_for_review]\n"
	for name, test := range map[string]struct {
		source string
		line   int
		says   string
	}{
		"malformed YAML":                      {"version: [", 1, ""},
		"an unknown key":                      {"version: \"1\"\nrulez: []\n", 2, "rulez"},
		"no version":                          {"rules: []\n", 1, "version is missing"},
		"a second document":                   {head + approve + "---\nversion: \"2\"\n", 1, "several documents"},
		"an unknown verdict of a case status": {"version: \"1\"\ncase_statuses: {Open: aproved}\n", 2, `did you mean "approved"?`},
		"an empty case status":                {"version: \"1\"\ncase_statuses: {\"\": approved}\n", 2, "always means review"},
		"an unknown value of reapply":         {"version: \"1\"\nreapply: maybe\n", 2, "deny, review or allow"},
		"a threshold whose name cannot be used in conditions": {"version: \"1\"\nthresholds: {max-risk: 1}\n", 2, `such as "max_risk"`},
		"an infinite threshold":                               {"version: \"1\"\nthresholds: {risk: .inf}\n", 2, "not a finite number"},
		"a condition with dyn":                                {head + "    when: size(dyn(inquiry)['fields']) == 0\n" + approve, 5, "dyn"},
		"an unknown action":                                   {head + "    then:\n      - aprove_inquiry\n", 6, `did you mean "approve_inquiry"?`},
		"an action without its argument":                      {head + "    then:\n      - set_case_status\n", 6, "needs its status"},
		"an action with an unexpected argument":               {head + "    then:\n      - approve_inquiry: now\n", 6, "takes no argument"},
		"a rule without actions":                              {head, 3, "do nothing"},
		"a rule without a status":                             {"version: \"1\"\nrules:\n" + rule("r", "{object: inquiry}", approve), 3, "on.to must name"},
		"a rule for another object":                           {"version: \"1\"\nrules:\n" + rule("r", "{object: inquiri, to: [completed]}", approve), 3, `did you mean "inquiry"?`},
		"two rules of one name":                               {head + strings.Replace(approve, "approve", "approve", 1) + rule("r", "{object: inquiry, to: [failed]}", approve), 6, "two rules"},
		"a status no inquiry has":                             {"version: \"1\"\nrules:\n" + rule("r", "{object: inquiry, to: [complted]}", approve), 4, `did you mean "completed"?`},
		"a transition from a status to itself":                {"version: \"1\"\nrules:\n" + rule("r", "{object: case, to: [Open], from: [Open]}", "    then: [tag_case: x]\n"), 4, "same status"},
		"continue on a rule that decides":                     {head + "    then: [tag_inquiry: x, mark_inquiry_for_review]\n    continue: true\n", 5, "mark_inquiry_for_review decides, so the rule cannot have continue"},
		"continue on a rule that sets a status":               {head + "    then: [set_case_status: Open]\n    continue: true\n", 5, "set_case_status decides"},
		"continue with otherwise":                             {head + "    otherwise: true\n    then: [tag_inquiry: x]\n    continue: true\n", 7, "otherwise ends the list"},
		"when with otherwise":                                 {head + "    when: true\n    otherwise: true\n" + review, 6, "when or otherwise, not both"},
		"a rule after one that matches everything":            {head + review + rule("late", completed, "    when: size(failed_checks) == 0\n"+review), 6, `"r" already matches all of its transitions`},
		"a rule after otherwise":                              {head + "    otherwise: true\n" + review + rule("late", completed, review), 7, "can never match"},
		"a rule after a condition that is always true":        {head + "    when: 1 < 2\n" + review + rule("late", completed, review), 7, "can never match"},
		"a rule whose transitions two others match":           {head + review + rule("failed", "{object: inquiry, to: [failed]}", review) + rule("late", "{object: inquiry, to: [completed, failed]}", review), 9, `"failed" already matches`},
		"a rule whose every from status is matched":           {"version: \"1\"\nrules:\n" + rule("a", "{object: inquiry, to: [completed], from: [created, pending]}", review) + rule("late", "{object: inquiry, to: [completed], from: [pending]}", review), 6, "can never match"},
		"a condition that does not parse":                     {head + "    when: \"1 +\"\n" + approve, 5, "condition"},
		"a condition that is a number":                        {head + "    when: \"1 + 1\"\n" + approve, 5, "must be true or false"},
		"a condition that is always false":                    {head + "    when: 1 > 2 && inquiry.status == 'completed'\n" + approve, 5, "never match"},
		"a condition that a threshold makes false":            {"version: \"1\"\nthresholds: {risk: 1}\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n    when: thresholds.risk > 2\n" + approve, 6, "never match"},
		"an unknown variable":                                 {head + "    when: inqiry.status == 'x'\n" + approve, 5, `there is no "inqiry"; did you mean "inquiry"?`},
		"an unknown variable unlike any other":                {head + "    when: zzzzzz == 'x'\n" + approve, 5, "the variables are account, "},
		"an unknown function":                                 {head + "    when: pased('selfie')\n" + approve, 5, `there is no "pased"; did you mean "passed"?`},
		"an unknown attribute":                                {head + "    when: reports.all(r, r.has_mach == false)\n" + approve, 5, `report has no "has_mach"; did you mean "has_match"?`},
		"an unknown attribute in has":                         {head + "    when: has(inquiry.refrence_id)\n" + approve, 5, `inquiry has no "refrence_id"; did you mean "reference_id"?`},
		"an attribute of another object":                      {head + "    when: inquiry.has_match == false\n" + approve, 5, "it is an attribute of: report"},
		"an unknown attribute of a check":                     {head + "    when: verifications.all(v, v.checks.all(c, c.state == 'passed'))\n" + approve, 5, `check has no "state"; did you mean "status"?`},
		"an unknown attribute of the result of latest":        {head + "    when: latest('selfie').state == 'passed'\n" + approve, 5, `verification has no "state"; did you mean "status"?`},
		"an unknown part of the transition":                   {head + "    when: transition.form == 'pending'\n" + approve, 5, `transition has no "form"; did you mean "from"?`},
		"a threshold that is not defined":                     {head + "    when: thresholds.risk > 1.0\n" + approve, 5, "the policy has no thresholds"},
		"a misspelled threshold":                              {"version: \"1\"\nthresholds: {risk: 1}\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n    when: thresholds.rsk > 2\n" + approve, 6, `did you mean "risk"?`},
		"a comparison of two types":                           {head + "    when: inquiry.created_at == 'yesterday'\n" + approve, 5, "no matching overload"},
		"a misspelled kind of verification":                   {head + "    when: passed('goverment-id')\n" + approve, 5, `there is no kind of verification "goverment-id"; did you mean "government-id"?`},
		"a kind of verification unlike any other":             {head + "    when: failed_attempts('x') > 2\n" + approve, 5, "begins with vtmpl_"},
		"a kind of verification that is computed":             {head + "    when: passed(inquiry.status)\n" + approve, 5, "passed takes one string"},
		"no argument for passed":                              {head + "    when: passed()\n" + approve, 5, "passed takes one string"},
		"a template field with a dot":                         {head + "    when: inquiry.fields.address_country_code == 'XX'\n" + approve, 5, `read as fields["address-country-code"]`},
		"a template field in another casing":                  {head + "    when: inquiry.fields['addressCountryCode'] == 'XX'\n" + approve, 5, `write "address-country-code"`},
		"a template field in another casing, in":              {head + "    when: \"'country_code' in inquiry.fields\"\n" + approve, 5, `write "country-code"`},
		"all template fields":                                 {head + "    when: size(inquiry.fields) > 0\n" + approve, 5, `fields are read as fields["key"], and tested as`},
		"a comparison with null":                              {head + "    when: inquiry.reference_id != null\n" + approve, 5, "counts as absent"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load("policy.yaml", []byte(test.source), domain.Sandbox)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			if e.Line != test.line || e.Column == 0 || !strings.Contains(e.Problem, test.says) {
				t.Errorf("rejected with %v\nwant line %d and %q", e, test.line, test.says)
			}
		})
	}
}

func TestARuleThatMatchesSomeTransitionsDoesNotHideALaterRule(t *testing.T) {
	for name, rules := range map[string]string{
		"from one status":      "  - {name: a, on: {object: inquiry, to: [completed], from: [pending]}, then: [decline_inquiry]}\n" + approveAll,
		"to one of two":        "  - {name: a, on: {object: inquiry, to: [completed]}, then: [decline_inquiry]}\n  - {name: b, on: {object: inquiry, to: [completed, failed]}, then: [decline_inquiry]}\n",
		"under a condition":    strict + approveAll,
		"and continues":        tagFirst + approveAll,
		"of another object":    "  - {name: a, on: {object: case, to: [completed]}, then: [tag_case: x]}\n" + approveAll,
		"from every but one":   "  - {name: a, on: {object: inquiry, to: [completed], from: [created]}, then: [decline_inquiry]}\n  - {name: b, on: {object: inquiry, to: [completed], from: [created, pending]}, then: [decline_inquiry]}\n",
		"one case status of 2": "  - {name: a, on: {object: case, to: [Open]}, then: [tag_case: x]}\n  - {name: b, on: {object: case, to: [Open, Fine]}, then: [tag_case: x]}\n",
	} {
		t.Run(name, func(t *testing.T) { load(t, ordered(rules)) })
	}
}

func TestProbableMistakesCauseWarnings(t *testing.T) {
	const onNoFailure = "  - {name: a, on: {object: inquiry, to: [completed]}, when: \"size(failed_checks) == 0\", then: [approve_inquiry]}\n" +
		"  - {name: rest, on: {object: inquiry, to: [completed, failed]}, otherwise: true, then: [mark_inquiry_for_review]}\n"
	both := "  - {name: rest, on: {object: inquiry, to: [completed, failed]}, otherwise: true, then: [mark_inquiry_for_review]}\n"
	for name, test := range map[string]struct {
		rules string
		want  []string // parts of the warnings, in order
	}{
		"nothing":                                                {strict + both, nil},
		"a status nobody decides on":                             {reviewRest, []string{"no rule decides on an inquiry that becomes failed"}},
		"only rules that continue":                               {tagFirst + strings.Replace(both, "completed, ", "", 1), []string{"no rule decides on an inquiry that becomes completed"}},
		"rules that do not match every transition":               {strict + strings.Replace(both, "completed, ", "", 1), []string{"becomes completed may match no rule"}},
		"rules that match every transition from one status only": {"  - {name: a, on: {object: inquiry, to: [completed], from: [pending]}, then: [decline_inquiry]}\n" + strings.Replace(both, "completed, ", "", 1), []string{"becomes completed may match no rule"}},
		"a status without a meaning":                             {"  - {name: a, on: {object: inquiry, to: [completed, failed]}, then: [set_case_status: Aproved]}\n", []string{`policy.yaml:4:85: case_statuses does not name "Aproved", so it means review; did you mean "Approved"?`}},
		"a transition without a status":                          {both + "  - {name: a, on: {object: case, to: [Closed]}, then: [tag_case: x]}\n", []string{`"Closed", so it means review; there is Approved, Declined, Fine, Open`}},
		"a rule that approves and declines": {"  - {name: a, on: {object: inquiry, to: [completed]}, when: \"passed('selfie')\", then: [approve_inquiry, decline_inquiry]}\n" + both,
			[]string{"both approves and declines"}},
		"a rule that approves the inquiry and declines the case": {"  - {name: a, on: {object: inquiry, to: [completed]}, when: \"passed('selfie')\", then: [approve_inquiry, set_case_status: Declined]}\n" + both,
			[]string{"both approves and declines"}},
		"a case that goes back and forth": {both + "  - {name: a, on: {object: case, to: [Open]}, then: [set_case_status: Declined]}\n  - {name: b, on: {object: case, to: [Declined]}, then: [set_case_status: Open]}\n",
			[]string{`from "Open" to "Declined" and back to "Open"`, `from "Declined" to "Open" and back to "Declined"`}},
		"a case that is moved once":                    {both + "  - {name: a, on: {object: case, to: [Open]}, then: [set_case_status: Declined]}\n", nil},
		"a case that is given the status that it has":  {both + "  - {name: a, on: {object: case, to: [Open]}, then: [set_case_status: Open]}\n", nil},
		"approval on no failure":                       {onNoFailure, []string{"also approves a person without any verification"}},
		"approval on whatever verifications there are": {strings.Replace(onNoFailure, "size(failed_checks) == 0", "verifications.all(v, v.status == 'passed') && clear(reports)", 1), []string{"also approves a person without any verification"}},
		"approval on what passed":                      {strings.Replace(onNoFailure, "size(failed_checks) == 0", "passed('selfie') && clear(reports)", 1), nil},
		"approval of the rest":                         {strict + "  - {name: a, on: {object: inquiry, to: [completed, failed]}, otherwise: true, then: [approve_inquiry]}\n", []string{"also approves a person without any verification"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := load(t, ordered(test.rules)).Warnings()
			if len(got) != len(test.want) {
				t.Fatalf("warned of %q, want %q", got, test.want)
			}
			for i := range got {
				if !strings.Contains(got[i], test.want[i]) {
					t.Errorf("warned of %q, want %q", got[i], test.want[i])
				}
			}
		})
	}
}

// A rule that declines when there is a bad value does not match if the value is withheld.
func TestARuleThatStopsByAGuardedValueBeforeAnApprovalCausesAWarning(t *testing.T) {
	const (
		stops    = "  - {name: stop, on: {object: inquiry, to: [completed]}, when: '%s', then: [decline_inquiry]}\n"
		approves = "  - {name: approve, on: {object: inquiry, to: [completed]}, when: passed(\"selfie\"), then: [approve_inquiry]}\n"
		rest     = "  - {name: rest, on: {object: inquiry, to: [completed, failed]}, otherwise: true, then: [mark_inquiry_for_review]}\n"
	)
	const guarded = `has(inquiry.note) && inquiry.note == "bad"`
	for name, test := range map[string]struct {
		rules string
		warns bool
	}{
		"has, before an approval":             {fmt.Sprintf(stops, guarded) + approves + rest, true},
		"a key, before an approval":           {fmt.Sprintf(stops, `"risk" in inquiry.fields && inquiry.fields["risk"] == "high"`) + approves + rest, true},
		"has, after the approval":             {approves + fmt.Sprintf(stops, guarded) + rest, false},
		"has, without an approval":            {fmt.Sprintf(stops, guarded) + rest, false},
		"the value alone":                     {fmt.Sprintf(stops, `inquiry.note == "bad"`) + approves + rest, false},
		"the value or its absence":            {fmt.Sprintf(stops, `!has(inquiry.note) || inquiry.note == "bad"`) + approves + rest, false},
		"a value that no decision is without": {fmt.Sprintf(stops, `reports.exists(r, has(r.has_match) && r.has_match)`) + approves + rest, false},
		"a rule that continues":               {strings.Replace(strings.Replace(fmt.Sprintf(stops, guarded), "decline_inquiry", "tag_inquiry: BAD", 1), "when:", "continue: true, when:", 1) + approves + rest, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := load(t, ordered(test.rules)).Warnings()
			if warned := len(got) == 1 && strings.Contains(got[0], `if this value is withheld, the rule does not match, and "approve" may approve`); warned != test.warns || !warned && len(got) > 0 {
				t.Errorf("warned of %q", got)
			}
		})
	}
}

func TestTagsThatAreNotInCapitalsCauseWarnings(t *testing.T) {
	const rest = "  - {name: rest, on: {object: inquiry, to: [completed, failed]}, otherwise: true, then: [mark_inquiry_for_review]}\n"
	for condition, want := range map[string]string{
		`'vip' in inquiry.tags`:                                     "vip",
		`!('Vip' in inquiry.tags)`:                                  "Vip",
		`'VIP' in inquiry.tags`:                                     "",
		`'ÄÖ' in inquiry.tags`:                                      "",
		`'äö' in inquiry.tags`:                                      "äö",
		`inquiry.tags.exists(t, t == 'vip')`:                        "vip",
		`inquiry.tags.all(t, t != 'VIP')`:                           "",
		`inquiry.tags.exists(t, t.startsWith('v'))`:                 "v",
		`inquiry.tags.exists(t, t.matches('(?i)vip'))`:              "",
		`inquiry.tags.exists(t, t in ['VIP', 'new'])`:               "new",
		`['vip'].exists(x, x in inquiry.tags)`:                      "vip",
		`inquiry.tags == ['vip']`:                                   "vip",
		`size(inquiry.tags) > 0 && inquiry.tags[0] == 'vip'`:        "vip",
		`reports.exists(r, 'vip' in r.tags)`:                        "vip",
		`inquiry.note == 'vip' && size(inquiry.tags) == 0`:          "",
		`verifications.exists(v, v.status == 'passed')`:             "",
		`size(inquiry.tags.filter(t, t == 'vip' || t == 'X')) == 1`: "vip",
	} {
		rule := "  - {name: a, on: {object: inquiry, to: [completed]}, when: \"" + condition + "\", then: [decline_inquiry]}\n"
		got := load(t, ordered(rule+rest)).Warnings()
		switch {
		case want == "" && len(got) > 0:
			t.Errorf("%s: warned of %q", condition, got)
		case want != "" && (len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf("no tag is %q: Persona shows tags in capitals, so write %q", want, strings.ToUpper(want)))):
			t.Errorf("%s: warned of %q, want %s", condition, got, want)
		}
	}
}

func TestTheVerdictRulesComeFromTheFile(t *testing.T) {
	got := load(t, "reapply: deny\n"+ordered(strict)).VerdictRules()
	if got.Reapply != fold.ReapplyDeny || got.CaseStatuses["Fine"] != domain.VerdictApproved || len(got.CaseStatuses) != 4 {
		t.Errorf("they are %v", got)
	}
}

func TestRulesAreDescribedInALine(t *testing.T) {
	got := strings.Join(load(t, ordered(tagFirst, strict, reviewRest)).Rules(), "\n")
	want := "tag: inquiry becomes completed, continue → tag_inquiry seen, tag_account seen\n" +
		"strict: inquiry becomes completed → decline_inquiry\n" +
		"the rest: inquiry becomes completed, otherwise → mark_inquiry_for_review"
	if got != want {
		t.Errorf("described as\n%s\nwant\n%s", got, want)
	}
}

func TestProductionRejectsSimulateActions(t *testing.T) {
	source := "version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [created]}\n    then:\n      - simulate_inquiry: complete_inquiry\n"
	if _, err := Load("policy.yaml", []byte(source), domain.Production); err == nil {
		t.Error("a production policy that simulates was loaded")
	}
	load(t, source)
}

func FuzzLoad(f *testing.F) {
	_, source := Default()
	f.Add(source)
	f.Add([]byte(ruleWith("1 +", "approve_inquiry")))
	f.Add([]byte("reapply: deny\n" + ordered(tagFirst, link, strict, ofCases, reviewRest)))
	f.Fuzz(func(t *testing.T, source []byte) {
		p, err := Load("policy.yaml", source, domain.Sandbox)
		if err == nil && p.Version() == "" {
			t.Error("a policy without a version was loaded")
		}
	})
}
