package resources

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// What a template tells the sandbox, and no reader.
const (
	templateFieldNames    = "_fields"        // of an inquiry template: the names of its fields
	TemplateVerifications = "_verifications" // of an inquiry template: the ids of the templates of its verifications, in order
	templateOpenStatuses  = "_open-statuses" // of a case template, the one of a new case first; its resolutions are the others
	typeStatusNames       = "_status-names"  // of an account type, in the order of its account-statuses
)

// AccountStatus is a status of an account type.
type AccountStatus struct{ ID, Name string }

// furnish stores what is there from the beginning.
func furnish(e *engine.Environment, typ, id string, attributes, relationships map[string]any) {
	e.Insert(&storage.Resource{Typ: typ, ID: id, Attributes: attributes, Relationships: relationships})
}

// AddInquiryTemplate makes an inquiry template with a published version, and the
// templates of its verifications: their types by id.
func AddInquiryTemplate(e *engine.Environment, at, id, versionID, name string, fields []string, verifications map[string]string) {
	furnish(e, "inquiry-template-version", versionID, map[string]any{
		"status": "published", "live": true, "created-at": at, "published-at": at, "enabled-locales": []any{"en", "es"},
	}, map[string]any{"inquiry-template": storage.Identifier{Type: "inquiry-template", ID: id}})
	furnish(e, "inquiry-template", id, map[string]any{
		"name": name, "status": "active", templateTranslations: translations(), templateFieldNames: fields, TemplateVerifications: inOrder(verifications),
	},
		map[string]any{"latest-published-version": storage.Identifier{Type: "inquiry-template-version", ID: versionID}})
	for id, typ := range verifications {
		furnish(e, "verification-template/"+strings.TrimPrefix(typ, "verification/"), id, nil, nil)
	}
}

// inOrder are the ids of verification templates in the order in which a person goes
// through them: the document that all else is compared with comes first.
func inOrder(verifications map[string]string) []string {
	order := []string{"verification/government-id", "verification/selfie", "verification/database", "verification/document"}
	return slices.SortedFunc(maps.Keys(verifications), func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(order, verifications[a]), slices.Index(order, verifications[b])), cmp.Compare(a, b))
	})
}

// AddCaseTemplate makes a case template. The first of its open statuses is the one of
// a new case.
func AddCaseTemplate(e *engine.Environment, at, id, name string, open, resolved []string) {
	furnish(e, "case-template", id, map[string]any{
		"name": name, "status": "active", "resolutions": anyList(resolved), "created-at": at, templateOpenStatuses: anyList(open),
	}, nil)
}

// AddAccountType makes an account type. The first of its statuses is the default.
func AddAccountType(e *engine.Environment, at, id, name string, statuses []AccountStatus) {
	var names []any
	var ids []storage.Identifier
	for _, status := range statuses {
		names, ids = append(names, status.Name), append(ids, storage.Identifier{Type: "account-status", ID: status.ID})
	}
	furnish(e, "account-type", id, map[string]any{"name": name, "created-at": at, typeStatusNames: names},
		map[string]any{"default-account-status": ids[0], "account-statuses": ids})
}

func anyList(texts []string) []any {
	list := []any{}
	for _, text := range texts {
		list = append(list, text)
	}
	return list
}

// fieldsOf are the names of the fields of an inquiry's template.
func fieldsOf(c *engine.Change, inquiry *storage.Resource) []string {
	template := c.Get(inquiry.One("inquiry-template"))
	names, _ := template.Attributes[templateFieldNames].([]string)
	return names
}

// VerificationType is the type of the verifications of a template, or "".
func VerificationType(c *engine.Change, templateID string) string {
	template := c.Get(templateID)
	if template == nil || template.Family() != "verification-template" {
		return ""
	}
	return "verification/" + strings.TrimPrefix(template.Typ, "verification-template/")
}

// statusesOf are the statuses of a case's template; the resolved ones close a case.
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

// statusesOfType are the statuses of an account type, the default first.
func statusesOfType(c *engine.Change, typeID string) []AccountStatus {
	accountType := c.Get(typeID)
	names, _ := accountType.Attributes[typeStatusNames].([]any)
	var statuses []AccountStatus
	for i, id := range accountType.Many("account-statuses") {
		statuses = append(statuses, AccountStatus{id.ID, engine.TextOf(names[i])})
	}
	return statuses
}
