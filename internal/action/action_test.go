package action_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/action"
	"github.com/idemhq/idem/internal/domain"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// The table contains every kind that the code names, and no other.
func TestTheTableHasEveryKind(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../domain/action.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if typ, named := (*ast.Ident)(nil), false; ok {
			if typ, named = spec.Type.(*ast.Ident); named && typ.Name == "ActionKind" {
				name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, name)
			}
		}
		return true
	})
	if got := action.Names(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(names))) || len(names) == 0 {
		t.Errorf("the table has %v, and the names are %v", got, names)
	}
	for _, name := range names {
		kind, known := action.Find(domain.ActionKind(name))
		if !known || !slices.Contains([]string{"inquiry", "case", "account"}, kind.Target) {
			t.Errorf("%s acts on %q", name, kind.Target)
		}
	}
}

// These keys were derived by an earlier version. Another form would repeat actions that
// were performed before an upgrade.
func TestStoredKeysKeepTheirForm(t *testing.T) {
	transition := domain.Transition{Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, From: "pending", To: "completed", At: start}
	for want, spec := range map[string]domain.ActionSpec{
		"idem-745e3cd2f2bc551129fd171f54fb5b5533f91a01": {Kind: domain.ApproveInquiry, Target: transition.Object},
		"idem-bdb3050508c82eec4d72176ed5d9c99898d3dab3": {Kind: domain.SetCaseStatus, Target: domain.Ref{Type: "case", ID: "case_1"}, Arguments: map[string]string{"status": "Approved"}},
		"idem-f7b57c291055e840a67284332569089736e6bb1f": {Kind: domain.TagAccount, Target: domain.Ref{Type: "account", ID: "act_1"}, Arguments: map[string]string{"tag": "VIP"}},
		"idem-c989ced68ee885099e3ce7fe03c4a01d5b68f84c": {Kind: domain.SimulateInquiry, Target: transition.Object, Arguments: map[string]string{"actions": "start_inquiry complete_inquiry"}},
	} {
		if got := action.Key(domain.Sandbox, "v1", "a rule", transition, spec); got != want {
			t.Errorf("%s has the key %s, not %s", spec.Kind, got, want)
		}
	}
}

func TestTheVerdictsThatActionsAskFor(t *testing.T) {
	statuses := map[string]domain.Verdict{"Good": domain.VerdictApproved, "Bad": domain.VerdictDeclined}
	for name, test := range map[string]struct {
		spec               domain.ActionSpec
		approves, declines bool
	}{
		"an approval":                       {domain.ActionSpec{Kind: domain.ApproveInquiry}, true, false},
		"a decline":                         {domain.ActionSpec{Kind: domain.DeclineInquiry}, false, true},
		"a case status that means approved": {domain.ActionSpec{Kind: domain.SetCaseStatus, Arguments: map[string]string{"status": "Good"}}, true, false},
		"a case status that means declined": {domain.ActionSpec{Kind: domain.SetCaseStatus, Arguments: map[string]string{"status": "Bad"}}, false, true},
		"a case status without a verdict":   {domain.ActionSpec{Kind: domain.SetCaseStatus, Arguments: map[string]string{"status": "Open"}}, false, false},
		"a simulation of both":              {domain.ActionSpec{Kind: domain.SimulateInquiry, Arguments: map[string]string{"actions": "decline_inquiry approve_inquiry"}}, true, true},
		"a tag":                             {domain.ActionSpec{Kind: domain.TagInquiry, Arguments: map[string]string{"tag": "approve_inquiry"}}, false, false},
		"an unknown kind":                   {domain.ActionSpec{Kind: "dance"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := action.AsksFor(domain.VerdictApproved, test.spec, statuses); got != test.approves {
				t.Errorf("approves: %v", got)
			}
			if got := action.AsksFor(domain.VerdictDeclined, test.spec, statuses); got != test.declines {
				t.Errorf("declines: %v", got)
			}
		})
	}
}

func TestATagIsReachedInAnyCase(t *testing.T) {
	now := domain.Object{Ref: domain.Ref{Type: "inquiry", ID: "inq_1"}, Attributes: map[string]json.RawMessage{"tags": json.RawMessage(`["VIP"]`)}}
	for tag, want := range map[string]action.Precondition{"VIP": action.Reached, "vip": action.Reached, "vi": action.Holds} {
		spec := domain.ActionSpec{Kind: domain.TagInquiry, Target: now.Ref, Arguments: map[string]string{"tag": tag}}
		if got, _ := action.Check(spec, now); got != want {
			t.Errorf("%s: %v, want %v", tag, got, want)
		}
	}
}

func TestEverythingThatIdentifiesAnActionChangesItsKey(t *testing.T) {
	transition := domain.Transition{Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, From: "pending", To: "completed", At: start, EventID: "evt_1", Event: "inquiry.completed"}
	spec := domain.ActionSpec{Kind: domain.SetCaseStatus, Target: domain.Ref{Type: "case", ID: "case_1"}, Arguments: map[string]string{"status": "Approved"}}
	derive := func(change func(*domain.Environment, *string, *string, *domain.Transition, *domain.ActionSpec)) string {
		env, version, rule, tr, sp := domain.Sandbox, "v1", "a rule", transition, spec
		if change != nil {
			change(&env, &version, &rule, &tr, &sp)
		}
		return action.Key(env, version, rule, tr, sp)
	}
	type change = func(*domain.Environment, *string, *string, *domain.Transition, *domain.ActionSpec)
	seen := map[string]string{derive(nil): "the first"}
	for name, c := range map[string]change{
		"environment": func(e *domain.Environment, _, _ *string, _ *domain.Transition, _ *domain.ActionSpec) {
			*e = domain.Production
		},
		"policy version": func(_ *domain.Environment, v, _ *string, _ *domain.Transition, _ *domain.ActionSpec) { *v = "v2" },
		"rule":           func(_ *domain.Environment, _, r *string, _ *domain.Transition, _ *domain.ActionSpec) { *r = "another" },
		"object": func(_ *domain.Environment, _, _ *string, t *domain.Transition, _ *domain.ActionSpec) {
			t.Object.ID = "inq_2"
		},
		"moment": func(_ *domain.Environment, _, _ *string, t *domain.Transition, _ *domain.ActionSpec) {
			t.At = t.At.Add(time.Microsecond)
		},
		"target": func(_ *domain.Environment, _, _ *string, _ *domain.Transition, s *domain.ActionSpec) {
			s.Target.ID = "case_2"
		},
		"kind": func(_ *domain.Environment, _, _ *string, _ *domain.Transition, s *domain.ActionSpec) {
			s.Kind = domain.TagCase
		},
		"unknown argument": func(_ *domain.Environment, _, _ *string, _ *domain.Transition, s *domain.ActionSpec) {
			s.Arguments = map[string]string{"status": "Approved", "comment": "one"}
		},
		"value of an unknown argument": func(_ *domain.Environment, _, _ *string, _ *domain.Transition, s *domain.ActionSpec) {
			s.Arguments = map[string]string{"status": "Approved", "comment": "two"}
		},
		"status": func(_ *domain.Environment, _, _ *string, _ *domain.Transition, s *domain.ActionSpec) {
			s.Arguments = map[string]string{"status": "Declined"}
		},
	} {
		key := derive(c)
		if other, twice := seen[key]; twice {
			t.Errorf("another %s has the key of %s", name, other)
		}
		seen[key] = name
		if again := derive(c); again != key {
			t.Errorf("%s: %s and %s", name, key, again)
		}
	}
}
