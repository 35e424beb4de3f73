package resources

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// consolidatedInto names the account that took over a consolidated one.
const ConsolidatedInto = "_consolidated-into"

// archived is set while an account is out of use: it takes no new inquiries.
const Archived = "_archived"

func accountOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"AccountTypes.Get": func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("account-type") },
		"Accounts.Get":     func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("account") },
		"Accounts.Create":  createAccount,
		"Accounts.Update":  updateAccount,
		"Accounts.List": func(c *engine.Call) (*engine.Answer, error) {
			var wanted []string
			for _, reference := range append(engine.SplitList(c.Filter("reference-id")), c.Query["filter[reference-id][]"]...) {
				wanted = append(wanted, strings.ToLower(reference))
			}
			return c.List("account", func(r *storage.Resource) bool {
				return len(wanted) == 0 || slices.Contains(wanted, strings.ToLower(r.Text("reference-id")))
			})
		},
		"Accounts.Search": func(c *engine.Call) (*engine.Answer, error) {
			return c.Search("account", func(r *storage.Resource, name string) any { return accountValue(c.Change, r, name) })
		},
		"Accounts.Redact": func(c *engine.Call) (*engine.Answer, error) {
			account, err := c.Find("account")
			if err != nil {
				return nil, err
			}
			return &engine.Answer{One: account}, redactAccount(c.Change, account)
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
func emitAccountTags(c *engine.Call, r *storage.Resource, added, removed []any) {
	for range added {
		c.Emit("account.tag-added", r, nil)
	}
	for range removed {
		c.Emit("account.tag-removed", r, nil)
	}
	emitTags(c, r, added, removed)
}

func createAccount(c *engine.Call) (*engine.Answer, error) {
	typeID := c.Text("data.attributes.account-type-id")
	if typeID == "" {
		typeID = AccountTypeID
	}
	if r := c.Get(typeID); r == nil || r.Typ != "account-type" {
		return nil, engine.NotFound("data.attributes.account_type_id is not found")
	}
	if existing, err := upsert(c); err != nil || existing != nil {
		if err != nil {
			return nil, err
		}
		return &engine.Answer{One: existing}, changeAccount(c, existing)
	}
	reference := c.Text("data.attributes.reference-id")
	if reference != "" && accountByReference(c.Change, reference, "") != nil {
		return nil, &engine.Refusal{Status: 409, Title: "Conflict", Details: "an account with this reference id exists"}
	}
	account := newAccount(c.Change, typeID, reference)
	if err := setAccount(c, account); err != nil {
		return nil, err
	}
	tags := TagList(c.Texts("data.attributes.tags"))
	account.Attributes["tags"] = tags
	if err := CountTags(c.Change, tags); err != nil {
		return nil, err
	}
	c.Emit("account.created", account, nil)
	return &engine.Answer{Status: 201, One: account}, nil
}

// upsert finds the account that meta.upsert-by means, if there is one. Only the
// reference id is unique in the type that a sandbox has.
func upsert(c *engine.Call) (*storage.Resource, error) {
	by := c.Text("meta.upsert-by")
	if by == "" {
		return nil, nil
	}
	if casing.Kebab(by) != "reference-id" {
		return nil, engine.Unprocessable("meta.upsert_by must be a field that is unique for the account type", "/meta/upsert-by")
	}
	reference := c.Text("data.attributes.reference-id")
	if reference == "" {
		return nil, engine.BadRequest("data.attributes.reference_id is missing")
	}
	return accountByReference(c.Change, reference, ""), nil
}

func updateAccount(c *engine.Call) (*engine.Answer, error) {
	account, err := c.Find("account")
	if err != nil {
		return nil, err
	}
	return &engine.Answer{One: account}, changeAccount(c, account)
}

// changeAccount takes over what a request writes into an account there is.
func changeAccount(c *engine.Call, account *storage.Resource) error {
	before := account.Clone()
	if reference, given := engine.At(c.Body, "data.attributes.reference-id"); given {
		if text, _ := reference.(string); text != "" && accountByReference(c.Change, text, account.ID) != nil {
			return engine.Conflict("an account with this reference id exists")
		}
		account.Attributes["reference-id"] = reference
	}
	if err := setAccount(c, account); err != nil {
		return err
	}
	account.Attributes["updated-at"] = simclock.Stamp(c.Now)
	if before.Text("account-status") != account.Text("account-status") {
		c.Emit("account.status-updated", account, nil)
	}
	if !reflect.DeepEqual(before.Attributes["fields"], account.Attributes["fields"]) {
		c.Emit("account.updated-fields", account, nil)
	}
	if _, given := engine.At(c.Body, "data.attributes.tags"); given {
		have, _ := account.Attributes["tags"].([]any)
		tags := TagList(c.Texts("data.attributes.tags"))
		added, removed := Without(tags, have), Without(have, tags)
		if err := CountTags(c.Change, added); err != nil {
			return err
		}
		if len(added)+len(removed) > 0 {
			account.Attributes["tags"] = tags
			emitAccountTags(c, account, added, removed)
		}
	}
	return nil
}

// setAccount takes over the status and the fields of a request.
func setAccount(c *engine.Call, account *storage.Resource) error {
	if status := c.Text("data.attributes.account-status"); status != "" {
		if !slices.ContainsFunc(statusesOfType(c.Change, account.One("account-type")), func(s AccountStatus) bool { return s.Name == status }) {
			return engine.Unprocessable("the account type has no such status", "/data/attributes/account-status")
		}
		account.Attributes["account-status"] = status
	}
	fields, _ := account.Attributes["fields"].(map[string]any)
	fields = MergeFields(fields, accountFields(c))
	if photo := c.Object("data.attributes.selfie-photo.data"); photo != nil {
		file, err := c.File("data.attributes.selfie_photo.data", photo)
		if err != nil {
			return err
		}
		fields["selfie_photo"] = map[string]any{"type": "file", "value": file}
	}
	account.Attributes["fields"] = fields
	return nil
}

// accountByReference finds an account by its reference id, which is unique without
// regard to case; not the one named except.
func accountByReference(c *engine.Change, reference, except string) *storage.Resource {
	account := c.Edit(c.Env.ByReference[strings.ToLower(reference)])
	if account == nil || account.ID == except || !strings.EqualFold(account.Text("reference-id"), reference) {
		return nil
	}
	return account
}

func newAccount(c *engine.Change, typeID, reference string) *storage.Resource {
	attributes := map[string]any{
		"account-type-name": c.Get(typeID).Text("name"), "account-status": statusesOfType(c, typeID)[0].Name, "tags": []any{}, "fields": map[string]any{},
		"reference-id": nil, "updated-at": simclock.Stamp(c.Now),
	}
	if reference != "" {
		attributes["reference-id"] = reference
	}
	return c.Create("account", "act", attributes, map[string]any{"account-type": storage.Identifier{Type: "account-type", ID: typeID}})
}

// consolidate moves what belongs to other accounts to this one. Their attributes
// stay behind, and they can be consolidated once (Persona docs: Accounts).
func consolidate(c *engine.Call) (*engine.Answer, error) {
	destination, err := c.Find("account")
	if err != nil {
		return nil, err
	}
	if err := inUse(destination); err != nil {
		return nil, err
	}
	sources := c.Texts("meta.source-account-ids")
	if len(sources) == 0 {
		return nil, engine.BadRequest("meta.source_account_ids must be filled")
	}
	for _, id := range sources {
		source := c.Edit(id)
		switch {
		case source == nil || source.Family() != "account":
			return nil, engine.NotFound("meta.source_account_ids is not found")
		case source.ID == destination.ID:
			return nil, engine.Unprocessable("an account cannot be consolidated into itself", "/meta/source-account-ids")
		case source.Attributes[ConsolidatedInto] != nil:
			return nil, engine.Conflict("the account was consolidated before")
		}
		moveInquiries(c.Change, source, destination)
		moveReports(c.Change, source, destination)
		moveRelations(c.Change, source, destination)
		source.Attributes[ConsolidatedInto], source.Attributes[Archived] = destination.ID, true
		source.Attributes["updated-at"] = simclock.Stamp(c.Now)
		c.Emit("account.consolidated", source, nil)
		c.Emit("account.archived", source, nil)
	}
	destination.Attributes["updated-at"] = simclock.Stamp(c.Now)
	c.Emit("account.consolidated-with", destination, nil)
	return &engine.Answer{Status: 202, One: destination}, nil
}

// moveInquiries gives an account's inquiries and their verifications, and its places
// in cases, to another.
func moveInquiries(c *engine.Change, from, to *storage.Resource) {
	for inquiry := range c.Of("inquiry", from.ID) {
		if inquiry.One("account") != from.ID {
			continue
		}
		inquiry = c.Edit(inquiry.ID)
		inquiry.Relationships["account"] = to.Identifier()
		for _, v := range inquiry.Many("verifications") {
			c.Edit(v.ID).Relationships["accounts"] = []storage.Identifier{to.Identifier()}
		}
	}
	for r := range c.Of("case", from.ID) {
		if slices.Contains(r.Many("accounts"), from.Identifier()) {
			r = c.Edit(r.ID)
			r.Unlink("accounts", from.Identifier())
			r.Link("accounts", to.Identifier())
		}
	}
}

// moveReports gives an account's reports to another.
func moveReports(c *engine.Change, from, to *storage.Resource) {
	for report := range c.All("report") {
		if report.One("account") == from.ID {
			c.Edit(report.ID).Relationships["account"] = to.Identifier()
		}
	}
}

// runAction starts the workflow of an account action.
func runAction(c *engine.Call) (*engine.Answer, error) {
	account, err := c.Find("account")
	if err != nil {
		return nil, err
	}
	if c.Text("data.account-action-id") != AccountActionID {
		return nil, engine.NotFound("data.account_action_id is not found")
	}
	run := newRun(c.Change, c.Get(WorkflowID), "completed")
	return &engine.Answer{One: account, Meta: map[string]any{"workflow-run-id": run.ID}}, nil
}

// accountValue reads what searches call the attributes of an account.
func accountValue(c *engine.Change, r *storage.Resource, name string) any {
	switch name {
	case "type":
		return r.One("account-type")
	case "status":
		for _, status := range statusesOfType(c, r.One("account-type")) {
			if status.Name == r.Text("account-status") {
				return status.ID
			}
		}
		return nil
	case "created_at", "updated_at":
		return r.Attributes[casing.Kebab(name)]
	}
	if identifier, ok := strings.CutPrefix(name, "identifiers."); ok {
		if casing.Kebab(identifier) == "reference-id" {
			return r.Attributes["reference-id"]
		}
		name = identifier
	}
	return engine.FieldValue(r, name)
}
