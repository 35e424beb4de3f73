package policy

import "strings"

// Trial is what becomes of one rule when a policy decides.
type Trial struct {
	Rule    string
	Result  TrialResult
	Problem string // why the condition could not be evaluated; without values of facts
	Parts   []Part // of the condition, which && joins; empty if there is no condition, or it was not tried
}

// TrialResult says what became of a rule.
type TrialResult string

// The results.
const (
	Matched        TrialResult = "matched"
	NotMatched     TrialResult = "not_matched"
	CannotEvaluate TrialResult = "not_evaluated"
	NotTried       TrialResult = "not_tried"      // an earlier rule decided
	OtherMoment    TrialResult = "not_applicable" // the rule is for other transitions
)

// Part is a part of a condition.
type Part struct {
	Text    string
	Holds   bool
	Problem string // why it cannot be evaluated; empty if it can
}

// Explain says for each rule why it does or does not decide on some facts, in the order of
// the rules. It contains texts of the policy and no values of the facts.
func (p *Policy) Explain(f Facts) []Trial {
	variables := p.language.values(f)
	decided := false
	trials := make([]Trial, 0, len(p.rules))
	for _, r := range p.rules {
		t := Trial{Rule: r.name, Result: Matched}
		switch {
		case !r.covers(f.Transition):
			t.Result = OtherMoment
		case decided:
			t.Result = NotTried
		case r.when != nil:
			t = p.try(r, variables)
		}
		switch {
		case t.Result == CannotEvaluate, t.Result == Matched && !r.continues:
			decided = true
		}
		trials = append(trials, t)
	}
	return trials
}

// try evaluates a condition and its parts.
func (p *Policy) try(r rule, variables map[string]any) Trial {
	t := Trial{Rule: r.name, Result: NotMatched}
	holds, problem := r.when.holds(variables)
	switch {
	case problem != "":
		t.Result, t.Problem = CannotEvaluate, problem
	case holds:
		t.Result = Matched
	}
	for _, text := range conjuncts(r.when.text) {
		part := Part{Text: text}
		if compiled, err := p.language.compile(text, false); err != nil {
			part.Problem = "it is never true" // it was compiled with the others before
		} else {
			part.Holds, part.Problem = compiled.holds(variables)
		}
		t.Parts = append(t.Parts, part)
	}
	return t
}

// conjuncts splits a condition at the operators && that join all of it. A condition with an
// operator that binds less, || or ? :, is one part.
func conjuncts(text string) []string {
	var parts []string
	depth, begin := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\'':
			i = endOfString(text, i)
		case strings.HasPrefix(text[i:], "//"):
			if line := strings.IndexByte(text[i:], '\n'); line >= 0 {
				i += line
			} else {
				i = len(text)
			}
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		case depth > 0:
		case c == '?' || strings.HasPrefix(text[i:], "||"):
			return []string{tidy(text)}
		case strings.HasPrefix(text[i:], "&&"):
			parts = append(parts, tidy(text[begin:i]))
			i++
			begin = i + 1
		}
	}
	return append(parts, tidy(text[begin:]))
}

// endOfString returns the index of the quote that ends the string which begins at i.
func endOfString(text string, i int) int {
	quote := text[i : i+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(text[i:], triple) {
		quote = triple
	}
	raw := i > 0 && (text[i-1] == 'r' || text[i-1] == 'R')
	for j := i + len(quote); j < len(text); j++ {
		switch {
		case text[j] == '\\' && !raw:
			j++
		case strings.HasPrefix(text[j:], quote):
			return j + len(quote) - 1
		}
	}
	return len(text)
}

// tidy puts a part of a condition on one line, unless it has a comment.
func tidy(text string) string {
	if strings.Contains(text, "//") {
		return strings.TrimSpace(text)
	}
	return strings.Join(strings.Fields(text), " ")
}
