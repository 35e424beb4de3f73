package policy

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// positively is how the part of a condition bears on the whole.
type positively int

const (
	yes     positively = iota // the whole holds the sooner when the part does
	no                        // the whole holds the sooner when the part does not
	perhaps                   // either, such as in a comparison
)

func (p positively) not() positively {
	switch p {
	case yes:
		return no
	case no:
		return yes
	default:
		return perhaps
	}
}

// absence finds a question whether there is a value, the answer no to which helps the
// condition to hold: a value that is withheld would then approve somebody.
func absence(tree *ast.AST) *flaw {
	a := &absences{tree: tree}
	a.visit(tree.Expr(), yes)
	return a.found
}

type absences struct {
	tree  *ast.AST
	found *flaw // the first
}

func (a *absences) say(e ast.Expr, what, instead string) {
	if a.found == nil {
		a.found = &flaw{a.tree.SourceInfo().GetStartLocation(e.ID()), "a rule that approves must not hold because a value is absent: " + what + "; " + instead}
	}
}

func (a *absences) visit(e ast.Expr, holds positively) {
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		if s.IsTestOnly() && holds != yes {
			a.say(e, "has(…) is negated or compared here", `write what the value must be, such as r.has_match == false, which never holds without the value`)
		}
		a.visit(s.Operand(), perhaps)
	case ast.CallKind:
		a.call(e, holds)
	case ast.ComprehensionKind:
		a.comprehension(e, holds)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			a.visit(item, perhaps)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			a.visit(entry.AsMapEntry().Key(), perhaps)
			a.visit(entry.AsMapEntry().Value(), perhaps)
		}
	case ast.StructKind:
		for _, field := range e.AsStruct().Fields() {
			a.visit(field.AsStructField().Value(), perhaps)
		}
	}
}

func (a *absences) call(e ast.Expr, holds positively) {
	args := e.AsCall().Args()
	each := func(holds positively) {
		for _, arg := range args {
			a.visit(arg, holds)
		}
	}
	switch e.AsCall().FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		each(holds)
	case operators.LogicalNot:
		each(holds.not())
	case operators.Conditional:
		a.visit(args[0], perhaps)
		a.visit(args[1], holds)
		a.visit(args[2], holds)
	case operators.Equals, operators.NotEquals:
		each(compared(args, e.AsCall().FunctionName() == operators.Equals, holds))
	case operators.In:
		if holds != yes && a.isKeyed(args) {
			a.say(e, `"key" in … is negated or compared here`, `write what the value must be, such as fields["key"] == "x", which never holds without the value`)
		}
		each(perhaps)
	case "clear", "@passed":
		if holds != yes {
			a.say(e, "passed(…) or clear(…) is negated or compared here", `write what must be the case, such as latest("selfie").status == "failed"`)
		}
		each(perhaps)
	default:
		if target := e.AsCall().Target(); e.AsCall().IsMemberFunction() {
			a.visit(target, perhaps)
		}
		each(perhaps)
	}
}

// compared is how the operands of == and != bear on the whole: x == true and x != false
// are x, x == false and x != true are its negation.
func compared(args []ast.Expr, equal bool, holds positively) positively {
	for _, arg := range args {
		if arg.Kind() != ast.LiteralKind {
			continue
		}
		if literal, ok := arg.AsLiteral().(types.Bool); ok {
			if bool(literal) == equal {
				return holds
			}
			return holds.not()
		}
	}
	return perhaps
}

// isKeyed reports whether x in y asks for a key of a mapping. Of a value of any type, a
// text that is spelled may be a key.
func (a *absences) isKeyed(args []ast.Expr) bool {
	switch a.tree.GetType(args[1].ID()).Kind() {
	case types.MapKind:
		return true
	case types.DynKind:
		return args[0].Kind() == ast.LiteralKind
	default:
		return false
	}
}

// comprehension looks into all and exists, which hold the sooner when their condition
// does. Any other, such as a filter, may count what is not there.
func (a *absences) comprehension(e ast.Expr, holds positively) {
	c := e.AsComprehension()
	if c.IterRange().Kind() != ast.ListKind && a.tree.GetType(c.IterRange().ID()).Kind() == types.MapKind {
		a.say(e, "the keys of a mapping are looked through", `name the key, such as metadata["key"] == "x"`)
	}
	a.visit(c.IterRange(), perhaps)
	step := c.LoopStep()
	if step.Kind() == ast.CallKind && c.Result().Kind() == ast.IdentKind {
		switch call := step.AsCall(); call.FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr:
			a.visit(call.Args()[1], holds)
			return
		}
	}
	a.visit(step, perhaps)
	a.visit(c.Result(), perhaps)
}
