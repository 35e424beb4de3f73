package sandbox

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// consolidatedInto names the account that took over a consolidated one.
const consolidatedInto = "_consolidated-into"

// archived is set while an account is out of use: it takes no new inquiries.
const archived = "_archived"

func accountOperations() map[string]operation {
	operations := map[string]operation{
		"AccountTypes.Get": func(c *call) (*answer, error) { return c.answerFound("account-type") },
		"Accounts.Get":     func(c *call) (*answer, error) { return c.answerFound("account") },
		"Accounts.Create":  createAccount,
		"Accounts.Update":  updateAccount,
		"Accounts.List": func(c *call) (*answer, error) {
			var wanted []string
			for _, reference := range append(splitList(c.filter("reference-id")), c.query["filter[reference-id][]"]...) {
				wanted = append(wanted, strings.ToLower(reference))
			}
			return c.list("account", func(r *resource) bool {
				return len(wanted) == 0 || slices.Contains(wanted, strings.ToLower(r.text("reference-id")))
			})
		},
		"Accounts.Search": func(c *call) (*answer, error) { return c.search("account", c.accountValue) },
		"Accounts.Redact": func(c *call) (*answer, error) {
			account, err := c.find("account")
			if err != nil {
				return nil, err
			}
			return &answer{one: account}, c.redactAccount(account)
		},
		"Accounts.Consolidate": consolidate,
		"Accounts.RunAction":   runAction,
	}
	maps.Copy(operations, tagOperations("Accounts", "account", emitAccountTags))
	maps.Copy(operations, relationOperations())
	return operations
}

// emitAccountTags emits all three events there are for tags of accounts, since
// Persona does not say which comes when.
func emitAccountTags(c *call, r *resource, added, removed []any) {
	for range added {
		c.emit("account.tag-added", r, nil)
	}
	for range removed {
		c.emit("account.tag-removed", r, nil)
	}
	emitTags(c, r, added, removed)
}

func createAccount(c *call) (*answer, error) {
	typeID := c.text("data.attributes.account-type-id")
	if typeID == "" {
		typeID = AccountTypeID
	}
	if r := c.get(typeID); r == nil || r.typ != "account-type" {
		return nil, notFound("data.attributes.account_type_id is not found")
	}
	if existing, err := c.upsert(); err != nil || existing != nil {
		if err != nil {
			return nil, err
		}
		return &answer{one: existing}, c.changeAccount(existing)
	}
	reference := c.text("data.attributes.reference-id")
	if reference != "" && c.accountByReference(reference, "") != nil {
		return nil, &refusal{status: 409, title: "Conflict", details: "an account with this reference id exists"}
	}
	account := c.newAccount(typeID, reference)
	if err := c.setAccount(account); err != nil {
		return nil, err
	}
	tags := tagList(c.texts("data.attributes.tags"))
	account.attributes["tags"] = tags
	if err := c.countTags(tags); err != nil {
		return nil, err
	}
	c.emit("account.created", account, nil)
	return &answer{status: 201, one: account}, nil
}

// upsert finds the account that meta.upsert-by means, if there is one. Only the
// reference id is unique in the type that a sandbox has.
func (c *call) upsert() (*resource, error) {
	by := c.text("meta.upsert-by")
	if by == "" {
		return nil, nil
	}
	if kebab(by) != "reference-id" {
		return nil, unprocessable("meta.upsert_by must be a field that is unique for the account type", "/meta/upsert-by")
	}
	reference := c.text("data.attributes.reference-id")
	if reference == "" {
		return nil, badRequest("data.attributes.reference_id is missing")
	}
	return c.accountByReference(reference, ""), nil
}

func updateAccount(c *call) (*answer, error) {
	account, err := c.find("account")
	if err != nil {
		return nil, err
	}
	return &answer{one: account}, c.changeAccount(account)
}

// changeAccount takes over what a request writes into an account there is.
func (c *call) changeAccount(account *resource) error {
	before := account.clone()
	if reference, given := at(c.body, "data.attributes.reference-id"); given {
		if text, _ := reference.(string); text != "" && c.accountByReference(text, account.id) != nil {
			return conflict("an account with this reference id exists")
		}
		account.attributes["reference-id"] = reference
	}
	if err := c.setAccount(account); err != nil {
		return err
	}
	account.attributes["updated-at"] = stamp(c.now)
	if before.text("account-status") != account.text("account-status") {
		c.emit("account.status-updated", account, nil)
	}
	if !reflect.DeepEqual(before.attributes["fields"], account.attributes["fields"]) {
		c.emit("account.updated-fields", account, nil)
	}
	if _, given := at(c.body, "data.attributes.tags"); given {
		have, _ := account.attributes["tags"].([]any)
		tags := tagList(c.texts("data.attributes.tags"))
		added, removed := without(tags, have), without(have, tags)
		if err := c.countTags(added); err != nil {
			return err
		}
		if len(added)+len(removed) > 0 {
			account.attributes["tags"] = tags
			emitAccountTags(c, account, added, removed)
		}
	}
	return nil
}

// setAccount takes over the status and the fields of a request.
func (c *call) setAccount(account *resource) error {
	if status := c.text("data.attributes.account-status"); status != "" {
		if !slices.ContainsFunc(c.statusesOfType(account.one("account-type")), func(s accountStatus) bool { return s.Name == status }) {
			return unprocessable("the account type has no such status", "/data/attributes/account-status")
		}
		account.attributes["account-status"] = status
	}
	fields, _ := account.attributes["fields"].(map[string]any)
	fields = mergeFields(fields, c.accountFields())
	if photo := c.object("data.attributes.selfie-photo.data"); photo != nil {
		file, err := c.file("data.attributes.selfie_photo.data", photo)
		if err != nil {
			return err
		}
		fields["selfie_photo"] = map[string]any{"type": "file", "value": file}
	}
	account.attributes["fields"] = fields
	return nil
}

// accountByReference finds an account by its reference id, which is unique without
// regard to case; not the one named except.
func (c *change) accountByReference(reference, except string) *resource {
	account := c.edit(c.env.byReference[strings.ToLower(reference)])
	if account == nil || account.id == except || !strings.EqualFold(account.text("reference-id"), reference) {
		return nil
	}
	return account
}

func (c *change) newAccount(typeID, reference string) *resource {
	attributes := map[string]any{
		"account-type-name": c.get(typeID).text("name"), "account-status": c.statusesOfType(typeID)[0].Name, "tags": []any{}, "fields": map[string]any{},
		"reference-id": nil, "updated-at": stamp(c.now),
	}
	if reference != "" {
		attributes["reference-id"] = reference
	}
	return c.create("account", "act", attributes, map[string]any{"account-type": identifier{"account-type", typeID}})
}

// consolidate moves what belongs to other accounts to this one. Their attributes
// stay behind, and they can be consolidated once (Persona docs: Accounts).
func consolidate(c *call) (*answer, error) {
	destination, err := c.find("account")
	if err != nil {
		return nil, err
	}
	if err := inUse(destination); err != nil {
		return nil, err
	}
	sources := c.texts("meta.source-account-ids")
	if len(sources) == 0 {
		return nil, badRequest("meta.source_account_ids must be filled")
	}
	for _, id := range sources {
		source := c.edit(id)
		switch {
		case source == nil || source.family() != "account":
			return nil, notFound("meta.source_account_ids is not found")
		case source.id == destination.id:
			return nil, unprocessable("an account cannot be consolidated into itself", "/meta/source-account-ids")
		case source.attributes[consolidatedInto] != nil:
			return nil, conflict("the account was consolidated before")
		}
		c.moveInquiries(source, destination)
		c.moveReports(source, destination)
		c.moveRelations(source, destination)
		source.attributes[consolidatedInto], source.attributes[archived] = destination.id, true
		source.attributes["updated-at"] = stamp(c.now)
		c.emit("account.consolidated", source, nil)
		c.emit("account.archived", source, nil)
	}
	destination.attributes["updated-at"] = stamp(c.now)
	c.emit("account.consolidated-with", destination, nil)
	return &answer{status: 202, one: destination}, nil
}

// moveInquiries gives an account's inquiries and their verifications, and its places
// in cases, to another.
func (c *change) moveInquiries(from, to *resource) {
	for inquiry := range c.of("inquiry", from.id) {
		if inquiry.one("account") != from.id {
			continue
		}
		inquiry = c.edit(inquiry.id)
		inquiry.relationships["account"] = to.identifier()
		for _, v := range inquiry.many("verifications") {
			c.edit(v.ID).relationships["accounts"] = []identifier{to.identifier()}
		}
	}
	for r := range c.of("case", from.id) {
		if slices.Contains(r.many("accounts"), from.identifier()) {
			r = c.edit(r.id)
			r.unlink("accounts", from.identifier())
			r.link("accounts", to.identifier())
		}
	}
}

// moveReports gives an account's reports to another.
func (c *change) moveReports(from, to *resource) {
	for report := range c.all("report") {
		if report.one("account") == from.id {
			c.edit(report.id).relationships["account"] = to.identifier()
		}
	}
}

// runAction starts the workflow of an account action.
func runAction(c *call) (*answer, error) {
	account, err := c.find("account")
	if err != nil {
		return nil, err
	}
	if c.text("data.account-action-id") != AccountActionID {
		return nil, notFound("data.account_action_id is not found")
	}
	run := c.newRun(c.get(WorkflowID), "completed")
	return &answer{one: account, meta: map[string]any{"workflow-run-id": run.id}}, nil
}

// accountValue reads what searches call the attributes of an account.
func (c *change) accountValue(r *resource, name string) any {
	switch name {
	case "type":
		return r.one("account-type")
	case "status":
		for _, status := range c.statusesOfType(r.one("account-type")) {
			if status.Name == r.text("account-status") {
				return status.ID
			}
		}
		return nil
	case "created_at", "updated_at":
		return r.attributes[kebab(name)]
	}
	if identifier, ok := strings.CutPrefix(name, "identifiers."); ok {
		if kebab(identifier) == "reference-id" {
			return r.attributes["reference-id"]
		}
		name = identifier
	}
	return fieldValue(r, name)
}
