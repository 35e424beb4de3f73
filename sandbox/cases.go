package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

const (
	maxSLA         = 90 * 24 * time.Hour // OpenAPI 2025-12-08
	maxCaseObjects = 1000                // Persona help: Why did my case objects fail to attach?
)

// slaTold is the end of a case's time that it was told of.
const slaTold = "_sla-told"

func caseOperations() map[string]operation {
	operations := map[string]operation{
		"CaseTemplates.Get": func(c *call) (*answer, error) { return c.answerFound("case-template") },
		"Cases.Get":         func(c *call) (*answer, error) { return c.answerFound("case") },
		"Cases.Create":      createCase,
		"Cases.List":        listCases,
		"Cases.Search":      func(c *call) (*answer, error) { return c.search("case", caseValue) },
		"Cases.Update":      editCase(updateCase),
		"Cases.SetStatus":   editCase(setCaseStatus),
		"Cases.Assign": editCase(func(c *call, r *resource) error {
			r.attributes["assignee-id"] = c.text("meta.user-email-address")
			r.attributes["assigned-at"] = stamp(c.now)
			r.attributes["assigner-type"], r.attributes["assigner-id"] = "api-key", c.key.id
			c.emit("case.assigned", r, nil)
			return nil
		}),
		"Cases.AddObjects": editCase(func(c *call, r *resource) error { return c.attach(r, c.texts("meta.object-ids")) }),
		"Cases.RemoveObjects": editCase(func(c *call, r *resource) error {
			for _, id := range c.texts("meta.object-ids") {
				for name := range r.relationships {
					if slices.ContainsFunc(r.many(name), func(i identifier) bool { return i.ID == id }) {
						r.relationships[name] = slices.DeleteFunc(slices.Clone(r.many(name)), func(i identifier) bool { return i.ID == id })
					}
				}
			}
			return nil
		}),
		"Cases.Redact": editCase(func(c *call, r *resource) error {
			if r.attributes["redacted-at"] != nil {
				return conflict("Case already redacted")
			}
			c.forgetFiles(r.attributes["attachments"])
			r.attributes["fields"], r.attributes["tags"], r.attributes["attachments"] = nullFields(r), []any{}, []any{}
			r.attributes["redacted-at"] = stamp(c.now)
			c.emit("case.redacted", r, nil)
			return nil
		}),
	}
	maps.Copy(operations, tagOperations("Cases", "case", emitTags))
	return operations
}

func createCase(c *call) (*answer, error) {
	id := c.text("data.attributes.case-template-id")
	if template := c.get(id); template == nil || template.typ != "case-template" {
		return nil, notFound("data.attributes.case_template_id is not found")
	}
	c.env.cases++ // a number may be lost when the request is refused
	r := c.create("case", "case", map[string]any{
		"name": fmt.Sprintf("MRR-%d", c.env.cases), "tags": []any{}, "fields": map[string]any{}, "attachments": []any{},
		"creator-id": c.key.id, "creator-type": "api-key", "updated-at": stamp(c.now),
	}, map[string]any{"case-template": identifier{"case-template", id}})
	r.attributes["status"], _ = c.statusesOf(r)
	if address := c.text("data.attributes.creator-email-address"); address != "" {
		r.attributes["creator-type"], r.attributes["creator-id"] = "user", address
	}
	if _, err := c.setQueue(r); err != nil {
		return nil, err
	}
	c.setFields(r)
	if err := c.setSLA(r); err != nil {
		return nil, err
	}
	if err := c.attach(r, c.texts("meta.object-ids")); err != nil {
		return nil, err
	}
	c.emit("case.created", r, nil)
	return &answer{status: 201, one: r}, nil
}

// editCase is an operation that changes the case its path names.
func editCase(edit func(*call, *resource) error) operation {
	return func(c *call) (*answer, error) {
		r, err := c.find("case")
		if err != nil {
			return nil, err
		}
		r.attributes["updated-at"] = stamp(c.now)
		r.attributes["updater-type"], r.attributes["updater-id"] = "api-key", c.key.id
		return &answer{one: r}, edit(c, r)
	}
}

func updateCase(c *call, r *resource) error {
	moved, err := c.setQueue(r)
	if err != nil {
		return err
	}
	if err := c.setSLA(r); err != nil {
		return err
	}
	if err := c.addAttachments(r); err != nil {
		return err
	}
	if c.setFields(r) {
		c.emit("case.updated-fields", r, nil)
	}
	if moved {
		c.emit("case.queue-updated", r, nil)
	}
	return nil
}

// setCaseStatus moves a case to a status of its template. One of the resolved class
// resolves it, and one of the open class opens it again.
func setCaseStatus(c *call, r *resource) error {
	status := c.text("meta.status")
	_, statuses := c.statusesOf(r)
	resolves, known := statuses[status]
	if !known {
		return unprocessable("the case template has no such status", "/meta/status")
	}
	was := r.text("status")
	if was == status {
		return nil
	}
	r.attributes["status"] = status
	resolved := r.attributes["resolved-at"] != nil
	switch {
	case resolves:
		r.attributes["resolution"], r.attributes["resolved-at"] = status, stamp(c.now)
		r.attributes["resolver-type"], r.attributes["resolver-id"] = "api-key", c.key.id
	default:
		r.attributes["resolution"], r.attributes["resolved-at"], r.attributes["resolver-type"], r.attributes["resolver-id"] = nil, nil, nil, nil
	}
	c.emit("case.status-updated", r, nil)
	if resolves && !resolved {
		c.emit("case.resolved", r, nil)
	}
	if !resolves && resolved {
		c.emit("case.reopened", r, nil)
	}
	return nil
}

// attach puts objects into a case, each once.
func (c *call) attach(r *resource, ids []string) error {
	places := map[string]string{"account": "accounts", "inquiry": "inquiries", "report": "reports", "transaction": "txns", "verification": "verifications", "document": "", "graph-query": ""}
	for _, id := range ids {
		object := c.get(id)
		if object == nil {
			return notFound("meta.object_ids is not found")
		}
		place, attachable := places[object.family()]
		if !attachable {
			return unprocessable("an object of this type cannot be attached to a case", "/meta/object-ids")
		}
		if place != "" {
			r.link(place, object.identifier())
		}
	}
	total := 0
	for _, place := range places {
		total += len(r.many(place))
	}
	if total > maxCaseObjects {
		return unprocessable("a case holds at most 1000 objects", "/meta/object-ids")
	}
	return nil
}

// setFields takes over the custom fields of a request, and reports whether they
// changed.
func (c *call) setFields(r *resource) bool {
	given := c.object("data.attributes.fields")
	if len(given) == 0 {
		return false
	}
	fields, _ := r.attributes["fields"].(map[string]any)
	fields = maps.Clone(fields)
	for name, value := range given {
		fields[name] = field(name, value)
	}
	changed := !reflect.DeepEqual(r.attributes["fields"], fields)
	r.attributes["fields"] = fields
	return changed
}

func (c *call) setQueue(r *resource) (moved bool, err error) {
	value, given := at(c.body, "data.attributes.case-queue-id")
	if !given {
		return false, nil
	}
	id, _ := value.(string)
	if id == "" {
		moved = r.one("case-queue") != ""
		delete(r.relationships, "case-queue")
		return moved, nil
	}
	if queue := c.get(id); queue == nil || queue.typ != "case-queue" {
		return false, notFound("data.attributes.case_queue_id is not found")
	}
	moved = r.one("case-queue") != id
	r.relationships["case-queue"] = identifier{"case-queue", id}
	return moved, nil
}

func (c *call) setSLA(r *resource) error {
	value, given := at(c.body, "meta.sla-expires-in-seconds")
	if !given {
		return nil
	}
	if value == nil {
		r.attributes["sla-expires-at"] = nil
		return nil
	}
	sla := c.seconds("meta.sla-expires-in-seconds")
	if sla <= 0 || sla > maxSLA {
		return badRequest("meta.sla_expires_in_seconds must be greater than 0 and at most 90 days")
	}
	r.attributes["sla-expires-at"] = stamp(c.now.Add(sla))
	c.remind(c.now.Add(sla), r.id)
	return nil
}

// slaDue tells once that a case was not resolved in time.
func (c *change) slaDue(r *resource) {
	due := r.time("sla-expires-at")
	if due.IsZero() || c.now.Before(due) || r.text(slaTold) == r.text("sla-expires-at") || r.attributes["resolved-at"] != nil || r.attributes["redacted-at"] != nil {
		return
	}
	r.attributes[slaTold] = r.attributes["sla-expires-at"]
	c.emit("case.sla-expired", r, nil)
}

func (c *call) addAttachments(r *resource) error {
	list, _ := at(c.body, "data.attributes.attachments")
	given, _ := list.([]any)
	attachments, _ := r.attributes["attachments"].([]any)
	for i, item := range given {
		one, _ := item.(map[string]any)
		file, err := c.file(fmt.Sprintf("data.attributes.attachments[%d]", i), one)
		if err != nil {
			return err
		}
		attachments = append(slices.Clone(attachments), file)
	}
	if len(given) > 0 {
		r.attributes["attachments"] = attachments
	}
	return nil
}

func listCases(c *call) (*answer, error) {
	return c.list("case", func(r *resource) bool {
		holds := func(filter, relationship string) bool {
			wanted := c.filter(filter)
			return wanted == "" || slices.ContainsFunc(r.many(relationship), func(i identifier) bool { return oneOf(wanted, i.ID) })
		}
		reference := c.filter("reference-id")
		return oneOf(c.filter("status"), r.text("status")) && oneOf(c.filter("case-template-id"), r.one("case-template")) &&
			holds("account-id", "accounts") && holds("inquiry-id", "inquiries") && holds("report-id", "reports") &&
			(reference == "" || slices.ContainsFunc(r.many("accounts"), func(i identifier) bool {
				account := c.get(i.ID)
				return account != nil && oneOf(reference, account.text("reference-id"))
			}))
	}, splitList(cmp.Or(c.filter("inquiry-id"), c.filter("report-id"), c.filter("account-id")))...)
}

// caseValue reads what searches call the attributes of a case.
func caseValue(r *resource, name string) any {
	switch name {
	case "template":
		return r.one("case-template")
	case "case_queue":
		return r.one("case-queue")
	case "assignee":
		return r.attributes["assignee-id"]
	case "resolver":
		return r.attributes["resolver-id"]
	case "state":
		if r.attributes["resolved-at"] != nil {
			return "resolved"
		}
		return "open"
	case "status", "created_at", "updated_at", "resolved_at", "sla_expires_at":
		return r.attributes[kebab(name)]
	default:
		return fieldValue(r, name)
	}
}
