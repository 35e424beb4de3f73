package policy

import (
	"slices"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// polarity says how the value of a part of a condition affects the whole condition.
type polarity int

const (
	positive polarity = iota // the part being true helps the condition to be true
	negative                 // the part being false helps the condition to be true
	mixed                    // either may help, as in a comparison
)

func (p polarity) negated() polarity {
	switch p {
	case positive:
		return negative
	case negative:
		return positive
	default:
		return mixed
	}
}

// findAbsence returns the first test for presence that can make the condition true because
// a value is absent, or nil. In a rule that approves, a withheld value would then approve a
// person.
func findAbsence(tree *ast.AST) *conditionError {
	f := &absenceFinder{tree: tree}
	f.visit(tree.Expr(), positive)
	return f.found
}

// findGuard returns the position of the first test for presence that can make the condition
// false because a value is absent, or nil. If the rule stops people, such as one that
// declines, a withheld value would then lead them to the rules after it.
func findGuard(tree *ast.AST) common.Location {
	f := &absenceFinder{tree: tree, guards: true}
	f.visit(tree.Expr(), negative)
	if f.found == nil {
		return nil
	}
	return f.found.at
}

// needed are attributes without which no decision approves anybody: see [Facts].Missing.
var needed = []string{"status", "has_match", "checks"}

type absenceFinder struct {
	tree   *ast.AST
	guards bool            // only has and in matter
	found  *conditionError // the first problem
}

func (f *absenceFinder) report(e ast.Expr, problem, advice string) {
	if f.found == nil {
		f.found = &conditionError{
			f.tree.SourceInfo().GetStartLocation(e.ID()),
			"a rule that approves must not hold because a value is absent: " + problem + "; " + advice,
		}
	}
}

func (f *absenceFinder) visit(e ast.Expr, p polarity) {
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		if s.IsTestOnly() && p != positive && !(f.guards && slices.Contains(needed, s.FieldName())) {
			f.report(e, "has(…) is negated or compared here", `write what the value must be, such as r.has_match == false, which never holds without the value`)
		}
		f.visit(s.Operand(), mixed)
	case ast.CallKind:
		f.call(e, p)
	case ast.ComprehensionKind:
		f.comprehension(e, p)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			f.visit(item, mixed)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			f.visit(entry.AsMapEntry().Key(), mixed)
			f.visit(entry.AsMapEntry().Value(), mixed)
		}
	case ast.StructKind:
		for _, field := range e.AsStruct().Fields() {
			f.visit(field.AsStructField().Value(), mixed)
		}
	}
}

func (f *absenceFinder) call(e ast.Expr, p polarity) {
	name, args := e.AsCall().FunctionName(), e.AsCall().Args()
	if e.AsCall().IsMemberFunction() {
		args = append([]ast.Expr{e.AsCall().Target()}, args...)
	}
	of := mixed // the polarity of the arguments
	switch name {
	case operators.LogicalAnd, operators.LogicalOr:
		of = p
	case operators.LogicalNot:
		of = p.negated()
	case operators.Conditional:
		f.visit(args[0], mixed)
		args, of = args[1:], p
	case operators.Equals, operators.NotEquals:
		of = compared(args, name == operators.Equals, p)
		f.mappings(args)
	case operators.Index:
	case operators.In:
		if p != positive && f.isKey(args[0], args[1]) {
			f.report(e, `"key" in … is negated or compared here`, `write what the value must be, such as fields["key"] == "x", which never holds without the value`)
		}
	case "clear", "@passed":
		if p != positive && !f.guards {
			f.report(e, "passed(…) or clear(…) is negated or compared here", `write what must be the case, such as latest("selfie").status == "failed"`)
		}
	default:
		f.mappings(args)
	}
	for _, arg := range args {
		f.visit(arg, of)
	}
}

// compared returns the polarity of the operands of == and !=. x == true and x != false have
// the polarity of x; x == false and x != true have its negation.
func compared(operands []ast.Expr, equal bool, p polarity) polarity {
	for _, operand := range operands {
		if operand.Kind() != ast.LiteralKind {
			continue
		}
		if literal, ok := operand.AsLiteral().(types.Bool); ok {
			if bool(literal) == equal {
				return p
			}
			return p.negated()
		}
	}
	return mixed
}

// isKey reports whether "key in of" may test for a key of a map. If the type of the right
// side is not known, a literal on the left may be a key.
func (f *absenceFinder) isKey(key, of ast.Expr) bool {
	switch f.tree.GetType(of.ID()).Kind() {
	case types.MapKind:
		return true
	case types.DynKind:
		return key.Kind() == ast.LiteralKind
	default:
		return false
	}
}

// mappings reports maps that are counted or compared as a whole, because absent keys would
// then count.
func (f *absenceFinder) mappings(args []ast.Expr) {
	for _, arg := range args {
		if f.guards {
			return
		}
		if f.tree.GetType(arg.ID()).Kind() == types.MapKind {
			f.report(arg, "a whole mapping is counted or compared here", `name the key, such as metadata["key"] == "x"`)
		}
	}
}

// comprehension visits all and exists, whose conditions keep the polarity. Other macros,
// such as filter, may count absent values.
func (f *absenceFinder) comprehension(e ast.Expr, p polarity) {
	c := e.AsComprehension()
	f.mappings([]ast.Expr{c.IterRange()})
	f.visit(c.IterRange(), mixed)
	step := c.LoopStep()
	if step.Kind() == ast.CallKind && c.Result().Kind() == ast.IdentKind {
		switch call := step.AsCall(); call.FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr:
			f.visit(call.Args()[1], p) // the first argument is the accumulated result
			return
		}
	}
	f.visit(step, mixed)
	f.visit(c.Result(), mixed)
}
