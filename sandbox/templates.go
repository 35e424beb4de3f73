package sandbox

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// What a template tells the sandbox, and no reader.
const (
	templateFieldNames    = "_fields"        // of an inquiry template: the names of its fields
	templateVerifications = "_verifications" // of an inquiry template: the ids of the templates of its verifications, in order
	templateOpenStatuses  = "_open-statuses" // of a case template, the one of a new case first; its resolutions are the others
	typeStatusNames       = "_status-names"  // of an account type, in the order of its account-statuses
)

// accountStatus is a status of an account type.
type accountStatus struct{ ID, Name string }

// furnish stores what is there from the beginning.
func (e *environment) furnish(typ, id string, attributes, relationships map[string]any) {
	e.insert(&resource{typ: typ, id: id, attributes: attributes, relationships: relationships})
}

// addInquiryTemplate makes an inquiry template with a published version, and the
// templates of its verifications: their types by id.
func (e *environment) addInquiryTemplate(at, id, versionID, name string, fields []string, verifications map[string]string) {
	e.furnish("inquiry-template-version", versionID, map[string]any{
		"status": "published", "live": true, "created-at": at, "published-at": at, "enabled-locales": []any{"en", "es"},
	}, map[string]any{"inquiry-template": identifier{"inquiry-template", id}})
	e.furnish("inquiry-template", id, map[string]any{
		"name": name, "status": "active", templateTranslations: translations(), templateFieldNames: fields, templateVerifications: inOrder(verifications),
	},
		map[string]any{"latest-published-version": identifier{"inquiry-template-version", versionID}})
	for id, typ := range verifications {
		e.furnish("verification-template/"+strings.TrimPrefix(typ, "verification/"), id, nil, nil)
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

// addCaseTemplate makes a case template. The first of its open statuses is the one of
// a new case.
func (e *environment) addCaseTemplate(at, id, name string, open, resolved []string) {
	e.furnish("case-template", id, map[string]any{
		"name": name, "status": "active", "resolutions": anyList(resolved), "created-at": at, templateOpenStatuses: anyList(open),
	}, nil)
}

// addAccountType makes an account type. The first of its statuses is the default.
func (e *environment) addAccountType(at, id, name string, statuses []accountStatus) {
	var names []any
	var ids []identifier
	for _, status := range statuses {
		names, ids = append(names, status.Name), append(ids, identifier{"account-status", status.ID})
	}
	e.furnish("account-type", id, map[string]any{"name": name, "created-at": at, typeStatusNames: names},
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
func (c *change) fieldsOf(inquiry *resource) []string {
	template := c.get(inquiry.one("inquiry-template"))
	names, _ := template.attributes[templateFieldNames].([]string)
	return names
}

// verificationType is the type of the verifications of a template, or "".
func (c *change) verificationType(templateID string) string {
	template := c.get(templateID)
	if template == nil || template.family() != "verification-template" {
		return ""
	}
	return "verification/" + strings.TrimPrefix(template.typ, "verification-template/")
}

// statusesOf are the statuses of a case's template; the resolved ones close a case.
func (c *change) statusesOf(r *resource) (first string, resolves map[string]bool) {
	template := c.get(r.one("case-template"))
	open, _ := template.attributes[templateOpenStatuses].([]any)
	resolutions, _ := template.attributes["resolutions"].([]any)
	resolves = map[string]bool{}
	for _, name := range open {
		resolves[textOf(name)] = false
	}
	for _, name := range resolutions {
		resolves[textOf(name)] = true
	}
	return textOf(open[0]), resolves
}

// statusesOfType are the statuses of an account type, the default first.
func (c *change) statusesOfType(typeID string) []accountStatus {
	accountType := c.get(typeID)
	names, _ := accountType.attributes[typeStatusNames].([]any)
	var statuses []accountStatus
	for i, id := range accountType.many("account-statuses") {
		statuses = append(statuses, accountStatus{id.ID, textOf(names[i])})
	}
	return statuses
}
