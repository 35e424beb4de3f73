package policy

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// lowerTags returns the texts that a condition compares with tags, and that no tag equals:
// Persona shows tags in capitals.
func lowerTags(tree *ast.AST) []string {
	var compared []string
	ranges := map[string]ast.Expr{} // what a variable of a macro goes through, by its name
	visit(tree.Expr(), func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind {
			ranges[e.AsComprehension().IterVar()] = e.AsComprehension().IterRange()
		}
	})
	visit(tree.Expr(), func(e ast.Expr) {
		switch {
		case e.Kind() == ast.ComprehensionKind && areTags(e.AsComprehension().IterRange()): // tags.exists(t, t == "vip")
			compared = append(compared, comparedWith(e.AsComprehension().IterVar(), e.AsComprehension().LoopStep())...)
		case e.Kind() == ast.CallKind:
			compared = append(compared, comparedWithTags(e.AsCall(), ranges)...)
		}
	})
	lower := slices.DeleteFunc(compared, func(text string) bool { return text == strings.ToUpper(text) })
	slices.Sort(lower)
	return slices.Compact(lower)
}

// comparedWithTags returns the texts that a call compares with tags: "vip" in tags,
// tags == ["vip"], tags[0] == "vip".
func comparedWithTags(call ast.CallExpr, ranges map[string]ast.Expr) []string {
	switch call.FunctionName() {
	case operators.In, operators.Equals, operators.NotEquals:
	default:
		return nil
	}
	args := call.Args()
	for i, arg := range args {
		if !areTags(arg) {
			continue
		}
		other := args[1-i]
		if other.Kind() == ast.IdentKind && ranges[other.AsIdent()] != nil { // ["vip"].exists(x, x in tags)
			other = ranges[other.AsIdent()]
		}
		return texts(other)
	}
	return nil
}

// comparedWith returns the texts that an expression compares with a variable: t == "vip",
// t in ["vip"], t.startsWith("v").
func comparedWith(variable string, within ast.Expr) []string {
	is := func(e ast.Expr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == variable }
	var compared []string
	visit(within, func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.In, operators.Equals, operators.NotEquals, "startsWith", "endsWith", "contains":
		default:
			return
		}
		if !slices.ContainsFunc(call.Args(), is) && !(call.IsMemberFunction() && is(call.Target())) {
			return
		}
		for _, arg := range call.Args() {
			compared = append(compared, texts(arg)...)
		}
	})
	return compared
}

// areTags reports whether an expression is the tags of an object, or one of them.
func areTags(e ast.Expr) bool {
	switch e.Kind() {
	case ast.SelectKind:
		return e.AsSelect().FieldName() == "tags"
	case ast.CallKind:
		call := e.AsCall()
		return call.FunctionName() == operators.Index && len(call.Args()) == 2 && areTags(call.Args()[0])
	}
	return false
}

// texts returns the string literals in an expression.
func texts(e ast.Expr) []string {
	var found []string
	visit(e, func(e ast.Expr) {
		if e.Kind() != ast.LiteralKind {
			return
		}
		if text, ok := e.AsLiteral().Value().(string); ok {
			found = append(found, text)
		}
	})
	return found
}

func visit(e ast.Expr, do func(ast.Expr)) { ast.PostOrderVisit(e, ast.NewExprVisitor(do)) }
