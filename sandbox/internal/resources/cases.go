package resources

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	maxSLA         = 90 * 24 * time.Hour // OpenAPI 2025-12-08
	maxCaseObjects = 1000                // Persona help: Why did my case objects fail to attach?
)

// slaTold is the end of a case's time that it was told of.
const slaTold = "_sla-told"

func caseOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"CaseTemplates.Get": func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("case-template") },
		"Cases.Get":         func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("case") },
		"Cases.Create":      createCase,
		"Cases.List":        listCases,
		"Cases.Search":      func(c *engine.Call) (*engine.Answer, error) { return c.Search("case", caseValue) },
		"Cases.Update":      editCase(updateCase),
		"Cases.SetStatus":   editCase(setCaseStatus),
		"Cases.Assign": editCase(func(c *engine.Call, r *storage.Resource) error {
			r.Attributes["assignee-id"] = c.Text("meta.user-email-address")
			r.Attributes["assigned-at"] = simclock.Stamp(c.Now)
			r.Attributes["assigner-type"], r.Attributes["assigner-id"] = "api-key", c.Key.ID
			c.Emit("case.assigned", r, nil)
			return nil
		}),
		"Cases.AddObjects": editCase(func(c *engine.Call, r *storage.Resource) error { return attach(c, r, c.Texts("meta.object-ids")) }),
		"Cases.RemoveObjects": editCase(func(c *engine.Call, r *storage.Resource) error {
			for _, id := range c.Texts("meta.object-ids") {
				for name := range r.Relationships {
					if slices.ContainsFunc(r.Many(name), func(i storage.Identifier) bool { return i.ID == id }) {
						r.Relationships[name] = slices.DeleteFunc(slices.Clone(r.Many(name)), func(i storage.Identifier) bool { return i.ID == id })
					}
				}
			}
			return nil
		}),
		"Cases.Redact": editCase(func(c *engine.Call, r *storage.Resource) error {
			if r.Attributes["redacted-at"] != nil {
				return engine.Conflict("Case already redacted")
			}
			c.ForgetFiles(r.Attributes["attachments"])
			r.Attributes["fields"], r.Attributes["tags"], r.Attributes["attachments"] = nullFields(r), []any{}, []any{}
			r.Attributes["redacted-at"] = simclock.Stamp(c.Now)
			c.Emit("case.redacted", r, nil)
			return nil
		}),
	}
	maps.Copy(operations, tagOperations("Cases", "case", emitTags))
	return operations
}

func createCase(c *engine.Call) (*engine.Answer, error) {
	id := c.Text("data.attributes.case-template-id")
	if template := c.Get(id); template == nil || template.Typ != "case-template" {
		return nil, engine.NotFound("data.attributes.case_template_id is not found")
	}
	c.Env.Cases++ // a number may be lost when the request is refused
	r := c.Create("case", "case", map[string]any{
		"name": fmt.Sprintf("MRR-%d", c.Env.Cases), "tags": []any{}, "fields": map[string]any{}, "attachments": []any{},
		"creator-id": c.Key.ID, "creator-type": "api-key", "updated-at": simclock.Stamp(c.Now),
	}, map[string]any{"case-template": storage.Identifier{Type: "case-template", ID: id}})
	r.Attributes["status"], _ = statusesOf(c.Change, r)
	if address := c.Text("data.attributes.creator-email-address"); address != "" {
		r.Attributes["creator-type"], r.Attributes["creator-id"] = "user", address
	}
	if _, err := setQueue(c, r); err != nil {
		return nil, err
	}
	setFields(c, r)
	if err := setSLA(c, r); err != nil {
		return nil, err
	}
	if err := attach(c, r, c.Texts("meta.object-ids")); err != nil {
		return nil, err
	}
	c.Emit("case.created", r, nil)
	return &engine.Answer{Status: 201, One: r}, nil
}

// editCase is an operation that changes the case its path names.
func editCase(edit func(*engine.Call, *storage.Resource) error) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		r, err := c.Find("case")
		if err != nil {
			return nil, err
		}
		r.Attributes["updated-at"] = simclock.Stamp(c.Now)
		r.Attributes["updater-type"], r.Attributes["updater-id"] = "api-key", c.Key.ID
		return &engine.Answer{One: r}, edit(c, r)
	}
}

func updateCase(c *engine.Call, r *storage.Resource) error {
	moved, err := setQueue(c, r)
	if err != nil {
		return err
	}
	if err := setSLA(c, r); err != nil {
		return err
	}
	if err := addAttachments(c, r); err != nil {
		return err
	}
	if setFields(c, r) {
		c.Emit("case.updated-fields", r, nil)
	}
	if moved {
		c.Emit("case.queue-updated", r, nil)
	}
	return nil
}

// setCaseStatus moves a case to a status of its template. One of the resolved class
// resolves it, and one of the open class opens it again.
func setCaseStatus(c *engine.Call, r *storage.Resource) error {
	status := c.Text("meta.status")
	_, statuses := statusesOf(c.Change, r)
	resolves, known := statuses[status]
	if !known {
		return engine.Unprocessable("the case template has no such status", "/meta/status")
	}
	was := r.Text("status")
	if was == status {
		return nil
	}
	r.Attributes["status"] = status
	resolved := r.Attributes["resolved-at"] != nil
	switch {
	case resolves:
		r.Attributes["resolution"], r.Attributes["resolved-at"] = status, simclock.Stamp(c.Now)
		r.Attributes["resolver-type"], r.Attributes["resolver-id"] = "api-key", c.Key.ID
	default:
		r.Attributes["resolution"], r.Attributes["resolved-at"], r.Attributes["resolver-type"], r.Attributes["resolver-id"] = nil, nil, nil, nil
	}
	c.Emit("case.status-updated", r, nil)
	if resolves && !resolved {
		c.Emit("case.resolved", r, nil)
	}
	if !resolves && resolved {
		c.Emit("case.reopened", r, nil)
	}
	return nil
}

// attach puts objects into a case, each once.
func attach(c *engine.Call, r *storage.Resource, ids []string) error {
	places := map[string]string{"account": "accounts", "inquiry": "inquiries", "report": "reports", "transaction": "txns", "verification": "verifications", "document": "", "graph-query": ""}
	for _, id := range ids {
		object := c.Get(id)
		if object == nil {
			return engine.NotFound("meta.object_ids is not found")
		}
		place, attachable := places[object.Family()]
		if !attachable {
			return engine.Unprocessable("an object of this type cannot be attached to a case", "/meta/object-ids")
		}
		if place != "" {
			r.Link(place, object.Identifier())
		}
	}
	total := 0
	for _, place := range places {
		total += len(r.Many(place))
	}
	if total > maxCaseObjects {
		return engine.Unprocessable("a case holds at most 1000 objects", "/meta/object-ids")
	}
	return nil
}

// setFields takes over the custom fields of a request, and reports whether they
// changed.
func setFields(c *engine.Call, r *storage.Resource) bool {
	given := c.Object("data.attributes.fields")
	if len(given) == 0 {
		return false
	}
	fields, _ := r.Attributes["fields"].(map[string]any)
	fields = maps.Clone(fields)
	for name, value := range given {
		fields[name] = storage.Field(name, value)
	}
	changed := !reflect.DeepEqual(r.Attributes["fields"], fields)
	r.Attributes["fields"] = fields
	return changed
}

func setQueue(c *engine.Call, r *storage.Resource) (moved bool, err error) {
	value, given := engine.At(c.Body, "data.attributes.case-queue-id")
	if !given {
		return false, nil
	}
	id, _ := value.(string)
	if id == "" {
		moved = r.One("case-queue") != ""
		delete(r.Relationships, "case-queue")
		return moved, nil
	}
	if queue := c.Get(id); queue == nil || queue.Typ != "case-queue" {
		return false, engine.NotFound("data.attributes.case_queue_id is not found")
	}
	moved = r.One("case-queue") != id
	r.Relationships["case-queue"] = storage.Identifier{Type: "case-queue", ID: id}
	return moved, nil
}

func setSLA(c *engine.Call, r *storage.Resource) error {
	value, given := engine.At(c.Body, "meta.sla-expires-in-seconds")
	if !given {
		return nil
	}
	if value == nil {
		r.Attributes["sla-expires-at"] = nil
		return nil
	}
	sla := seconds(c, "meta.sla-expires-in-seconds")
	if sla <= 0 || sla > maxSLA {
		return engine.BadRequest("meta.sla_expires_in_seconds must be greater than 0 and at most 90 days")
	}
	r.Attributes["sla-expires-at"] = simclock.Stamp(c.Now.Add(sla))
	c.Schedule(c.Now.Add(sla), r.ID)
	return nil
}

// slaDue tells once that a case was not resolved in time.
func slaDue(c *engine.Change, r *storage.Resource) {
	due := r.Time("sla-expires-at")
	if due.IsZero() || c.Now.Before(due) || r.Text(slaTold) == r.Text("sla-expires-at") || r.Attributes["resolved-at"] != nil || r.Attributes["redacted-at"] != nil {
		return
	}
	r.Attributes[slaTold] = r.Attributes["sla-expires-at"]
	c.Emit("case.sla-expired", r, nil)
}

func addAttachments(c *engine.Call, r *storage.Resource) error {
	list, _ := engine.At(c.Body, "data.attributes.attachments")
	given, _ := list.([]any)
	attachments, _ := r.Attributes["attachments"].([]any)
	for i, item := range given {
		one, _ := item.(map[string]any)
		file, err := c.File(fmt.Sprintf("data.attributes.attachments[%d]", i), one)
		if err != nil {
			return err
		}
		attachments = append(slices.Clone(attachments), file)
	}
	if len(given) > 0 {
		r.Attributes["attachments"] = attachments
	}
	return nil
}

func listCases(c *engine.Call) (*engine.Answer, error) {
	return c.List("case", func(r *storage.Resource) bool {
		holds := func(filter, relationship string) bool {
			wanted := c.Filter(filter)
			return wanted == "" || slices.ContainsFunc(r.Many(relationship), func(i storage.Identifier) bool { return engine.OneOf(wanted, i.ID) })
		}
		reference := c.Filter("reference-id")
		return engine.OneOf(c.Filter("status"), r.Text("status")) && engine.OneOf(c.Filter("case-template-id"), r.One("case-template")) &&
			holds("account-id", "accounts") && holds("inquiry-id", "inquiries") && holds("report-id", "reports") &&
			(reference == "" || slices.ContainsFunc(r.Many("accounts"), func(i storage.Identifier) bool {
				account := c.Get(i.ID)
				return account != nil && engine.OneOf(reference, account.Text("reference-id"))
			}))
	}, engine.SplitList(cmp.Or(c.Filter("inquiry-id"), c.Filter("report-id"), c.Filter("account-id")))...)
}

// caseValue reads what searches call the attributes of a case.
func caseValue(r *storage.Resource, name string) any {
	switch name {
	case "template":
		return r.One("case-template")
	case "case_queue":
		return r.One("case-queue")
	case "assignee":
		return r.Attributes["assignee-id"]
	case "resolver":
		return r.Attributes["resolver-id"]
	case "state":
		if r.Attributes["resolved-at"] != nil {
			return "resolved"
		}
		return "open"
	case "status", "created_at", "updated_at", "resolved_at", "sla_expires_at":
		return r.Attributes[casing.Kebab(name)]
	default:
		return engine.FieldValue(r, name)
	}
}
