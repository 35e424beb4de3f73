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
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	maxSLA         = 90 * 24 * time.Hour // OpenAPI 2025-12-08
	maxCaseObjects = 1000                // Persona help: Why did my case objects fail to attach?
	slaReported    = "_sla-told"         // the deadline about which an event was emitted

	attachedVerifications = "_verifications" // those that were attached to a case by themselves
)

func caseOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"CaseTemplates.Get":   engine.Get("case-template"),
		"Cases.Get":           engine.Get("case"),
		"Cases.Create":        createCase,
		"Cases.List":          listCases,
		"Cases.Search":        func(c *engine.Call) (*engine.Answer, error) { return c.Search("case", caseValue) },
		"Cases.Update":        editCase(updateCase),
		"Cases.SetStatus":     editCase(setCaseStatus),
		"Cases.Assign":        editCase(assignCase),
		"Cases.AddObjects":    editCase(func(c *engine.Call, r *storage.Resource) error { return attach(c, r, c.Texts("meta.object-ids")) }),
		"Cases.RemoveObjects": editCase(detach),
		"Cases.Redact":        redactOnce("case", editCase(redactCase)),
	}
	maps.Copy(operations, tagOperations("Cases", "case", EmitTags))
	return operations
}

// editCase is an update that also sets who made it: a key, or the user of the dashboard.
func editCase(change func(*engine.Call, *storage.Resource) error) engine.Operation {
	return update("case", func(c *engine.Call, r *storage.Resource) error {
		r.Attributes["updater-type"], r.Attributes["updater-id"] = c.Key.Typ, c.Key.ID
		return change(c, r)
	})
}

func createCase(c *engine.Call) (*engine.Answer, error) {
	template, err := c.Referenced("data.attributes.case-template-id", "case-template")
	if err != nil {
		return nil, err
	}
	r := c.Create("case", "case", map[string]any{
		"name": fmt.Sprintf("MRR-%d", c.Env.NextCaseNumber()), "tags": []any{}, "fields": map[string]any{}, "attachments": []any{},
		"creator-id": c.Key.ID, "creator-type": c.Key.Typ, "updated-at": simclock.Stamp(c.Now),
	}, map[string]any{"case-template": template.Identifier()})
	r.Attributes["status"], _ = fixtures.CaseStatuses(c.Change, r)
	if address := c.Text("data.attributes.creator-email-address"); address != "" {
		r.Attributes["creator-type"], r.Attributes["creator-id"] = "user", address
	}
	if _, err := setQueue(c, r); err != nil {
		return nil, err
	}
	if _, err := setFields(c, r); err != nil {
		return nil, err
	}
	if err := setSLA(c, r); err != nil {
		return nil, err
	}
	if err := attach(c, r, c.Texts("meta.object-ids")); err != nil {
		return nil, err
	}
	c.Emit("case.created", r, nil)
	return &engine.Answer{Status: 201, One: r}, nil
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
	changed, err := setFields(c, r)
	if err != nil {
		return err
	}
	if changed {
		c.Emit("case.updated-fields", r, nil)
	}
	if moved {
		c.Emit("case.queue-updated", r, nil)
	}
	return nil
}

// setCaseStatus sets a status of the case's template. A resolved status resolves the case,
// and an open one reopens it.
func setCaseStatus(c *engine.Call, r *storage.Resource) error {
	status := c.Text("meta.status")
	_, statuses := fixtures.CaseStatuses(c.Change, r)
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
	if resolves {
		r.Attributes["resolution"], r.Attributes["resolved-at"] = status, simclock.Stamp(c.Now)
		r.Attributes["resolver-type"], r.Attributes["resolver-id"] = c.Key.Typ, c.Key.ID
	} else {
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

func assignCase(c *engine.Call, r *storage.Resource) error {
	r.Attributes["assignee-id"] = c.Text("meta.user-email-address")
	r.Attributes["assigner-type"], r.Attributes["assigner-id"] = c.Key.Typ, c.Key.ID
	c.Stamp(r, "assigned-at")
	c.Emit("case.assigned", r, nil)
	return nil
}

func redactCase(c *engine.Call, r *storage.Resource) error {
	if r.Attributes["redacted-at"] != nil {
		return engine.Conflict("Case already redacted")
	}
	c.DeleteFiles(r.Attributes["attachments"])
	c.DeleteFiles(r.Attributes["fields"])
	r.Attributes["fields"], r.Attributes["tags"], r.Attributes["attachments"] = schema.Emptied(r), []any{}, []any{}
	c.Stamp(r, "redacted-at")
	c.Emit("case.redacted", r, nil)
	return nil
}

// detach removes the objects that the request names from a case.
func detach(c *engine.Call, r *storage.Resource) error {
	for _, id := range c.Texts("meta.object-ids") {
		for name := range r.Relationships {
			if ids := r.Many(name); ids != nil {
				r.Relationships[name] = slices.DeleteFunc(slices.Clone(ids), func(i storage.Identifier) bool { return i.ID == id })
			}
		}
	}
	collectVerifications(c.Change, r)
	return nil
}

// collectVerifications sets the verifications of a case: those that were attached, and those
// of its inquiries.
func collectVerifications(c *engine.Change, r *storage.Resource) {
	r.Relationships["verifications"] = r.Many(attachedVerifications)
	for _, inquiry := range r.Many("inquiries") {
		for _, v := range c.Get(inquiry.ID).Many("verifications") {
			r.Link("verifications", v)
		}
	}
}

// informCases adds a new verification of an inquiry to the cases that hold the inquiry.
func informCases(c *engine.Change, inquiry, v *storage.Resource) {
	for r := range c.IndexedBy("case", inquiry.ID) {
		if slices.Contains(r.Many("inquiries"), inquiry.Identifier()) {
			c.Edit(r.ID).Link("verifications", v.Identifier())
		}
	}
}

// attach adds objects to a case, each once.
func attach(c *engine.Call, r *storage.Resource, ids []string) error {
	relationships := map[string]string{"account": "accounts", "inquiry": "inquiries", "report": "reports", "transaction": "txns", "verification": attachedVerifications, "document": "", "graph-query": ""}
	for _, id := range ids {
		object := c.Get(id)
		if object == nil {
			return engine.NotFound("meta.object_ids is not found")
		}
		relationship, attachable := relationships[object.Family()]
		if !attachable {
			return engine.Unprocessable("an object of this type cannot be attached to a case", "/meta/object-ids")
		}
		if relationship != "" {
			r.Link(relationship, object.Identifier())
		}
	}
	total := 0
	for _, relationship := range relationships {
		total += len(r.Many(relationship))
	}
	if total > maxCaseObjects {
		return engine.Unprocessable("a case holds at most 1000 objects", "/meta/object-ids")
	}
	collectVerifications(c.Change, r)
	return nil
}

// setFields sets the fields of a request, and reports whether they changed.
func setFields(c *engine.Call, r *storage.Resource) (changed bool, err error) {
	given := schema.SnakeKeys(c.Object("data.attributes.fields"))
	if len(given) == 0 {
		return false, nil
	}
	declared := schema.Of(c.Get(r.One("case-template")))
	if err := declared.Check(given, "case template"); err != nil {
		return false, err
	}
	fields, _ := r.Attributes["fields"].(map[string]any)
	if fields, err = declared.Write(c, fields, given); err != nil {
		return false, err
	}
	changed = !reflect.DeepEqual(r.Attributes["fields"], fields)
	r.Attributes["fields"] = fields
	return changed, nil
}

// setQueue moves a case to the queue of a request, or out of its queue, and reports whether
// that changed anything.
func setQueue(c *engine.Call, r *storage.Resource) (moved bool, err error) {
	const path = "data.attributes.case-queue-id"
	if _, given := c.Value(path); !given {
		return false, nil
	}
	before := r.One("case-queue")
	if c.Text(path) == "" {
		delete(r.Relationships, "case-queue")
		return before != "", nil
	}
	queue, err := c.Referenced(path, "case-queue")
	if err != nil {
		return false, err
	}
	r.Relationships["case-queue"] = queue.Identifier()
	return before != queue.ID, nil
}

// setSLA sets the deadline of a case from the body, or removes it.
func setSLA(c *engine.Call, r *storage.Resource) error {
	value, given := c.Value("meta.sla-expires-in-seconds")
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
	wait(c.Change, r, "sla-expires-at", sla)
	return nil
}

// slaDue emits one event if a case was not resolved by its deadline.
func slaDue(c *engine.Change, r *storage.Resource) {
	if !due(c, r, "sla-expires-at") || r.Text(slaReported) == r.Text("sla-expires-at") || r.Attributes["resolved-at"] != nil || r.Attributes["redacted-at"] != nil {
		return
	}
	r.Attributes[slaReported] = r.Attributes["sla-expires-at"]
	c.Emit("case.sla-expired", r, nil)
}

// addAttachments adds the files of a request to a case.
func addAttachments(c *engine.Call, r *storage.Resource) error {
	list, _ := c.Value("data.attributes.attachments")
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
			return wanted == "" || slices.ContainsFunc(r.Many(relationship), func(i storage.Identifier) bool { return engine.Accepts(wanted, i.ID) })
		}
		reference := c.Filter("reference-id")
		return accepted(c, r, "status", "case-template-id") &&
			holds("account-id", "accounts") && holds("inquiry-id", "inquiries") && holds("report-id", "reports") &&
			(reference == "" || slices.ContainsFunc(r.Many("accounts"), func(i storage.Identifier) bool {
				account := c.Get(i.ID)
				return account != nil && engine.Accepts(reference, account.Text("reference-id"))
			}))
	}, engine.SplitList(cmp.Or(c.Filter("inquiry-id"), c.Filter("report-id"), c.Filter("account-id")))...)
}

// caseValue returns the value of a case by the name that a search uses.
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
		return engine.SearchedField(r, name)
	}
}
