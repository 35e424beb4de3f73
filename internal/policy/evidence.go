package policy

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// check is one check of a verification.
type check struct {
	Name, Status, Requirement string
	Reasons                   []string
}

// counted returns the attempts that count, in the order of the input: a person may try
// again, so of the attempts at one verification template it is the last. Templates of
// one type stand beside each other. An attempt that does not say when it was created
// counts too, since it may be the last.
func counted(attempts []domain.Object) []domain.Object {
	groups := map[[2]string][]domain.Object{}
	for _, a := range attempts {
		if group := [2]string{a.Ref.Type, templateOf(a)}; !created(a).IsZero() {
			groups[group] = append(groups[group], a)
		}
	}
	last := map[[2]string]domain.Ref{}
	for group, of := range groups {
		last[group] = lastOf(of).Ref
	}
	return slices.DeleteFunc(slices.Clone(attempts), func(a domain.Object) bool {
		return !created(a).IsZero() && last[[2]string{a.Ref.Type, templateOf(a)}] != a.Ref
	})
}

// lastOf returns the attempt that counts: the one that was created last. Of several that
// were created at one moment it is the one that was completed last, or the worst one while
// one of them still runs: it is not known then which will be the last.
func lastOf(attempts []domain.Object) domain.Object {
	newest := created(slices.MaxFunc(attempts, func(a, b domain.Object) int { return created(a).Compare(created(b)) }))
	attempts = slices.DeleteFunc(slices.Clone(attempts), func(a domain.Object) bool { return created(a).Before(newest) })
	running := slices.ContainsFunc(attempts, func(a domain.Object) bool { return moment(a, "completed-at").IsZero() })
	return slices.MaxFunc(attempts, func(a, b domain.Object) int {
		completed := 0
		if !running {
			completed = moment(a, "completed-at").Compare(moment(b, "completed-at"))
		}
		return cmp.Or(
			completed,
			cmp.Compare(badness(a), badness(b)),
			cmp.Compare(len(failedChecks(a)), len(failedChecks(b))),
			strings.Compare(a.Ref.ID, b.Ref.ID),
		)
	})
}

// badness orders the outcomes of a verification: passed, open, failed.
func badness(v domain.Object) int {
	switch v.Status {
	case "passed":
		return 0
	case "failed":
		return 2
	default:
		return 1
	}
}

// templateOf is the id of a verification's template, empty where it has none.
func templateOf(v domain.Object) string {
	if refs := v.Relationships["verification-template"]; len(refs) > 0 {
		return refs[0].ID
	}
	return ""
}

// failedChecks returns the checks of a verification that failed, but for those that say
// that they are not required. Those of a government ID's chip say nothing (OpenAPI
// 2025-12-08), and a word that is not known may mean anything. A verification that failed without a check that says why counts
// as a check of its type's name.
func failedChecks(v domain.Object) []check {
	var checks []check
	_ = json.Unmarshal(v.Attributes["checks"], &checks) // absent, or a list
	checks = slices.DeleteFunc(checks, func(c check) bool {
		return c.Status != "failed" || c.Requirement == "not_required"
	})
	if len(checks) == 0 && v.Status == "failed" {
		checks = []check{{Name: v.Ref.Type}}
	}
	return checks
}

// FailedChecks returns the names of the required checks that failed, sorted, each once.
// Of the attempts at one verification template the last counts.
func FailedChecks(attempts []domain.Object) []string {
	names := []string{}
	for _, v := range counted(attempts) {
		for _, c := range failedChecks(v) {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// FailureReasons returns the codes of why required checks failed, as check.reason,
// sorted, each once. Of the attempts at one verification template the last counts.
func FailureReasons(attempts []domain.Object) []string {
	reasons := []string{}
	for _, v := range counted(attempts) {
		for _, c := range failedChecks(v) {
			for _, reason := range c.Reasons {
				if reason != "" {
					reasons = append(reasons, c.Name+"."+reason)
				}
			}
		}
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// created is when an object was created, zero where it does not say.
func created(o domain.Object) time.Time { return moment(o, "created-at") }

func moment(o domain.Object, attribute string) time.Time {
	var text string
	_ = json.Unmarshal(o.Attributes[attribute], &text) // absent, or a text
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t
}
