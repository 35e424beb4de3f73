package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/idemhq/idem/internal/domain"
)

// language is CEL with the variables, types and functions of a policy.
type language struct {
	env        *cel.Env
	kinds      map[string]kind
	thresholds map[string]float64
	names      []string // of the variables that conditions can use
}

// functionNames returns the functions that a policy adds to CEL's own.
func functionNames() []string {
	return []string{"passed", "latest", "failed_attempts", "clear"}
}

func newLanguage(thresholds map[string]float64) (*language, error) {
	all, err := kinds(thresholds)
	if err != nil {
		return nil, err
	}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(provider{registry, all}),
		cel.CustomTypeAdapter(registry),
		cel.CrossTypeNumericComparisons(true),
		cel.Macros(onVerifications("passed", "@verifications"), onVerifications("latest", "@verifications"), onVerifications("failed_attempts", "@attempts")),
		function("@passed", listOf("Verification"), cel.BoolType, passed),
		function("@latest", listOf("Verification"), cel.ObjectType("Verification"), latest),
		function("@failed_attempts", listOf("Verification"), cel.IntType, failedAttempts),
		cel.Function("clear", cel.Overload("clear_reports", []*cel.Type{listOf("Report")}, cel.BoolType, cel.UnaryBinding(isClear))),
	}
	l := &language{kinds: all, thresholds: thresholds}
	l.names = slices.Sorted(slices.Values(l.variableNames()))
	for _, v := range l.variables() {
		options = append(options, cel.Variable(v.name, v.typ))
	}
	l.env, err = cel.NewEnv(options...)
	return l, err
}

// onVerifications expands f(KIND) to a call of @f with the verifications of the facts. It
// rejects an unknown KIND, since no verification would ever pass a misspelled one.
func onVerifications(name, of string) cel.Macro {
	return cel.GlobalVarArgMacro(name, func(helper cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		if len(args) != 1 || args[0].Kind() != ast.LiteralKind {
			return nil, helper.NewError(0, name+` takes one string: a kind of verification such as "government-id", or the id of a verification template`)
		}
		text, ok := args[0].AsLiteral().Value().(string)
		if !ok {
			return nil, helper.NewError(args[0].ID(), name+" takes a string")
		}
		kind, known := strings.TrimPrefix(text, "verification/"), verificationKinds()
		if !strings.HasPrefix(text, "vtmpl_") && !slices.Contains(known, kind) {
			return nil, helper.NewError(args[0].ID(), "there is no kind of verification "+quoted(text)+didYouMean(kind, known)+
				" (the id of a verification template begins with vtmpl_)")
		}
		return helper.NewCall("@"+name, helper.NewIdent(of), args[0]), nil
	})
}

// function declares a function on the verifications of a kind or template.
func function(name string, of, result *cel.Type, decide func(verifications []*record, what string) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload(name, []*cel.Type{of, cel.StringType}, result, cel.BinaryBinding(func(list, what ref.Val) ref.Val {
		text, ok := what.(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(what)
		}
		return decide(ofKind(records(list), string(text)), string(text))
	})))
}

// passed reports whether there are verifications and all of them passed.
func passed(verifications []*record, _ string) ref.Val {
	return types.Bool(len(verifications) > 0 && !slices.ContainsFunc(verifications, func(v *record) bool { return v.object.Status != "passed" }))
}

// latest returns the newest verification.
func latest(verifications []*record, what string) ref.Val {
	if len(verifications) == 0 {
		return types.WrapErr(readError("there is no verification of " + quoted(what)))
	}
	var objects []domain.Object
	for _, v := range verifications {
		objects = append(objects, *v.object)
	}
	last := lastOf(objects).Ref
	return verifications[slices.IndexFunc(verifications, func(v *record) bool { return v.object.Ref == last })]
}

// failedAttempts counts the failed verifications.
func failedAttempts(verifications []*record, _ string) ref.Val {
	n := 0
	for _, v := range verifications {
		if v.object.Status == "failed" {
			n++
		}
	}
	return types.Int(n)
}

// isClear reports whether every report is ready and found no match.
func isClear(reports ref.Val) ref.Val {
	for _, r := range records(reports) {
		if r.object.Status != "ready" || string(r.attributes["has-match"]) != "false" {
			return types.False
		}
	}
	return types.True
}

// records returns the objects of a list.
func records(list ref.Val) []*record {
	lister, ok := list.(traits.Lister)
	if !ok {
		return nil
	}
	var all []*record
	for i := lister.Iterator(); i.HasNext() == types.True; {
		if r, ok := i.Next().(*record); ok && r.object != nil {
			all = append(all, r)
		}
	}
	return all
}

// ofKind returns the verifications of a kind (such as government-id), of a full type, or of
// a template id.
func ofKind(verifications []*record, kindOrTemplate string) []*record {
	return slices.DeleteFunc(slices.Clone(verifications), func(v *record) bool {
		return v.object.Ref.Type != "verification/"+kindOrTemplate && v.object.Ref.Type != kindOrTemplate && templateOf(*v.object) != kindOrTemplate
	})
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }
