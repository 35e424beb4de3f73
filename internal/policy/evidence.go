package policy

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// check is a check of a verification.
type check struct {
	Name, Status, Requirement string
	Reasons                   []string
}

// counted returns the attempts that count, in the order of the input. A person may try
// again, so only the last attempt at each verification template counts, but all templates
// count. An attempt without a creation time also counts, since it may be the last.
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

// lastOf returns the newest attempt. If several were created at the same time, it is the
// one that was completed last, or the worst one while one of them is still running, since
// it is not known yet which will be the last.
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

// badness orders the results of a verification: passed, open, failed.
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

// templateOf returns the id of a verification's template, or "" if it has none.
func templateOf(v domain.Object) string {
	if refs := v.Relationships["verification-template"]; len(refs) > 0 {
		return refs[0].ID
	}
	return ""
}

// failedChecks returns the failed checks of a verification, except those that are not
// required. A missing requirement, as in the checks of a government ID's chip (OpenAPI
// 2025-12-08), and an unknown one count as required. A failed verification that names no
// failed check counts as one failed check with the name of its type.
func failedChecks(v domain.Object) []check {
	var checks []check
	_ = json.Unmarshal(v.Attributes["checks"], &checks) // empty if absent
	checks = slices.DeleteFunc(checks, func(c check) bool {
		return c.Status != "failed" || c.Requirement == "not_required"
	})
	if len(checks) == 0 && v.Status == "failed" {
		checks = []check{{Name: v.Ref.Type}}
	}
	return checks
}

// FailedChecks returns the sorted, distinct names of the required checks that failed. Only
// the last attempt at each verification template counts.
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

// FailureReasons returns the sorted, distinct codes of why required checks failed, as
// check.reason. Only the last attempt at each verification template counts.
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

// created returns the creation time of an object, or zero if it has none.
func created(o domain.Object) time.Time { return moment(o, "created-at") }

func moment(o domain.Object, attribute string) time.Time {
	var text string
	_ = json.Unmarshal(o.Attributes[attribute], &text) // empty if absent
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t
}
