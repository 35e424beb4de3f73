package policy

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"cel.dev/cel-go/common"
	"github.com/goccy/go-yaml"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/yamlfile"
)

// file is the YAML form of a policy.
type file struct {
	Version      string                    `yaml:"version"`
	Reapply      string                    `yaml:"reapply"`
	CaseStatuses map[string]domain.Verdict `yaml:"case_statuses"`
	Thresholds   map[string]float64        `yaml:"thresholds"`
	Rules        []fileRule                `yaml:"rules"`
}

type fileRule struct {
	Name string `yaml:"name"`
	On   struct {
		Object string   `yaml:"object"`
		To     []string `yaml:"to"`
		From   []string `yaml:"from"`
	} `yaml:"on"`
	When      string     `yaml:"when"`
	Otherwise bool       `yaml:"otherwise"`
	Then      []fileStep `yaml:"then"`
	Continue  bool       `yaml:"continue"`
	Explain   string     `yaml:"explain"`
}

// fileStep is an action: a name, or a name with an argument.
type fileStep struct{ name, argument string }

// UnmarshalYAML reads "approve_inquiry" and "set_case_status: Approved".
func (s *fileStep) UnmarshalYAML(b []byte) error {
	if err := yaml.Unmarshal(b, &s.name); err == nil {
		return nil
	}
	var pair map[string]string
	if err := yaml.Unmarshal(b, &pair); err != nil || len(pair) != 1 {
		return fmt.Errorf("an action is a name, or one name with its argument")
	}
	for s.name, s.argument = range pair {
	}
	return nil
}

// Load reads a policy for an environment. The name is the file's name in errors, which are or
// join [*Error]: if several rules are wrong, there is an error for each.
func Load(name string, source []byte, environment domain.Environment) (*Policy, error) {
	l := loader{at: yamlfile.New(name, source), environment: environment, policy: &Policy{}}
	if err := l.at.Read(&l.file); err != nil {
		return nil, err
	}
	if err := l.head(); err != nil {
		return nil, err
	}
	var err error
	if l.policy.language, err = newLanguage(l.file.Thresholds); err != nil {
		return nil, fmt.Errorf("prepare the conditions of a policy: %w", err)
	}
	var problems []error // at most one for each rule
	for i := range l.file.Rules {
		if err := l.add(i); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	l.warn()
	return l.policy, nil
}

// loader builds a policy from a file.
type loader struct {
	at          *yamlfile.File
	environment domain.Environment
	file        file
	policy      *Policy
}

// problem returns an error at a path of the file.
func (l *loader) problem(path, format string, args ...any) error {
	return l.at.Problem(path, fmt.Sprintf(format, args...))
}

// head reads everything except the rules.
func (l *loader) head() error {
	if l.at.Documents() > 1 {
		return l.problem("$", "the file holds several documents; a policy is one")
	}
	if l.file.Version == "" {
		return l.problem("$", "version is missing: name this version of the rules, such as a date")
	}
	for status, verdict := range l.file.CaseStatuses {
		if status == "" {
			return l.problem("$.case_statuses", "a status is empty: a case whose status is withheld has none, and always means review")
		}
		verdicts := []string{"pending", "review", "approved", "declined"}
		if !slices.Contains(verdicts, string(verdict)) {
			return l.problem("$.case_statuses", "%q means %q, which is not pending, review, approved or declined%s", status, verdict, didYouMean(string(verdict), verdicts))
		}
	}
	for threshold, number := range l.file.Thresholds {
		if math.IsNaN(number) || math.IsInf(number, 0) {
			return l.problem("$.thresholds", "%q is not a finite number", threshold)
		}
		if !isName(threshold) {
			return l.problem("$.thresholds", "%q cannot be written in a condition: use letters, digits and underscores, such as %q", threshold, snake(threshold))
		}
	}
	switch l.file.Reapply {
	case "", string(fold.ReapplyDeny), string(fold.ReapplyReview), string(fold.ReapplyAllow):
	default:
		return l.problem("$.reapply", "reapply is deny, review or allow, and not %q", l.file.Reapply)
	}
	l.policy.version = l.file.Version
	l.policy.verdicts = fold.VerdictRules{CaseStatuses: l.file.CaseStatuses, Reapply: fold.Reapply(l.file.Reapply)}
	return nil
}

// add reads one rule.
func (l *loader) add(i int) error {
	path, fr := fmt.Sprintf("$.rules[%d]", i), l.file.Rules[i]
	if fr.Name == "" {
		return l.problem(path, "the rule has no name")
	}
	if slices.ContainsFunc(l.policy.rules, func(r rule) bool { return r.name == fr.Name }) {
		return l.problem(path+".name", "there are two rules named %q", fr.Name)
	}
	r := rule{name: fr.Name, explain: fr.Explain, object: fr.On.Object, to: fr.On.To, from: fr.On.From, otherwise: fr.Otherwise, continues: fr.Continue}
	if err := l.transitions(path, r); err != nil {
		return err
	}
	if err := l.steps(path, fr, &r); err != nil {
		return err
	}
	if err := l.when(path, fr, &r); err != nil {
		return err
	}
	if by := l.policy.shadows(r); by != "" {
		return l.problem(path, "the rule can never match: %q already matches all of its transitions; move this rule above it, or give that rule a condition", by)
	}
	l.policy.rules = append(l.policy.rules, r)
	return nil
}

// steps reads the actions of a rule.
func (l *loader) steps(path string, fr fileRule, r *rule) error {
	if len(fr.Then) == 0 {
		return l.problem(path, "then must name an action: the rule would do nothing")
	}
	for j, fs := range fr.Then {
		s, problem := newStep(fs, l.environment)
		if problem != "" {
			return l.problem(fmt.Sprintf("%s.then[%d]", path, j), "%s", problem)
		}
		if fr.Continue && !s.kind.Adds {
			return l.problem(fmt.Sprintf("%s.then[%d]", path, j), "%s decides, so the rule cannot have continue: remove %q, or move the action to another rule", s.kind.Name, "continue: true")
		}
		r.approves = r.approves || s.asksFor(domain.VerdictApproved, l.file.CaseStatuses)
		r.declines = r.declines || s.asksFor(domain.VerdictDeclined, l.file.CaseStatuses)
		r.then = append(r.then, s)
	}
	if fr.Continue && fr.Otherwise {
		return l.problem(path+".continue", "otherwise ends the list, so the rule cannot have continue: remove one of the two")
	}
	return nil
}

// when reads the condition of a rule.
func (l *loader) when(path string, fr fileRule, r *rule) (err error) {
	if fr.When == "" {
		return nil
	}
	if fr.Otherwise {
		return l.problem(path+".otherwise", "a rule has when or otherwise, not both: remove one of them")
	}
	var e *conditionError
	if r.when, err = l.policy.language.compile(fr.When, r.approves); errors.As(err, &e) {
		if e.at == common.NoLocation {
			return l.problem(path+".when", "condition: %s", e.problem)
		}
		return inCondition(l.at, path+".when", fr.When, e.at, e.problem)
	}
	return err
}

// isName reports whether text can follow a dot in a condition.
func isName(text string) bool {
	for i, r := range text {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != "" && text != "in" && text != "true" && text != "false" && text != "null"
}
