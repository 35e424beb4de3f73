package resources

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	ConsolidatedInto = "_consolidated-into" // the account that an account was consolidated into
	Archived         = "_archived"          // true while an account accepts no new inquiries
)

func accountOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"AccountTypes.Get": engine.Get("account-type"),
		"Accounts.Get":     engine.Get("account"),
		"Accounts.Create":  createAccount,
		"Accounts.Update":  edit("account", changeAccount),
		"Accounts.List":    listAccounts,
		"Accounts.Search": func(c *engine.Call) (*engine.Answer, error) {
			return c.Search("account", func(r *storage.Resource, name string) any { return accountValue(c.Change, r, name) })
		},
		"Accounts.Redact":      redactOnce("account", edit("account", func(c *engine.Call, r *storage.Resource) error { return redactAccount(c.Change, r) })),
		"Accounts.Consolidate": consolidate,
		"Accounts.RunAction":   runAction,
	}
	maps.Copy(operations, tagOperations("Accounts", "account", emitAccountTags))
	maps.Copy(operations, relationOperations())
	return operations
}

// emitAccountTags emits all three events about tags of accounts, because Persona does not
// say which of them it sends when.
func emitAccountTags(c *engine.Change, r *storage.Resource, added, removed []any) {
	for range added {
		c.Emit("account.tag-added", r, nil)
	}
	for range removed {
		c.Emit("account.tag-removed", r, nil)
	}
	EmitTags(c, r, added, removed)
}

func listAccounts(c *engine.Call) (*engine.Answer, error) {
	var wanted []string
	for _, reference := range append(engine.SplitList(c.Filter("reference-id")), c.Query["filter[reference-id][]"]...) {
		wanted = append(wanted, strings.ToLower(reference))
	}
	return c.List("account", func(r *storage.Resource) bool {
		return len(wanted) == 0 || slices.Contains(wanted, strings.ToLower(r.Text("reference-id")))
	})
}

func createAccount(c *engine.Call) (*engine.Answer, error) {
	typeID, err := accountTypeOf(c, "data.attributes.account-type-id")
	if err != nil {
		return nil, err
	}
	existing, err := upsert(c)
	if err != nil {
		return nil, err
	}
	if existing != nil {
		return &engine.Answer{One: existing}, changeAccount(c, existing)
	}
	if err := checkReference(c, "data.attributes.reference-id"); err != nil {
		return nil, err
	}
	reference := c.Text("data.attributes.reference-id")
	if reference != "" && accountByReference(c.Change, reference, "") != nil {
		return nil, engine.Conflict(referenceUsed)
	}
	account := newAccount(c.Change, typeID, reference)
	if err := setAccount(c, account); err != nil {
		return nil, err
	}
	if account.Attributes["tags"], err = newTags(c); err != nil {
		return nil, err
	}
	c.Emit("account.created", account, nil)
	return &engine.Answer{Status: 201, One: account}, nil
}

// accountTypeOf returns the id of the account type that the body names at a path, or of the
// default one.
func accountTypeOf(c *engine.Call, path string) (string, error) {
	if c.Text(path) == "" {
		return fixtures.AccountTypeID, nil
	}
	found, err := c.Referenced(path, "account-type")
	if err != nil {
		return "", err
	}
	return found.ID, nil
}

// upsert returns the account that meta.upsert-by identifies, or nil. Only the reference id
// is unique for the account type of a sandbox.
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

// changeAccount applies a request to an existing account.
func changeAccount(c *engine.Call, account *storage.Resource) error {
	before := account.Clone()
	if err := checkReference(c, "data.attributes.reference-id"); err != nil {
		return err
	}
	if reference, given := c.Value("data.attributes.reference-id"); given {
		if text, _ := reference.(string); text != "" && accountByReference(c.Change, text, account.ID) != nil {
			return engine.NotUnique(referenceUsed)
		}
		account.Attributes["reference-id"] = reference
	}
	if err := setAccount(c, account); err != nil {
		return err
	}
	c.Stamp(account, "updated-at")
	if before.Text("account-status") != account.Text("account-status") {
		c.Emit("account.status-updated", account, nil)
	}
	if !reflect.DeepEqual(before.Attributes["fields"], account.Attributes["fields"]) {
		c.Emit("account.updated-fields", account, nil)
	}
	return setGivenTags(c, account, emitAccountTags)
}

// referenceUsed is what Persona says about a second account with a reference id.
const referenceUsed = "Account already exists with this reference ID"

// checkReference refuses a reference id that is empty or too long, in Persona's words.
func checkReference(c *engine.Call, path string) error {
	reference, given := c.Value(path)
	text, isText := reference.(string)
	switch {
	case given && isText && strings.TrimSpace(text) == "":
		return engine.BadRequest("Reference can't be blank")
	case utf8.RuneCountInString(text) > schema.MaxText:
		return tooLong()
	}
	return nil
}

func tooLong() error { return engine.BadRequest("must be shorter than 255 characters") }

// setAccount sets the status and the fields of a request.
func setAccount(c *engine.Call, account *storage.Resource) error {
	if status := c.Text("data.attributes.account-status"); status != "" {
		if !slices.ContainsFunc(fixtures.AccountStatuses(c.Change, account.One("account-type")), func(s fixtures.AccountStatus) bool { return s.Name == status }) {
			return engine.Unprocessable("the account type has no such status", "/data/attributes/account-status")
		}
		account.Attributes["account-status"] = status
	}
	fields, _ := account.Attributes["fields"].(map[string]any)
	written := schema.OfAccount(c)
	inFields := written["selfie_photo"]
	delete(written, "selfie_photo")
	if len(written) > 0 {
		declared := schema.Of(c.Get(account.One("account-type")))
		if err := declared.Check(written, "account type"); err != nil {
			return err
		}
		var err error
		if fields, err = declared.Write(c, fields, written); err != nil {
			return err
		}
	}
	photo, _ := c.Value("data.attributes.selfie-photo")
	if err := setPhoto(c, fields, "data.attributes.fields.selfie_photo", inFields); err != nil {
		return err
	}
	if err := setPhoto(c, fields, "data.attributes.selfie_photo", photo); err != nil {
		return err
	}
	account.Attributes["fields"] = fields
	return nil
}

// setPhoto stores or removes the selfie photo that a request has at a path: an object with
// the file or null as its data. In a form the file may also stand there itself. If there is
// nothing at the path, it does nothing.
func setPhoto(c *engine.Call, fields map[string]any, path string, given any) error {
	if given == nil {
		return nil
	}
	photo, isObject := given.(map[string]any)
	file, hasData := photo["data"]
	if isObject && hasData && file == nil {
		c.DeleteFiles(fields["selfie_photo"])
		fields["selfie_photo"] = storage.TypedField("file", nil)
		return nil
	}
	content, isFile := file.(map[string]any)
	if _, bare := photo["filename"]; bare {
		content, isFile = photo, true
	}
	if !isFile {
		return engine.BadRequest(path + " must be an object whose data is a file or null")
	}
	stored, err := c.File(path+".data", content)
	if err != nil {
		return err
	}
	fields["selfie_photo"] = storage.TypedField("file", stored)
	return nil
}

// accountByReference returns another account than except with a reference id, or nil. Case
// does not matter.
func accountByReference(c *engine.Change, reference, except string) *storage.Resource {
	account := c.Edit(ReferencedAccount(c.Env, reference))
	if account == nil || account.ID == except || !strings.EqualFold(account.Text("reference-id"), reference) {
		return nil
	}
	return account
}

// blankFields returns the fields of a new account of a type. They have no values.
func blankFields(accountType *storage.Resource) map[string]any {
	if accountType.ID == fixtures.AccountTypeID {
		return storage.NewAccountFields() // the same, but fast
	}
	return schema.Blank(accountType)
}

func newAccount(c *engine.Change, typeID, reference string) *storage.Resource {
	attributes := map[string]any{
		"account-type-name": c.Get(typeID).Text("name"), "account-status": fixtures.AccountStatuses(c, typeID)[0].Name, "tags": []any{}, "fields": blankFields(c.Get(typeID)),
		"reference-id": nil, "updated-at": simclock.Stamp(c.Now),
	}
	if reference != "" {
		attributes["reference-id"] = reference
	}
	return c.Create("account", "act", attributes, map[string]any{"account-type": storage.Identifier{Type: "account-type", ID: typeID}})
}

// consolidate moves what belongs to other accounts to this one, but not their attributes.
// An account can be consolidated once (Persona docs: Accounts).
func consolidate(c *engine.Call) (*engine.Answer, error) {
	destination, err := c.Find("account")
	if err != nil {
		return nil, err
	}
	if err := refuseArchived(destination); err != nil {
		return nil, err
	}
	sources := c.Texts("meta.source-account-ids")
	if len(sources) == 0 {
		return nil, engine.BadRequest("meta.source_account_ids must be filled")
	}
	for _, id := range sources {
		if id == destination.ID { // Persona accepts this, and nothing happens
			continue
		}
		source := c.Edit(id)
		switch {
		case source == nil || source.Family() != "account":
			return nil, engine.NotFound("meta.source_account_ids is not found")
		case source.Attributes[ConsolidatedInto] != nil:
			return nil, engine.Conflict("the account was consolidated before")
		}
		moveInquiries(c.Change, source, destination)
		moveReports(c.Change, source, destination)
		moveRelations(c.Change, source, destination)
		source.Attributes[ConsolidatedInto], source.Attributes[Archived] = destination.ID, true
		c.Stamp(source, "updated-at")
		c.Emit("account.consolidated", source, nil)
		c.Emit("account.archived", source, nil)
	}
	if !slices.ContainsFunc(sources, func(id string) bool { return id != destination.ID }) {
		return &engine.Answer{Status: 202, One: destination}, nil
	}
	c.Stamp(destination, "updated-at")
	c.Emit("account.consolidated-with", destination, nil)
	return &engine.Answer{Status: 202, One: destination}, nil
}

// moveInquiries moves an account's inquiries and their verifications to another account,
// and puts that one in its place in cases.
func moveInquiries(c *engine.Change, from, to *storage.Resource) {
	for inquiry := range c.IndexedBy("inquiry", from.ID) {
		if inquiry.One("account") != from.ID {
			continue
		}
		inquiry = c.Edit(inquiry.ID)
		inquiry.Relationships["account"] = to.Identifier()
		for _, v := range inquiry.Many("verifications") {
			c.Edit(v.ID).Relationships["accounts"] = []storage.Identifier{to.Identifier()}
		}
	}
	for r := range c.IndexedBy("case", from.ID) {
		if slices.Contains(r.Many("accounts"), from.Identifier()) {
			r = c.Edit(r.ID)
			r.Unlink("accounts", from.Identifier())
			r.Link("accounts", to.Identifier())
		}
	}
}

// moveReports moves an account's reports to another account.
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
	if c.Text("data.account-action-id") != fixtures.AccountActionID {
		return nil, engine.NotFound("data.account_action_id is not found")
	}
	run := newRun(c.Change, c.Get(fixtures.WorkflowID), "completed", nil)
	return &engine.Answer{One: account, Meta: map[string]any{"workflow-run-id": run.ID}}, nil
}

// accountValue returns the value of an account by the name that a search uses.
func accountValue(c *engine.Change, r *storage.Resource, name string) any {
	switch name {
	case "type":
		return r.One("account-type")
	case "status":
		for _, status := range fixtures.AccountStatuses(c, r.One("account-type")) {
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
	return engine.SearchedField(r, name)
}
