package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// Unlisted returns the names of the events that a sandbox emitted although they are not
// among those it says it emits.
func Unlisted(s *Sandbox) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var unlisted []string
	for _, env := range s.environments {
		for event := range env.all("event") {
			if name := event.text("name"); !emits(name) {
				unlisted = append(unlisted, name)
			}
		}
	}
	return unlisted
}

// Listed returns the names of the events that the sandbox says it emits.
func Listed() []string {
	var names []string
	for subject, words := range eventNames() {
		for what := range strings.FieldsSeq(words) {
			names = append(names, subject+"."+what)
		}
	}
	return names
}

// VerificationTypes returns every type of verification, sorted.
func VerificationTypes() []string {
	var types []string
	for typ := range shapes() {
		if familyOf(typ) == "verification" {
			types = append(types, typ)
		}
	}
	slices.Sort(types)
	return types
}

// ActNames returns the name of every kind of act, sorted.
func ActNames() []string { return slices.Sorted(maps.Keys(acts())) }
