package policy

import (
	"encoding/json"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/idemhq/idem/internal/domain"
)

// Facts are what a decision is based on. The table below says how conditions see them.
// Facts encode as JSON without loss: Decide on decoded facts returns an equal Outcome.
type Facts struct {
	Environment domain.Environment
	Transition  domain.Transition

	Inquiry   *domain.Object  // of the transition; for a case, its newest inquiry; nil if there is none
	Inquiries []domain.Object // for a case, all its inquiries; otherwise only the inquiry
	Account   *domain.Object  // of Inquiry; nil if it has none
	Cases     []domain.Object // of the inquiry; for a case, only that case

	Verifications  []domain.Object // every attempt, of all Inquiries
	Reports        []domain.Object // of all Inquiries; for a case, also those that it names
	AccountReports []domain.Object // of the accounts; only if the policy uses them
	Sessions       []domain.Object // of all Inquiries

	DeclinedBefore bool // an older inquiry of the person was declined

	// Missing lists what could not be read or is withheld, as ids and attribute names
	// without values. If it is empty, the facts are complete.
	Missing []string
}

// variable is a fact that conditions can use.
type variable struct {
	name  string
	typ   *cel.Type
	means string // for docs/service.md; empty for a variable that is not documented
	value func(Facts) any
}

// variables returns the table of variables, in the order of docs/service.md. The names
// that begin with @ are for the policy's functions: no condition can write them, so no
// condition can replace their values.
func (l *language) variables() []variable {
	return []variable{
		{"inquiry", cel.ObjectType("Inquiry"), "the inquiry; for a case, its newest inquiry",
			func(f Facts) any { return recordOf("Inquiry", f.Inquiry, l.kinds) }},
		{"inquiries", listOf("Inquiry"), "for a case, all its inquiries; otherwise only the inquiry",
			func(f Facts) any { return l.list("Inquiry", f.Inquiries) }},
		{"account", cel.ObjectType("Account"), "the account of `inquiry`",
			func(f Facts) any { return recordOf("Account", f.Account, l.kinds) }},
		{"cases", listOf("Case"), "the cases that the inquiry is attached to; for a case, that case",
			func(f Facts) any { return l.list("Case", f.Cases) }},
		{"verifications", listOf("Verification"), "the last attempt at each verification template. If several began at the same time, " +
			"the one that was completed last counts, or the worst one while any of them is still running",
			func(f Facts) any { return l.list("Verification", counted(f.Verifications)) }},
		{"@verifications", listOf("Verification"), "",
			func(f Facts) any { return l.list("Verification", counted(f.Verifications)) }},
		{"attempts", listOf("Verification"), "every attempt",
			func(f Facts) any { return l.list("Verification", f.Verifications) }},
		{"@attempts", listOf("Verification"), "",
			func(f Facts) any { return l.list("Verification", f.Verifications) }},
		{"reports", listOf("Report"), "the reports of the inquiries; for a case, also those attached to the case",
			func(f Facts) any { return l.list("Report", f.Reports) }},
		{"account_reports", listOf("Report"), "the reports of the inquiries' accounts; read only when a condition uses them",
			func(f Facts) any { return l.list("Report", f.AccountReports) }},
		{"sessions", listOf("Session"), "the sessions of the inquiries",
			func(f Facts) any { return l.list("Session", f.Sessions) }},
		{"failed_checks", cel.ListType(cel.StringType), "the names of the checks that failed in `verifications`, except those whose requirement " +
			"is `not_required`; for a verification that failed without naming a check, its type",
			func(f Facts) any { return FailedChecks(f.Verifications) }},
		{"declined_before", cel.BoolType, "whether an older inquiry of the same person was declined",
			func(f Facts) any { return f.DeclinedBefore }},
		{"transition", cel.ObjectType("Transition"), "`from`, `to`, `event`",
			func(f Facts) any { return l.transition(f.Transition) }},
		{"environment", cel.StringType, "`sandbox` or `production`",
			func(f Facts) any { return string(f.Environment) }},
		{"thresholds", cel.ObjectType("Thresholds"), "the numbers of the policy",
			func(Facts) any { return l.numbers() }},
	}
}

// variableNames returns the names that conditions can use.
func (l *language) variableNames() []string {
	var names []string
	for _, v := range l.variables() {
		if v.means != "" {
			names = append(names, v.name)
		}
	}
	return names
}

// values returns the values of all variables. Each is computed when a condition first uses
// it, which is how CEL treats functions.
func (l *language) values(f Facts) map[string]any {
	values := map[string]any{}
	for _, v := range l.variables() {
		values[v.name] = func() any { return v.value(f) }
	}
	return values
}

func listOf(kind string) *cel.Type { return cel.ListType(cel.ObjectType(kind)) }

func (l *language) list(kind string, objects []domain.Object) any {
	return types.NewRefValList(types.DefaultTypeAdapter, recordsOf(kind, objects, l.kinds))
}

func (l *language) transition(t domain.Transition) *record {
	r := &record{kind: l.kinds["Transition"], attributes: map[string]json.RawMessage{}, all: l.kinds}
	for name, value := range map[string]string{"from": t.From, "to": t.To, "event": t.Event} {
		r.attributes[name], _ = json.Marshal(value) // cannot fail: it is a string
	}
	return r
}

// numbers returns the thresholds as an object.
func (l *language) numbers() *record {
	r := &record{kind: l.kinds["Thresholds"], attributes: map[string]json.RawMessage{}, all: l.kinds}
	for name, n := range l.thresholds {
		r.attributes[name], _ = json.Marshal(n) // fails for NaN and infinities, which the policy rejects
	}
	return r
}
