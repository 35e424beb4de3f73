package policy

import (
	"fmt"
	"github.com/idemhq/idem/internal/domain"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// language is what conditions are written in: CEL with the variables, types and
// functions of a policy.
type language struct {
	env       *cel.Env
	kinds     map[string]kind
	variables []string // that conditions name
}

// functionNames are the functions that a policy adds to CEL's own.
func functionNames() []string {
	return []string{"passed", "latest", "failed_attempts", "clear"}
}

func newLanguage(thresholds map[string]float64) (*language, error) {
	all, err := kinds(thresholds)
	if err != nil {
		return nil, err
	}
	object := func(name string) *cel.Type { return cel.ObjectType(name) }
	list := func(name string) *cel.Type { return cel.ListType(cel.ObjectType(name)) }
	variables := map[string]*cel.Type{
		"environment": cel.StringType, "transition": object("Transition"), "inquiry": object("Inquiry"), "inquiries": list("Inquiry"),
		"account": object("Account"), "cases": list("Case"), "verifications": list("Verification"), "attempts": list("Verification"),
		"reports": list("Report"), "account_reports": list("Report"), "sessions": list("Session"),
		"failed_checks": cel.ListType(cel.StringType), "thresholds": object("Thresholds"), "declined_before": cel.BoolType,
		// The functions of a policy read these; no condition can write their names.
		"@verifications": list("Verification"), "@attempts": list("Verification"),
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
		function("@passed", list("Verification"), cel.BoolType, passed),
		function("@latest", list("Verification"), object("Verification"), latest),
		function("@failed_attempts", list("Verification"), cel.IntType, failedAttempts),
		cel.Function("clear", cel.Overload("clear_reports", []*cel.Type{list("Report")}, cel.BoolType, cel.UnaryBinding(isClear))),
	}
	l := &language{kinds: all}
	for name, typ := range variables {
		options = append(options, cel.Variable(name, typ))
		if !strings.HasPrefix(name, "@") {
			l.variables = append(l.variables, name)
		}
	}
	slices.Sort(l.variables)
	l.env, err = cel.NewEnv(options...)
	return l, err
}

// onVerifications makes f(KIND) a call of @f with the verifications of the facts. It
// checks KIND, since nobody would ever pass a misspelled one.
func onVerifications(name, of string) cel.Macro {
	return cel.GlobalVarArgMacro(name, func(helper cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		if len(args) != 1 || args[0].Kind() != ast.LiteralKind {
			return nil, helper.NewError(0, name+` takes one text: a kind of verification such as "government-id", or the id of a verification template`)
		}
		text, ok := args[0].AsLiteral().Value().(string)
		if !ok {
			return nil, helper.NewError(args[0].ID(), name+" takes a text")
		}
		kind, known := strings.TrimPrefix(text, "verification/"), verificationKinds()
		if !strings.HasPrefix(text, "vtmpl_") && !slices.Contains(known, kind) {
			return nil, helper.NewError(args[0].ID(), "there is no kind of verification "+quoted(text)+didYouMean(kind, known)+
				" (the id of a verification template begins with vtmpl_)")
		}
		return helper.NewCall("@"+name, helper.NewIdent(of), args[0]), nil
	})
}

// function is one that decides on verifications of a kind or template.
func function(name string, of, result *cel.Type, decide func(verifications []*record, what string) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload(name, []*cel.Type{of, cel.StringType}, result, cel.BinaryBinding(func(list, what ref.Val) ref.Val {
		text, ok := what.(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(what)
		}
		return decide(ofKind(records(list), string(text)), string(text))
	})))
}

// passed reports whether there is a verification, and every one of them passed.
func passed(verifications []*record, _ string) ref.Val {
	return types.Bool(len(verifications) > 0 && !slices.ContainsFunc(verifications, func(v *record) bool { return v.object.Status != "passed" }))
}

// latest returns the verification that was created last.
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

// failedAttempts counts the verifications that failed.
func failedAttempts(verifications []*record, _ string) ref.Val {
	n := 0
	for _, v := range verifications {
		if v.object.Status == "failed" {
			n++
		}
	}
	return types.Int(n)
}

// isClear reports whether every report is ready and says that it found no match.
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

// ofKind returns the verifications of a kind, such as government-id, of a full type, or
// of a verification template's id.
func ofKind(verifications []*record, kindOrTemplate string) []*record {
	return slices.DeleteFunc(slices.Clone(verifications), func(v *record) bool {
		return v.object.Ref.Type != "verification/"+kindOrTemplate && v.object.Ref.Type != kindOrTemplate && templateOf(*v.object) != kindOrTemplate
	})
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }
