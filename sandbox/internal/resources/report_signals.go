package resources

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// latestInquiry returns the latest inquiry of an account that is not redacted, to change, or
// nil. A report about the account belongs to it.
func latestInquiry(c *engine.Change, account *storage.Resource) *storage.Resource {
	if account == nil {
		return nil
	}
	latest := ""
	for inquiry := range c.IndexedBy("inquiry", account.ID) {
		if inquiry.One("account") == account.ID && inquiry.Attributes["redacted-at"] == nil {
			latest = inquiry.ID
		}
	}
	return c.Edit(latest)
}

// NewAccountReport creates a report about an account, which belongs to the account's latest
// inquiry.
func NewAccountReport(c *engine.Change, typ, templateID string, query map[string]any, account *storage.Resource) *storage.Resource {
	return NewReport(c, typ, templateID, query, account, latestInquiry(c, account))
}

// RunReport runs a new report at once.
func RunReport(c *engine.Change, r *storage.Resource) { runReport(c, r, "initial") }

// SetReportSignals sets what a report will find, in place of what its query leads to: its
// attributes, and has-match.
func SetReportSignals(r *storage.Resource, signals map[string]any) error {
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
	r.Attributes[reportSignals] = set
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
