package risk

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// ReportSignals is the attribute of a report with what a test chose that it finds.
const ReportSignals = "_signals"

// SetReport sets what a report will find, in place of what its query leads to: its
// attributes, and has-match.
func SetReport(r *storage.Resource, signals map[string]any) error {
	if len(signals) == 0 {
		return nil
	}
	names := reportFindings(r.Typ)
	set, err := withSignals(nil, signals, names, func(name string) string {
		if !slices.Contains(names, name) {
			return ""
		}
		if name == "has-match" {
			return trueOrFalse
		}
		return anyValue
	})
	if err != nil {
		return err
	}
	for name, value := range set {
		if problem := finding.TypeProblem(r.Typ, name, value); problem != "" {
			return engine.BadRequest("signals." + name + " " + problem)
		}
	}
	r.Attributes[ReportSignals] = set
	return nil
}

// reportFindings returns the attributes of a type of report that say what it found.
func reportFindings(typ string) []string {
	var names []string
	for word := range strings.FieldsSeq(catalog.Shapes()[typ][0]) {
		name, _, _ := strings.Cut(word, "=")
		name, _, _ = strings.Cut(name, "<")
		switch name {
		case "status", "tags", "query", "is-continuous", "is-recurring", "report-template-version-name", "ignore-list", "ignore-list-media", "ignore-list-entity":
			continue
		}
		if !strings.HasSuffix(name, "-at") {
			names = append(names, name)
		}
	}
	return names
}
