package sandbox_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func newAccount(t *testing.T, client *persona.Client, reference string) *persona.Account {
	t.Helper()
	account, err := client.Accounts.Create(t.Context(), persona.AccountCreateParams{ReferenceID: persona.Set(reference)})
	ok(t, err)
	return account
}

func TestAReferenceIDBelongsToOneAccount(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{}).client()
	first := newAccount(t, client, "User-1")
	if _, err := client.Accounts.Create(t.Context(), persona.AccountCreateParams{ReferenceID: persona.Set("user-1")}); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a second account: %v", err)
	}
	again, err := client.Accounts.Create(t.Context(), persona.AccountCreateParams{
		ReferenceID: persona.Set("user-1"), UpsertBy: persona.Set("reference-id"), NameFirst: persona.Set("Ada"),
	})
	ok(t, err)
	if again.ID != first.ID {
		t.Error("upsert made another account")
	}
	if inquiry := newInquiry(t, client, "USER-1"); inquiry.Relationships.Account.Data.ID != first.ID {
		t.Error("an inquiry with the reference id has another account")
	}
	if one, two := newInquiry(t, client, ""), newInquiry(t, client, ""); one.Relationships.Account.Data.ID == two.Relationships.Account.Data.ID {
		t.Error("inquiries without a reference id share an account")
	}
}

func TestRelationsHaveTwoSides(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	parent, child, friend := newAccount(t, client, "parent"), newAccount(t, client, "child"), newAccount(t, client, "friend")
	add := func(from *persona.Account, key string, to *persona.Account) error {
		_, err := client.Accounts.AddRelation(ctx, from.ID, persona.AccountAddRelationParams{RelationSchemaKey: key, TargetObjectID: to.ID})
		return err
	}
	related := func(of *persona.Account, key string) []string {
		t.Helper()
		var ids []string
		for object, err := range client.Accounts.ListRelations(ctx, of.ID, persona.AccountListRelationsParams{Key: key}) {
			ok(t, err)
			ids = append(ids, object.(*persona.Account).ID)
		}
		return ids
	}
	for range 2 { // the second time changes nothing
		if err := add(child, "parent", parent); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(child, "parent", friend); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a second parent: %v", err)
	}
	if err := add(child, "owner", friend); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("a relation that the type does not have: %v", err)
	}
	if err := add(parent, "associates", friend); err != nil {
		t.Fatal(err)
	}
	if got := related(parent, "children"); !slices.Equal(got, []string{child.ID}) {
		t.Errorf("children: %v", got)
	}
	if got := related(friend, "associates"); !slices.Equal(got, []string{parent.ID}) {
		t.Errorf("associates: %v", got)
	}
	if _, err := client.Accounts.RemoveRelation(ctx, parent.ID, persona.AccountRemoveRelationParams{RelationSchemaKey: "children", TargetObjectID: child.ID}); err != nil {
		t.Fatal(err)
	}
	if got := related(child, "parent"); len(got) != 0 {
		t.Errorf("the parent is still there: %v", got)
	}
	if got := events(t, client); count(got, "account.added-relation") != 2 || count(got, "account.removed-relation") != 1 {
		t.Errorf("events: %v", got)
	}
}

func TestEveryOtherOperationOnAccounts(t *testing.T) {
	t.Parallel()
	server, ctx := start(t, sandbox.Options{}), t.Context()
	client := server.client()
	inquiry := newInquiry(t, client, "old")
	source, destination := inquiry.Relationships.Account.Data.ID, newAccount(t, client, "new").ID
	_, err := client.AccountTypes.Get(ctx, sandbox.AccountTypeID)
	ok(t, err)
	updated, err := client.Accounts.Update(ctx, destination, persona.AccountUpdateParams{
		Fields: persona.Set(map[string]any{"name": map[string]any{"first": "Ada"}}), AccountStatus: persona.Set("Active"), Tags: persona.Set([]string{"a"}),
		EmailAddress: persona.Set("ada@example.com"),
	})
	ok(t, err)
	if updated.Attributes.AccountStatus != "Active" {
		t.Errorf("the status is %q", updated.Attributes.AccountStatus)
	}
	_, err = client.Accounts.AddTag(ctx, destination, persona.AccountAddTagParams{TagName: persona.Set("b")})
	ok(t, err)
	_, err = client.Accounts.RemoveTag(ctx, destination, persona.AccountRemoveTagParams{TagName: persona.Set("b")})
	ok(t, err)
	_, err = client.Accounts.SetTags(ctx, destination, persona.AccountSetTagsParams{TagName: persona.Set([]string{"c"})})
	ok(t, err)
	run, err := client.Accounts.RunAction(ctx, destination, persona.AccountRunActionParams{AccountActionID: sandbox.AccountActionID})
	ok(t, err)
	if run.Meta.WorkflowRunID == "" {
		t.Error("the action has no workflow run")
	}
	page, err := client.Accounts.ListPage(ctx, persona.AccountListParams{ReferenceID: "new,none"})
	ok(t, err)
	if len(page.Data) != 1 {
		t.Errorf("the list holds %d", len(page.Data))
	}
	found, err := client.Accounts.SearchPage(ctx, persona.AccountSearchParams{Query: persona.Set(persona.Predicate{Attribute: "status", Operator: "eq", Value: sandbox.ActiveAccountStatusID})})
	ok(t, err)
	if len(found.Data) != 1 {
		t.Errorf("the search finds %d", len(found.Data))
	}
	consolidate := func() error {
		_, err := client.Accounts.Consolidate(ctx, destination, persona.AccountConsolidateParams{SourceAccountIDs: []string{source}})
		return err
	}
	ok(t, consolidate())
	if err := consolidate(); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a second consolidation: %v", err)
	}
	moved, err := client.Inquiries.Get(ctx, inquiry.ID, persona.WithInclude("account"))
	ok(t, err)
	if moved.Relationships.Account.Data.ID != destination {
		t.Error("the inquiry did not move")
	}
	if _, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AccountID: persona.Set(source)}); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("an inquiry for a consolidated account: %v", err)
	}
	_, err = client.Accounts.Redact(ctx, destination)
	ok(t, err)
	server.Advance(time.Second)
	gone, err := client.Inquiries.Get(ctx, inquiry.ID)
	ok(t, err)
	if gone.Attributes.ReferenceID != "" || gone.Attributes.RedactedAt.IsZero() {
		t.Error("the inquiry was not redacted with its account")
	}
	if _, err := client.Accounts.Redact(ctx, destination); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a second redaction: %v", err)
	}
	_, err = client.Accounts.Get(ctx, destination, persona.WithInclude("account-type"))
	ok(t, err)
}

func TestRelationsComeInPages(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	account := newAccount(t, client, "account")
	var latest []string
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		other := newAccount(t, client, name)
		_, err := client.Accounts.AddRelation(ctx, account.ID, persona.AccountAddRelationParams{RelationSchemaKey: "associates", TargetObjectID: other.ID})
		ok(t, err)
		latest = append([]string{other.ID}, latest...)
	}
	var got []string
	for object, err := range client.Accounts.ListRelations(ctx, account.ID, persona.AccountListRelationsParams{Key: "associates", Size: 2}) {
		ok(t, err)
		got = append(got, object.(*persona.Account).ID)
	}
	if !slices.Equal(got, latest) {
		t.Errorf("relations are %v, not %v", got, latest)
	}
}

func TestAccountsAreFoundByWhatTheyHold(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{Seed: readSeed(t, `
account_types:
  - {id: acttp_Levels, name: Levels, statuses: [{name: New}], fields: {level: number, email_address: email_address}}
`)}).client(), t.Context()
	ada, err := client.Accounts.Create(ctx, persona.AccountCreateParams{AccountTypeID: persona.Set("acttp_Levels"), ReferenceID: persona.Set("ada"), EmailAddress: persona.Set("ada@example.com"), Fields: persona.Set(map[string]any{"level": 3})})
	ok(t, err)
	newAccount(t, client, "bob")
	for name, query := range map[string]persona.Predicate{
		"a field":     {Attribute: "fields.email_address", Operator: "eq", Value: "ADA@example.com"},
		"a number":    {Attribute: "fields.level", Operator: "gte", Value: 3},
		"an order":    {And: []persona.Predicate{{Attribute: "fields.level", Operator: "gt", Value: 2}, {Attribute: "fields.level", Operator: "lt", Value: 4}}},
		"not another": {Not: &persona.Predicate{Attribute: "identifiers.reference_id", Operator: "eq", Value: "bob"}},
		"either":      {Or: []persona.Predicate{{Attribute: "identifiers.reference_id", Operator: "eq", Value: "ada"}, {Attribute: "fields.level", Operator: "eq", Value: 9}}},
		"an old moment": {And: []persona.Predicate{
			{Attribute: "created_at", Operator: "lte", Value: "2100-01-01T00:00:00Z"}, {Attribute: "identifiers.reference_id", Operator: "eq", Value: "ada"},
		}},
	} {
		page, err := client.Accounts.SearchPage(ctx, persona.AccountSearchParams{Query: persona.Set(query)})
		ok(t, err)
		if len(page.Data) != 1 || page.Data[0].ID != ada.ID {
			t.Errorf("by %s %d are found", name, len(page.Data))
		}
	}
	deep := persona.Predicate{Not: &persona.Predicate{Not: &persona.Predicate{Not: &persona.Predicate{Attribute: "created_at", Operator: "eq", Value: 1}}}}
	for name, query := range map[string]persona.Predicate{"too deep": deep, "an operator": {Attribute: "created_at", Operator: "in", Value: "x"}} {
		status := 0
		var e *persona.Error
		if _, err := client.Accounts.SearchPage(ctx, persona.AccountSearchParams{Query: persona.Set(query)}); errors.As(err, &e) {
			status = e.Status
		}
		if status != 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
}

func TestConsolidationMovesWhatIsAttached(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	source, destination := newAccount(t, client, "source"), newAccount(t, client, "destination")
	friend, old, taken := newAccount(t, client, "friend"), newAccount(t, client, "old"), newAccount(t, client, "taken")
	relate := func(from *persona.Account, key string, to string) {
		t.Helper()
		_, err := client.Accounts.AddRelation(ctx, from.ID, persona.AccountAddRelationParams{RelationSchemaKey: key, TargetObjectID: to})
		ok(t, err)
	}
	relate(source, "associates", friend.ID)
	relate(source, "associates", destination.ID)
	relate(source, "parent", old.ID)
	relate(destination, "parent", taken.ID)
	payment := newTransaction(t, client, "").ID
	_, err := client.Transactions.AddRelation(ctx, payment, persona.TransactionAddRelationParams{RelationSchemaKey: "payer", TargetObjectID: source.ID})
	ok(t, err)
	report, err := client.Reports.Create(ctx, persona.ReportCreateParams{
		Type: persona.Set("report/watchlist"), ReportTemplateID: persona.Set(sandbox.WatchlistReportTemplateID), Query: persona.Set(person("Ada", "Sample")), AccountID: persona.Set(source.ID),
	})
	ok(t, err)

	_, err = client.Accounts.Consolidate(ctx, destination.ID, persona.AccountConsolidateParams{SourceAccountIDs: []string{source.ID}})
	ok(t, err)
	related := func(account, key string) []string {
		t.Helper()
		ids := []string{}
		for object, err := range client.Accounts.ListRelations(ctx, account, persona.AccountListRelationsParams{Key: key}) {
			ok(t, err)
			switch object := object.(type) {
			case *persona.Account:
				ids = append(ids, object.ID)
			case *persona.Transaction:
				ids = append(ids, object.ID)
			}
		}
		return ids
	}
	for key, want := range map[string][]string{"associates": {friend.ID}, "parent": {taken.ID}, "payments": {payment}} {
		if got := related(destination.ID, key); !slices.Equal(got, want) {
			t.Errorf("%s of the destination are %v, not %v", key, got, want)
		}
		if got := related(source.ID, key); len(got) != 0 {
			t.Errorf("%s of the source are still %v", key, got)
		}
	}
	if got := related(friend.ID, "associates"); !slices.Equal(got, []string{destination.ID}) {
		t.Errorf("the friend's associates are %v", got)
	}
	if got := related(old.ID, "children"); len(got) != 0 {
		t.Errorf("the source's parent has children: %v", got)
	}
	reports, err := client.Reports.ListPage(ctx, persona.ReportListParams{AccountID: destination.ID})
	ok(t, err)
	if len(reports.Data) != 1 || reports.Data[0].ID != report.ID {
		t.Errorf("the destination has %d reports", len(reports.Data))
	}
}

func TestAnAccountThatWasConsolidatedTakesNoOthers(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	first, second, third := newAccount(t, client, "first"), newAccount(t, client, "second"), newAccount(t, client, "third")
	consolidate := func(into, source *persona.Account) error {
		_, err := client.Accounts.Consolidate(ctx, into.ID, persona.AccountConsolidateParams{SourceAccountIDs: []string{source.ID}})
		return err
	}
	ok(t, consolidate(second, first))
	for name, source := range map[string]*persona.Account{"another account": third, "the one that took it over": second} {
		if err := consolidate(first, source); !errors.Is(err, persona.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ok(t, consolidate(third, second)) // a destination can be a source
}

func TestAnArchivedAccountTakesNoInquiryByItsReferenceIDEither(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	source, destination := newAccount(t, client, "source"), newAccount(t, client, "destination")
	_, err := client.Accounts.Consolidate(ctx, destination.ID, persona.AccountConsolidateParams{SourceAccountIDs: []string{source.ID}})
	ok(t, err)
	before := len(events(t, client))
	if _, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set("Source"),
	}); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("an inquiry by the reference id of a consolidated account: %v", err)
	}
	if after := len(events(t, client)); after != before {
		t.Errorf("the refusal made %d events", after-before)
	}
}

func TestTheTypeOfANewAccountIsIgnoredWhenThereIsOne(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	account := newAccount(t, client, "user")
	params := persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountTypeID: persona.Set("acttp_Unknown00000000000000000"),
		AutoCreateAccountReferenceID: persona.Set("user"),
	}
	inquiry, err := client.Inquiries.Create(ctx, params)
	ok(t, err)
	if inquiry.Relationships.Account.Data.ID != account.ID {
		t.Error("the inquiry has another account")
	}
	params.AutoCreateAccountReferenceID = persona.Set("nobody")
	if _, err := client.Inquiries.Create(ctx, params); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("a new account of an unknown type: %v", err)
	}
}

func TestTheSelfiePhotoOfAnAccountIsRemovedWithNull(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	const photo = `{"data":{"data":"aGVsbG8=","filename":"face.jpg"}}`
	_, _, doc := server.do("POST", "/api/v1/accounts", `{"data":{"attributes":{"selfie-photo":`+photo+`}}}`)
	path := "/api/v1/accounts/" + at(doc, "data", "id").(string)
	shown := func(doc map[string]any) any { return at(doc, "data", "attributes", "fields", "selfie_photo", "value") }
	address := at(shown(doc), "url").(string)
	for _, body := range []string{
		`{"data":{"attributes":{"selfie-photo":"face.jpg"}}}`, `{"data":{"attributes":{"selfie-photo":{"data":"face.jpg"}}}}`,
		`{"data":{"attributes":{"fields":{"selfie_photo":"face.jpg"}}}}`, `{"data":{"attributes":{"fields":{"selfie-photo":"face.jpg"}}}}`,
	} {
		if status, _, doc := server.do("PATCH", path, body); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	status, _, doc := server.do("PATCH", path, `{"data":{"attributes":{"name-first":"Ada"}}}`)
	if status != http.StatusOK || at(shown(doc), "filename") != "face.jpg" {
		t.Errorf("after another change: %d, the photo is %v", status, shown(doc))
	}
	status, _, doc = server.do("PATCH", path, `{"data":{"attributes":{"selfie-photo":{"data":null}}}}`)
	if status != http.StatusOK || shown(doc) != nil || at(doc, "data", "attributes", "fields", "selfie_photo", "type") != "file" {
		t.Errorf("after null: %d, the photo is %v", status, shown(doc))
	}
	if status, _, _ := fetch(t, address, ""); status != http.StatusNotFound {
		t.Errorf("the removed file: %d", status)
	}
}

func TestAnAccountIsCreatedFromAForm(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for name, photo := range map[string]string{"the photo": "data[attributes][selfie-photo]", "its data": "data[attributes][selfiePhoto][data]"} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for key, value := range map[string]string{
			"data[attributes][reference-id]": "form-" + name, "data[attributes][name_first]": "Ada", "data[attributes][fields][address][city]": "Utrecht", "data[attributes][tags][]": "vip",
		} {
			ok(t, form.WriteField(key, value))
		}
		part, err := form.CreateFormFile(photo, "face.jpg")
		ok(t, err)
		_, err = part.Write([]byte("hello"))
		ok(t, err)
		ok(t, form.Close())
		status, _, doc := server.do("POST", "/api/v1/accounts", body.String(), "Content-Type", form.FormDataContentType(), "X-Unchecked", "1")
		attributes := at(doc, "data", "attributes")
		if status != http.StatusCreated || at(attributes, "reference-id") != "form-"+name || at(attributes, "tags", 0) != "VIP" {
			t.Errorf("%s: %d %v", name, status, doc)
		}
		fields := at(attributes, "fields")
		if at(fields, "selfie_photo", "value", "byte-size") != 5. || at(fields, "name", "value", "first", "value") != "Ada" || at(fields, "address", "value", "city", "value") != "Utrecht" {
			t.Errorf("%s: the fields are %v", name, fields)
		}
	}
}
