package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/idemhq/idem/internal/fold"
)

// condition is the compiled condition of a rule.
type condition struct {
	text      string
	program   cel.Program
	variables []string        // the variables that it uses
	spelled   []string        // the string literals in it, which are safe to show
	lowerTags []string        // texts that it compares with tags, but that no tag equals
	guard     common.Location // of a test that makes it false because a value is absent; may be nil

	always          bool // true whatever the facts are
	withoutEvidence bool // true for a person without verifications and reports
}

// costLimit limits the cost of evaluating one condition, in CEL's units: about ten thousand
// operations.
const costLimit = 100_000

// conditionError is an error in a condition, with its position in the text.
type conditionError struct {
	at      common.Location
	problem string
}

func (e *conditionError) Error() string { return e.problem }

// compile compiles a condition. Its error is a [*conditionError]. If the rule approves, the
// condition must not become true because a value is absent.
func (l *language) compile(text string, approves bool) (*condition, error) {
	checked, issues := l.env.Compile(text)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		return nil, &conditionError{first.Location, l.explain(first.Message)}
	}
	if out := checked.OutputType(); out != cel.BoolType && out != cel.DynType {
		return nil, &conditionError{common.NoLocation, fmt.Sprintf("it must be true or false, and it is a %s", out)}
	}
	native := checked.NativeRep()
	if e := l.check(native); e != nil {
		return nil, e
	}
	if approves {
		if e := findAbsence(native); e != nil {
			return nil, e
		}
	}
	program, err := l.env.Program(checked, cel.CostLimit(costLimit))
	if err != nil {
		return nil, &conditionError{common.NoLocation, err.Error()}
	}
	c := &condition{text: text, program: program, lowerTags: lowerTags(native), guard: findGuard(native)}
	c.note(native)
	known := map[string]any{"thresholds": l.numbers()}
	if value, _, err := program.Eval(known); err == nil {
		if value != types.True {
			return nil, &conditionError{common.NoLocation, "it is always false, so the rule can never match"}
		}
		c.always = true
	}
	for _, list := range []string{"verifications", "@verifications", "attempts", "@attempts", "reports", "account_reports", "sessions", "failed_checks"} {
		known[list] = []string{}
	}
	c.withoutEvidence, _ = c.holds(known)
	return c, nil
}

// note records the variables and the string literals of the condition.
func (c *condition) note(tree *ast.AST) {
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			c.variables = append(c.variables, e.AsIdent())
		case ast.SelectKind:
			c.spelled = append(c.spelled, e.AsSelect().FieldName())
		case ast.LiteralKind:
			if text, ok := e.AsLiteral().Value().(string); ok {
				c.spelled = append(c.spelled, text)
			}
		}
	}))
}

// holds evaluates the condition. If it cannot be evaluated, problem says why, without
// values of the facts; otherwise problem is empty.
func (c *condition) holds(variables map[string]any) (holds bool, problem string) {
	value, _, err := c.program.Eval(variables)
	if err != nil {
		return false, c.problem(err)
	}
	holds, ok := value.Value().(bool)
	if !ok {
		return false, "the condition is neither true nor false"
	}
	return holds, ""
}

// problem says why a condition cannot be evaluated. CEL's errors quote values, which may be
// personal data, so it repeats only literals of the condition.
func (c *condition) problem(err error) string {
	if e := readError(""); errors.As(err, &e) {
		return string(e)
	}
	if key, found := strings.CutPrefix(err.Error(), "no such key: "); found && slices.Contains(c.spelled, key) {
		return fmt.Sprintf("there is no %q", key)
	}
	return "a value is absent or of a type that the condition cannot use, or the condition is too expensive"
}

// explain replaces CEL's message about an unknown name with one that suggests a name.
func (l *language) explain(message string) string {
	name := regexp.MustCompile(`^undeclared reference to '([^']*)'`).FindStringSubmatch(message)
	switch {
	case strings.Contains(message, ", null)") || strings.Contains(message, "(null, "):
		return noNull
	case name == nil:
		return message
	}
	known := slices.Concat(l.names, functionNames(), []string{"size", "has", "all", "exists", "exists_one", "filter", "map", "matches",
		"contains", "startsWith", "endsWith", "timestamp", "duration", "double", "int", "string"})
	suggestion := didYouMean(name[1], known)
	if suggestion == "" {
		suggestion = "; the variables are " + strings.Join(l.names, ", ")
	}
	return fmt.Sprintf("there is no %q%s", name[1], suggestion)
}

const noNull = "null counts as absent: write has(…) to test whether there is a value"

// check finds errors that CEL does not: unknown attributes, template fields that are not
// written as fields["key"], null, and dyn, which would hide the other errors.
func (l *language) check(tree *ast.AST) *conditionError {
	var found *conditionError
	report := func(e ast.Expr, problem string) {
		if found == nil && problem != "" {
			found = &conditionError{tree.SourceInfo().GetStartLocation(e.ID()), problem}
		}
	}
	indexed := map[int64]bool{} // expressions that are indexed with a key
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.LiteralKind:
			if e.AsLiteral() == types.NullValue {
				report(e, noNull)
			}
		case ast.CallKind:
			call := e.AsCall()
			switch args := call.Args(); call.FunctionName() {
			case operators.Index:
				indexed[args[0].ID()] = true
				report(args[1], keyProblem(args[0], args[1]))
			case operators.In:
				indexed[args[1].ID()] = true
				report(args[0], keyProblem(args[1], args[0]))
			case "dyn":
				report(e, "dyn(…) is not allowed: it would hide the types of attributes")
			}
		case ast.SelectKind:
			s := e.AsSelect()
			report(e, l.attributeProblem(tree.GetType(s.Operand().ID()), s.FieldName()))
			if isFields(s.Operand()) {
				report(e, fmt.Sprintf("template fields are read as fields[%q]", fold.Kebab(s.FieldName())))
			}
			if isFields(e) && !s.IsTestOnly() && !indexed[e.ID()] {
				report(e, `template fields are read as fields["key"], and tested as "key" in fields`)
			}
		}
	}))
	return found
}

func isFields(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == "fields"
}

// attributeProblem returns an error message if a type is known and has no such attribute.
func (l *language) attributeProblem(of *cel.Type, name string) string {
	k, known := l.kinds[of.TypeName()]
	if _, has := k.fields[name]; !known || has {
		return ""
	}
	suggestion := didYouMean(name, slices.Collect(maps.Keys(k.fields)))
	if suggestion == "" {
		var others []string
		for _, other := range l.kinds {
			if _, has := other.fields[name]; has {
				others = append(others, other.label)
			}
		}
		if slices.Sort(others); len(others) > 0 {
			suggestion = "; it is an attribute of: " + strings.Join(others, ", ")
		}
	}
	if k.name == "Thresholds" && len(k.fields) == 0 {
		suggestion = "; the policy has no thresholds"
	}
	return fmt.Sprintf("%s has no %q%s", k.label, name, suggestion)
}

// keyProblem returns an error message if a template field's key is not in kebab-case.
func keyProblem(container, key ast.Expr) string {
	if !isFields(container) || key.Kind() != ast.LiteralKind {
		return ""
	}
	text, ok := key.AsLiteral().Value().(string)
	switch {
	case !ok:
		return "the key of a template field is a text"
	case text != fold.Kebab(text):
		return fmt.Sprintf("the keys of template fields are in kebab-case: write %q", fold.Kebab(text))
	}
	return ""
}
