package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"github.com/goccy/go-yaml"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/places"
)

// Policy is a set of rules that was read and checked.
type Policy struct {
	version  string
	meanings fold.CaseStatuses
	numbers  map[string]float64
	rules    []rule
}

type rule struct {
	name, explain string
	object        string
	to, from      []string
	when          cel.Program
	words         []string // the keys that the condition spells
	then          []step
}

// step is one action of a rule, before it is known what it acts on.
type step struct {
	kind     domain.ActionKind
	argument string
}

// costLimit bounds what one condition may cost to evaluate, in CEL's units: some ten
// thousand operations.
const costLimit = 100_000

// Version is the version the policy gives itself.
func (p *Policy) Version() string { return p.version }

// CaseStatuses is what the statuses of the case templates mean.
func (p *Policy) CaseStatuses() fold.CaseStatuses { return maps.Clone(p.meanings) }

// Rules describes the rules for people, each in a line, in the order of the file.
func (p *Policy) Rules() []string {
	lines := make([]string, len(p.rules))
	for i, r := range p.rules {
		lines[i] = r.String()
	}
	return lines
}

// String is "approve what passed: inquiry becomes completed → approve_inquiry".
func (r rule) String() string {
	steps := make([]string, len(r.then))
	for i, s := range r.then {
		steps[i] = strings.TrimSpace(string(s.kind) + " " + s.argument)
	}
	from := ""
	if len(r.from) > 0 {
		from = " from " + strings.Join(r.from, " or ")
	}
	return fmt.Sprintf("%s: %s becomes %s%s → %s", r.name, r.object, strings.Join(r.to, " or "), from, strings.Join(steps, ", "))
}

// Error says what is wrong with a policy, and where. Line and Column count from one;
// they are zero where the problem is not at one place.
type Error = places.Error

// file is the policy as it is written.
type file struct {
	Version      string                    `yaml:"version"`
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
	When    string     `yaml:"when"`
	Then    []fileStep `yaml:"then"`
	Explain string     `yaml:"explain"`
}

// fileStep is an action by its name, or a name with an argument.
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

// Load reads a policy for an environment. The name of the file is for errors, which
// are [*Error].
func Load(name string, source []byte, environment domain.Environment) (*Policy, error) {
	at := places.New(name, source)
	var f file
	if err := at.Read(&f); err != nil {
		return nil, err
	}
	env, err := celEnvironment()
	if err != nil {
		return nil, fmt.Errorf("prepare the conditions of a policy: %w", err)
	}
	p := &Policy{version: f.Version, meanings: f.CaseStatuses, numbers: f.Thresholds}
	if f.Version == "" {
		return nil, at.Problem("$", "version is missing: name this version of the rules, such as a date")
	}
	for status, verdict := range f.CaseStatuses {
		if !slices.Contains([]domain.Verdict{domain.VerdictPending, domain.VerdictReview, domain.VerdictApproved, domain.VerdictDeclined}, verdict) {
			return nil, at.Problem("$.case_statuses", fmt.Sprintf("%q means %q, which is not pending, review, approved or declined", status, verdict))
		}
	}
	if at.Documents() > 1 {
		return nil, at.Problem("$", "the file holds several documents; a policy is one")
	}
	names := map[string]bool{}
	for i, fr := range f.Rules {
		path := fmt.Sprintf("$.rules[%d]", i)
		switch {
		case fr.Name == "":
			return nil, at.Problem(path, "the rule has no name")
		case names[fr.Name]:
			return nil, at.Problem(path+".name", fmt.Sprintf("there are two rules named %q", fr.Name))
		}
		names[fr.Name] = true
		r, err := loadRule(env, at, path, fr, environment, f.Thresholds)
		if err != nil {
			return nil, err
		}
		p.rules = append(p.rules, r)
	}
	return p, nil
}

func loadRule(env *cel.Env, at *places.File, path string, fr fileRule, environment domain.Environment, thresholds map[string]float64) (rule, error) {
	r := rule{name: fr.Name, explain: fr.Explain, object: fr.On.Object, to: fr.On.To, from: fr.On.From}
	if !slices.Contains([]string{"inquiry", "case"}, r.object) {
		return r, at.Problem(path, "on.object must be inquiry or case")
	}
	if len(r.to) == 0 {
		return r, at.Problem(path, "on.to must name the statuses the rule is for")
	}
	if problem := neverMoves(r); problem != "" {
		return r, at.Problem(path+".on", problem)
	}
	if len(fr.Then) == 0 {
		return r, at.Problem(path, "then must name an action: the rule would do nothing")
	}
	for j, s := range fr.Then {
		kind, problem := stepKind(s, environment)
		if problem != "" {
			return r, at.Problem(fmt.Sprintf("%s.then[%d]", path, j), problem)
		}
		r.then = append(r.then, step{kind, s.argument})
	}
	if fr.When == "" {
		fr.When = "true"
	}
	ast, issues := env.Compile(fr.When)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		return r, condition(at, path+".when", fr.When, first.Location, first.Message)
	}
	if ast.OutputType() != cel.BoolType && ast.OutputType() != cel.DynType {
		return r, at.Problem(path+".when", fmt.Sprintf("the condition is not true or false but %s", ast.OutputType()))
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit))
	if err != nil {
		return r, at.Problem(path+".when", err.Error())
	}
	r.when = program
	keys := keysOf(ast)
	for _, k := range keys {
		if problem := k.problem(thresholds); problem != "" {
			return r, condition(at, path+".when", fr.When, k.at, problem)
		}
		r.words = append(r.words, k.name)
	}
	if value, _, err := program.Eval(cel.NoVars()); err == nil && value.Value() == false {
		return r, at.Problem(path+".when", "the condition is false whatever the facts are: the rule can never run")
	}
	return r, nil
}

// neverMoves says why no transition can be one that a rule is for, empty where one
// can. A transition is from one status to another, and an inquiry's are known.
func neverMoves(r rule) string {
	if r.object == "inquiry" {
		for _, status := range slices.Concat(r.to, r.from) {
			if status != "" && !fold.KnownStatus(domain.Ref{Type: r.object}, status) {
				return fmt.Sprintf("an inquiry is never %q: the rule can never run", status)
			}
		}
	}
	if len(r.from) > 0 && !slices.ContainsFunc(r.to, func(to string) bool {
		return slices.ContainsFunc(r.from, func(from string) bool { return from != to })
	}) {
		return "from and to name the same status: the rule can never run"
	}
	return ""
}

// stepKind checks an action's name and argument.
func stepKind(s fileStep, environment domain.Environment) (domain.ActionKind, string) {
	kind := domain.ActionKind(s.name)
	takes := map[domain.ActionKind]string{
		domain.ApproveInquiry: "", domain.DeclineInquiry: "", domain.MarkInquiryForReview: "", domain.GenerateOneTimeLink: "",
		domain.SetCaseStatus: "status", domain.TagInquiry: "tag", domain.TagCase: "tag", domain.TagAccount: "tag", domain.SimulateInquiry: "actions",
	}
	argument, known := takes[kind]
	switch {
	case !known:
		return "", fmt.Sprintf("there is no action %q; there are %v", s.name, slices.Sorted(maps.Keys(takes)))
	case argument != "" && s.argument == "":
		return "", fmt.Sprintf("%s needs its %s: write %s: …", kind, argument, kind)
	case argument == "" && s.argument != "":
		return "", fmt.Sprintf("%s takes no argument", kind)
	case kind == domain.SimulateInquiry && environment == domain.Production:
		return "", "simulate_inquiry is for the sandbox; a production policy may not use it"
	}
	return kind, ""
}
