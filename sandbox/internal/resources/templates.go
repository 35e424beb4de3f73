package resources

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	templateFields        = "_fields"        // of an inquiry template: the types of its fields, by name
	TemplateVerifications = "_verifications" // of an inquiry template: the ids of its verification templates, in order
	templateOpenStatuses  = "_open-statuses" // of a case template: the statuses that are no resolutions; a new case has the first
	typeStatusNames       = "_status-names"  // of an account type: the names of its account-statuses, in the same order
)

// AccountStatus is a status of an account type.
type AccountStatus struct{ ID, Name string }

// insert stores a resource in a new environment.
func insert(e *engine.Environment, typ, id string, attributes, relationships map[string]any) {
	e.Insert(&storage.Resource{Typ: typ, ID: id, Attributes: attributes, Relationships: relationships})
}

// AddInquiryTemplate adds an inquiry template with a published version, and its verification
// templates. The fields are given as types by name, the verifications as types by id.
func AddInquiryTemplate(e *engine.Environment, at, id, versionID, name string, fields, verifications map[string]string) {
	insert(e, "inquiry-template-version", versionID, map[string]any{
		"status": "published", "live": true, "created-at": at, "published-at": at, "enabled-locales": anyList(locales()),
	}, map[string]any{"inquiry-template": storage.Identifier{Type: "inquiry-template", ID: id}})
	insert(e, "inquiry-template", id, map[string]any{
		"name": name, "status": "active", templateTranslations: translations(), templateFields: fields, TemplateVerifications: inStepOrder(verifications),
	},
		map[string]any{"latest-published-version": storage.Identifier{Type: "inquiry-template-version", ID: versionID}})
	for id, typ := range verifications {
		insert(e, "verification-template/"+strings.TrimPrefix(typ, "verification/"), id, nil, nil)
	}
}

// inStepOrder returns the ids of verification templates in the order of the steps of the
// flow. The government ID comes first, because everything else is compared with it.
func inStepOrder(verifications map[string]string) []string {
	order := []string{"verification/government-id", "verification/selfie", "verification/database", "verification/document"}
	return slices.SortedFunc(maps.Keys(verifications), func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(order, verifications[a]), slices.Index(order, verifications[b])), cmp.Compare(a, b))
	})
}

// AddCaseTemplate adds a case template. A new case has the first of its open statuses.
func AddCaseTemplate(e *engine.Environment, at, id, name string, open, resolved []string) {
	insert(e, "case-template", id, map[string]any{
		"name": name, "status": "active", "resolutions": anyList(resolved), "created-at": at, templateOpenStatuses: anyList(open),
	}, nil)
}

// AddAccountType adds an account type. The first of its statuses is the default.
func AddAccountType(e *engine.Environment, at, id, name string, statuses []AccountStatus) {
	var names []any
	var ids []storage.Identifier
	for _, status := range statuses {
		names, ids = append(names, status.Name), append(ids, storage.Identifier{Type: "account-status", ID: status.ID})
	}
	insert(e, "account-type", id, map[string]any{"name": name, "created-at": at, typeStatusNames: names},
		map[string]any{"default-account-status": ids[0], "account-statuses": ids})
}

func anyList(texts []string) []any {
	list := []any{}
	for _, text := range texts {
		list = append(list, text)
	}
	return list
}

// VerificationType returns the type of verification of a verification template, or "".
func VerificationType(c *engine.Change, templateID string) string {
	template := c.Get(templateID)
	if template == nil || template.Family() != "verification-template" {
		return ""
	}
	return "verification/" + strings.TrimPrefix(template.Typ, "verification-template/")
}

// statusesOf returns the status of a new case of a case's template, and for each status
// whether it resolves a case.
func statusesOf(c *engine.Change, r *storage.Resource) (first string, resolves map[string]bool) {
	template := c.Get(r.One("case-template"))
	open, _ := template.Attributes[templateOpenStatuses].([]any)
	resolutions, _ := template.Attributes["resolutions"].([]any)
	resolves = map[string]bool{}
	for _, name := range open {
		resolves[engine.TextOf(name)] = false
	}
	for _, name := range resolutions {
		resolves[engine.TextOf(name)] = true
	}
	return engine.TextOf(open[0]), resolves
}

// statusesOfType returns the statuses of an account type, the default first.
func statusesOfType(c *engine.Change, typeID string) []AccountStatus {
	accountType := c.Get(typeID)
	names, _ := accountType.Attributes[typeStatusNames].([]any)
	var statuses []AccountStatus
	for i, id := range accountType.Many("account-statuses") {
		statuses = append(statuses, AccountStatus{id.ID, engine.TextOf(names[i])})
	}
	return statuses
}
