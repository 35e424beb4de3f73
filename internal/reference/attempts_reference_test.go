package reference

import (
	"slices"
	"strings"
)

// of returns those of some attempts that a name means: a kind, a type or a template.
func of(attempts []*thing, name string) (found []*thing) {
	for _, a := range attempts {
		if a.kind() == name || a.typ == name || a.template != "" && a.template == name {
			found = append(found, a)
		}
	}
	return found
}

// counting returns the attempt that counts of each template: the last one. Those without a
// template are one group for each type.
func counting(attempts []*thing) (found []*thing) {
	for i, a := range attempts {
		group := attempts[i : i+1 : i+1]
		first := true
		for j, other := range attempts {
			if i == j || other.typ != a.typ || other.template != a.template {
				continue
			}
			first = first && j > i
			group = append(group, other)
		}
		if first {
			found = append(found, last(group))
		}
	}
	return found
}

// last returns the last of some attempts. Between those of one moment the one that was
// completed last counts, then the worse one. One that does not say when it was made may
// be the last: the worse of it and the last of the others counts.
func last(attempts []*thing) *thing {
	var dated, candidates []*thing
	for _, a := range attempts {
		if _, ok := a.moment("created-at"); ok {
			dated = append(dated, a)
		} else {
			candidates = append(candidates, a)
		}
	}
	for _, a := range dated {
		if !slices.ContainsFunc(dated, func(other *thing) bool { return follows(other, a) }) {
			candidates = append(candidates, a)
		}
	}
	return slices.MinFunc(candidates, func(a, b *thing) int { return good(a) - good(b) })
}

// follows reports whether a was made after b, or in one moment and completed after it.
func follows(a, b *thing) bool {
	atA, _ := a.moment("created-at")
	atB, _ := b.moment("created-at")
	if !atA.Equal(atB) {
		return atA.After(atB)
	}
	endA, okA := a.moment("completed-at")
	endB, okB := b.moment("completed-at")
	return okA && okB && endA.After(endB)
}

// good orders outcomes from the worst.
func good(attempt *thing) int {
	switch attempt.status() {
	case "failed":
		return 0
	case "passed":
		return 2
	}
	return 1
}

func passed(attempts []*thing, name string) tri {
	counts := counting(of(attempts, name))
	if len(counts) == 0 {
		return no
	}
	return is(!slices.ContainsFunc(counts, func(a *thing) bool { return a.status() != "passed" }))
}

func failedAttempts(attempts []*thing, name string) (n int) {
	for _, a := range of(attempts, name) {
		if a.status() == "failed" {
			n++
		}
	}
	return n
}

// failedChecks are the names of the required checks that failed, of the attempts that
// count; the type of one that failed without naming any. They are not known where an
// attempt does not tell its checks.
func failedChecks(attempts []*thing) (names []string, known bool) {
	for _, a := range counting(attempts) {
		checks, ok := a.attributes["checks"].([]any)
		if !ok {
			return nil, false
		}
		named := false
		for _, c := range checks {
			check, ok := c.(map[string]any)
			if !ok {
				return nil, false
			}
			name, hasName := check["name"].(string)
			status, hasStatus := check["status"].(string)
			if !hasName || !hasStatus {
				return nil, false
			}
			if status == "failed" && check["requirement"] != "not_required" {
				names, named = append(names, name), true
			}
		}
		if a.status() == "failed" && !named {
			names = append(names, a.typ)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// clean reports whether every report is ready and says that it found no match.
func clean(reports []*thing) bool {
	return !slices.ContainsFunc(reports, func(r *thing) bool {
		return r.status() != "ready" || r.attributes["has-match"] != false
	})
}

// kebab writes a key of any casing in kebab-case.
func kebab(key string) string {
	var b strings.Builder
	for i, r := range key {
		switch {
		case r == '_':
			b.WriteByte('-')
		case r >= 'A' && r <= 'Z':
			if i > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r + 'a' - 'A')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
