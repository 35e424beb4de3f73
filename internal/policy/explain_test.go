package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// explained returns trials as one line each.
func explained(trials []Trial) (lines []string) {
	for _, t := range trials {
		line := t.Rule + ": " + string(t.Result)
		for _, p := range t.Parts {
			line += strings.TrimSuffix(fmt.Sprintf(" [%s is %t, %s", p.Text, p.Holds, p.Problem), ", ") + "]"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestExplainSaysWhichPartsOfAConditionDoNotHold(t *testing.T) {
	p := load(t, ordered(tagFirst,
		"  - {name: approve, on: {object: inquiry, to: [completed]}, when: 'passed(\"selfie\") && size(failed_checks) == 0 && transition.from == \"pending\"', then: [approve_inquiry]}\n",
		"  - {name: note, on: {object: inquiry, to: [completed]}, when: 'inquiry.note == \"x\" || declined_before', then: [tag_inquiry: x], continue: true}\n", ofCases, reviewRest))
	for name, test := range map[string]struct {
		facts Facts
		want  []string
	}{
		"a person who passed": {facts("completed", selfie(1, "passed")), []string{
			"tag: matched", `approve: matched [passed("selfie") is true] [size(failed_checks) == 0 is true] [transition.from == "pending" is true]`, "note: not_tried", "settle: not_applicable", "the rest: not_tried",
		}},
		"a person who failed": {facts("completed", selfie(1, "failed", "id_tamper_detection")), []string{
			"tag: matched", `approve: not_matched [passed("selfie") is false] [size(failed_checks) == 0 is false] [transition.from == "pending" is true]`,
			`note: not_evaluated [inquiry.note == "x" || declined_before is false, the inquiry has no "note"]`, "settle: not_applicable", "the rest: not_tried",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := explained(p.Explain(test.facts)); !slices.Equal(got, test.want) {
				t.Errorf("explained\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestAConditionIsSplitWhereAllPartsMustHold(t *testing.T) {
	for condition, want := range map[string][]string{
		`a && b`:                          {"a", "b"},
		"a\n  && b(c && d)\n&& e":         {"a", "b(c && d)", "e"},
		`a || b && c`:                     {"a || b && c"},
		`a ? b && c : d`:                  {"a ? b && c : d"},
		`x == "&&" && y == '\'&&'`:        {`x == "&&"`, `y == '\'&&'`},
		`x == r"\" && y`:                  {`x == r"\"`, "y"},
		`x == """a" && "b""" && y`:        {`x == """a" && "b"""`, "y"},
		`[1, 2].exists(i, i > 1 && y)`:    {"[1, 2].exists(i, i > 1 && y)"},
		"a // not this: && x\n && b":      {"a // not this: && x", "b"},
		`a && {"k": "v && w"}.size() > 0`: {"a", `{"k": "v && w"}.size() > 0`},
	} {
		if got := conjuncts(condition); !slices.Equal(got, want) {
			t.Errorf("%s is split into %q, want %q", condition, got, want)
		}
	}
}

// The explanation must name the rule that decides, whatever the facts are.
func TestExplainAgreesWithDecide(t *testing.T) {
	_, builtIn := Default()
	policies := []*Policy{load(t, string(builtIn)), load(t, ordered(tagFirst, link, strict, broken, ofCases, reviewRest))}
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		for _, p := range policies {
			outcome := p.Decide(f)
			deciding := ""
			for i, trial := range p.Explain(f) {
				if trial.Result == CannotEvaluate || trial.Result == Matched && !p.rules[i].continues {
					deciding = trial.Rule
				}
				if trial.Result == Matched && slices.ContainsFunc(trial.Parts, func(part Part) bool { return !part.Holds }) {
					t.Fatalf("%s matches although a part does not hold: %+v", trial.Rule, trial)
				}
			}
			if deciding != outcome.Rule {
				t.Fatalf("explained as decided by %q, and %q decided", deciding, outcome.Rule)
			}
		}
	})
}

func TestAnExplanationHasNoValueOfTheFacts(t *testing.T) {
	f := facts("completed", selfie(1, "failed", "id_tamper_detection"))
	f.Inquiry.Attributes["note"] = []byte(`"SECRET"`)
	p := load(t, ruleWith(`inquiry.note.startsWith(account.reference_id) && inquiry.note == "x" && int(inquiry.note) > 2`, "decline_inquiry"))
	if text := fmt.Sprintf("%+v", p.Explain(f)); strings.Contains(text, "SECRET") || strings.Contains(text, "user-7") {
		t.Errorf("it shows a value: %s", text)
	}
}
