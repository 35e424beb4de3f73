package sandbox

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/acts"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Unlisted returns the names of emitted events that [Listed] does not contain.
func Unlisted(s *Sandbox) []string {
	var unlisted []string
	s.engine.WithLock(func() {
		for env := range s.engine.Environments() {
			for event := range env.All("event") {
				if name := event.Text("name"); !catalog.Emits(name) {
					unlisted = append(unlisted, name)
				}
			}
		}
	})
	return unlisted
}

// Listed returns the names of the events that the sandbox says it emits.
func Listed() []string {
	var names []string
	for subject, words := range catalog.EventNames() {
		for what := range strings.FieldsSeq(words) {
			names = append(names, subject+"."+what)
		}
	}
	return names
}

// VerificationTypes returns every type of verification, sorted.
func VerificationTypes() []string {
	var types []string
	for typ := range catalog.Shapes() {
		if storage.FamilyOf(typ) == "verification" {
			types = append(types, typ)
		}
	}
	slices.Sort(types)
	return types
}

// ActNames returns the name of every kind of act, sorted.
func ActNames() []string {
	var names []string
	for _, kind := range acts.Kinds() {
		names = append(names, string(kind))
	}
	return names
}
