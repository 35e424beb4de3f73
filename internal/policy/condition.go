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

// condition is the condition of a rule, ready to be evaluated.
type condition struct {
	program cel.Program
	words   []string // the texts that the condition spells: they are safe to name
	always  bool     // it holds whatever the facts are
	blind   bool     // it holds for somebody without verifications and reports
	names   []string // the variables that it reads
}

// costLimit bounds what one condition may cost to evaluate, in CEL's units: some ten
// thousand operations.
const costLimit = 100_000

// flaw is what is wrong with a condition, and where in its text.
type flaw struct {
	at      common.Location
	problem string
}

func (f *flaw) Error() string { return f.problem }

// compile makes a condition of a text. It fails with a [*flaw]. The condition of a rule
// that approves must not hold because a value is absent.
func (l *language) compile(text string, approves bool, thresholds map[string]float64) (*condition, error) {
	checked, issues := l.env.Compile(text)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		return nil, &flaw{first.Location, l.explain(first.Message)}
	}
	if out := checked.OutputType(); out != cel.BoolType && out != cel.DynType {
		return nil, &flaw{common.NoLocation, fmt.Sprintf("it is not true or false but %s", out)}
	}
	native := checked.NativeRep()
	if f := l.check(native); f != nil {
		return nil, f
	}
	if approves {
		if f := absence(native); f != nil {
			return nil, f
		}
	}
	program, err := l.env.Program(checked, cel.CostLimit(costLimit))
	if err != nil {
		return nil, &flaw{common.NoLocation, err.Error()}
	}
	c := &condition{program: program}
	c.read(native)
	known := map[string]any{"thresholds": l.thresholds(thresholds)}
	if value, _, err := program.Eval(known); err == nil {
		if value != types.True {
			return nil, &flaw{common.NoLocation, "it is false whatever the facts are: the rule can never fire"}
		}
		c.always = true
	}
	for _, list := range []string{"verifications", "@verifications", "attempts", "@attempts", "reports", "account_reports", "sessions", "failed_checks"} {
		known[list] = []string{}
	}
	c.blind, _ = c.holds(known)
	return c, nil
}

// read keeps the texts and the variables of the condition.
func (c *condition) read(tree *ast.AST) {
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			c.names = append(c.names, e.AsIdent())
		case ast.SelectKind:
			c.words = append(c.words, e.AsSelect().FieldName())
		case ast.LiteralKind:
			if text, ok := e.AsLiteral().Value().(string); ok {
				c.words = append(c.words, text)
			}
		}
	}))
}

// holds evaluates the condition. The problem says why it cannot be evaluated, and names
// no value of the facts; it is empty when it can.
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

// problem says why a condition cannot be evaluated. CEL quotes the value it stumbled
// over, which may be a person's: only what the condition itself spells is named.
func (c *condition) problem(err error) string {
	if u := unread(""); errors.As(err, &u) {
		return string(u)
	}
	if key, found := strings.CutPrefix(err.Error(), "no such key: "); found && slices.Contains(c.words, key) {
		return fmt.Sprintf("there is no %q", key)
	}
	return "a value is of another type than the condition needs, is not there, or the condition is too costly"
}

// explain adds what was probably meant to CEL's message about a name that there is not.
func (l *language) explain(message string) string {
	name := regexp.MustCompile(`^undeclared reference to '([^']*)'`).FindStringSubmatch(message)
	switch {
	case strings.Contains(message, ", null)") || strings.Contains(message, "(null, "):
		return noNull
	case name == nil:
		return message
	}
	known := slices.Concat(l.variables, functionNames(), []string{"size", "has", "all", "exists", "exists_one", "filter", "map", "matches",
		"contains", "startsWith", "endsWith", "timestamp", "duration", "double", "int", "string"})
	suggestion := didYouMean(name[1], known)
	if suggestion == "" {
		suggestion = "; the variables are " + strings.Join(l.variables, ", ")
	}
	return fmt.Sprintf("there is no %q%s", name[1], suggestion)
}

const noNull = "a value that is null counts as absent: write has(…) to ask whether there is one"

// check finds what CEL does not: attributes that there are not, template fields that are
// written in another form than fields["key"], and null.
func (l *language) check(tree *ast.AST) *flaw {
	var found *flaw
	say := func(e ast.Expr, problem string) {
		if found == nil && problem != "" {
			found = &flaw{tree.SourceInfo().GetStartLocation(e.ID()), problem}
		}
	}
	indexed := map[int64]bool{} // the expressions that are read by a key
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.LiteralKind:
			if e.AsLiteral() == types.NullValue {
				say(e, noNull)
			}
		case ast.CallKind:
			call := e.AsCall()
			switch args := call.Args(); call.FunctionName() {
			case operators.Index:
				indexed[args[0].ID()] = true
				say(args[1], keyProblem(args[0], args[1]))
			case operators.In:
				indexed[args[1].ID()] = true
				say(args[0], keyProblem(args[1], args[0]))
			case "dyn":
				say(e, "dyn(…) has no use here: everything has a type already")
			}
		case ast.SelectKind:
			s := e.AsSelect()
			say(e, l.attributeProblem(tree.GetType(s.Operand().ID()), s.FieldName()))
			if isFields(s.Operand()) {
				say(e, fmt.Sprintf("write fields[%q]: template fields have no other form", fold.Kebab(s.FieldName())))
			}
			if isFields(e) && !s.IsTestOnly() && !indexed[e.ID()] {
				say(e, `fields are read as fields["key"], or asked for as "key" in fields`)
			}
		}
	}))
	return found
}

func isFields(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == "fields"
}

// attributeProblem says that a type has no such attribute, empty where it has, and where
// the type is not known.
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

// keyProblem says that a template field's key is not written in kebab-case.
func keyProblem(container, key ast.Expr) string {
	if !isFields(container) || key.Kind() != ast.LiteralKind {
		return ""
	}
	text, ok := key.AsLiteral().Value().(string)
	switch {
	case !ok:
		return "a template field is read by a text"
	case text != fold.Kebab(text):
		return fmt.Sprintf("the keys of template fields are in kebab-case: write %q", fold.Kebab(text))
	}
	return ""
}
