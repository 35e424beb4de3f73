package policy

import (
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// key is a key that a condition spells, such as status in inquiry.status.
type key struct {
	of   string // the variable it is read from, empty for a deeper value
	name string
	at   common.Location
}

// keysOf returns the keys of a condition, written with a dot or in brackets.
func keysOf(condition *cel.Ast) []key {
	var keys []key
	native := condition.NativeRep()
	add := func(e, operand ast.Expr, name string) {
		k := key{name: name, at: native.SourceInfo().GetStartLocation(e.ID())}
		if operand.Kind() == ast.IdentKind {
			k.of = operand.AsIdent()
		}
		keys = append(keys, k)
	}
	ast.PostOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			add(e, e.AsSelect().Operand(), e.AsSelect().FieldName())
		case ast.CallKind:
			call := e.AsCall()
			if call.FunctionName() != operators.Index || call.Args()[1].Kind() != ast.LiteralKind {
				return
			}
			if name, ok := call.Args()[1].AsLiteral().Value().(string); ok {
				add(e, call.Args()[0], name)
			}
		}
	}))
	return keys
}

// problem says that a key is not one of its variable, where those are known before
// there are facts.
func (k key) problem(thresholds map[string]float64) string {
	var known []string
	switch k.of {
	case "thresholds":
		known = slices.Sorted(maps.Keys(thresholds))
	case "transition":
		known = []string{"event", "from", "to"}
	default:
		return ""
	}
	if slices.Contains(known, k.name) {
		return ""
	}
	return fmt.Sprintf("%s has no %q; it has %q", k.of, k.name, known)
}
