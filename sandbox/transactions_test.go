package sandbox_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func newTransaction(t *testing.T, client *persona.Client, reference string) *persona.Transaction {
	t.Helper()
	made, err := client.Transactions.Create(t.Context(), payment(reference))
	ok(t, err)
	return made
}

func payment(reference string) persona.TransactionCreateParams {
	params := persona.TransactionCreateParams{
		TransactionTypeID: persona.Set(sandbox.TransactionTypeID),
		Fields:            persona.Set(map[string]any{"amount": 12.5, "currency": "USD"}), Tags: persona.Set([]string{"web"}),
	}
	if reference != "" {
		params.ReferenceID = persona.Set(reference)
	}
	return params
}

func TestATransactionThatIsSentAgainIsTheSame(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	create := func(params persona.TransactionCreateParams) (string, int, error) {
		var response *persona.Response
		made, err := client.Transactions.Create(ctx, params, persona.WithResponse(&response))
		if err != nil {
			return "", 0, err
		}
		return made.ID, response.Status, nil
	}
	first, status, err := create(payment("order-1"))
	ok(t, err)
	if status != http.StatusCreated {
		t.Errorf("the first is answered with %d", status)
	}
	_, err = client.Transactions.Update(ctx, first, persona.TransactionUpdateParams{Status: persona.Set("approved")})
	ok(t, err)
	again, status, err := create(payment("order-1"))
	ok(t, err)
	if status != http.StatusOK || again != first {
		t.Errorf("the same again is answered with %d and %s, not with %s", status, again, first)
	}
	other := payment("order-1")
	other.Fields = persona.Set(map[string]any{"amount": 13})
	if _, _, err := create(other); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("another one with its reference id: %v", err)
	}
	if one, two := newTransaction(t, client, ""), newTransaction(t, client, ""); one.ID == two.ID {
		t.Error("two without a reference id are one")
	}
	want := []string{"transaction.created", "transaction.status-updated", "transaction.created", "transaction.created"}
	if got := events(t, client); !slices.Equal(got, want) {
		t.Errorf("events are %v, not %v", got, want)
	}
}

func TestEveryOtherOperationOnTransactions(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	typ, err := client.TransactionTypes.Get(ctx, sandbox.TransactionTypeID)
	ok(t, err)
	if typ.Attributes.Name != "Payment" || len(typ.Attributes.FieldSchemas) != 5 {
		t.Errorf("the type is %+v", typ.Attributes)
	}
	kinds := map[string]bool{}
	for _, schema := range typ.Attributes.FieldSchemas {
		kinds[schema.Type] = true
		for _, key := range map[string][]string{"string": {"archived-at", "deactivated-at", "max-char-length", "sanitize"}, "date": {"archived-at", "deactivated-at"}}[schema.Type] {
			if !strings.Contains(string(typ.Raw), `"`+key+`"`) {
				t.Errorf("the config of a %s has no %s", schema.Type, key)
			}
		}
	}
	if !kinds["date"] || !kinds["relation-schema"] {
		t.Errorf("the kinds of fields are %v", kinds)
	}
	id := newTransaction(t, client, "order-1").ID
	got, err := client.Transactions.Update(ctx, id, persona.TransactionUpdateParams{
		Fields: persona.Set(map[string]any{"memo": "two chairs"}), Status: persona.Set("needs_review"), ReferenceID: persona.Set("order-2"),
		Label: persona.Set("fraud"), Tags: persona.Set([]string{"chairs"}),
	})
	ok(t, err)
	label := got.Relationships.TransactionLabel.Data
	if got.Attributes.Status != "needs_review" || got.Attributes.ReferenceID != "order-2" || !slices.Equal(got.Attributes.Tags, []string{"CHAIRS"}) || label == nil || len(got.Attributes.Fields) != 3 {
		t.Errorf("the transaction is %s", got.Raw)
	}
	got, err = client.Transactions.Label(ctx, id, persona.TransactionLabelParams{Label: persona.Set("good"), Score: persona.Set(0.9), ModelVersion: persona.Set("7")})
	ok(t, err)
	if got.Relationships.TransactionLabel.Data.ID == label.ID {
		t.Error("the label is still the first")
	}
	_, err = client.Transactions.AddTag(ctx, id, persona.TransactionAddTagParams{TagName: persona.Set("x")})
	ok(t, err)
	_, err = client.Transactions.RemoveTag(ctx, id, persona.TransactionRemoveTagParams{TagName: persona.Set("chairs")})
	ok(t, err)
	got, err = client.Transactions.SetTags(ctx, id, persona.TransactionSetTagsParams{TagName: persona.Set([]string{"y", "z"})})
	ok(t, err)
	if !slices.Equal(got.Attributes.Tags, []string{"Y", "Z"}) {
		t.Errorf("the tags are %v", got.Attributes.Tags)
	}
	for name, params := range map[string]persona.TransactionListParams{
		"type": {TransactionTypeID: sandbox.TransactionTypeID}, "reference id": {ReferenceID: "order-2"},
		"identifier": {IdentifierKey: "reference-id", IdentifierValue: "order-2"}, "field": {IdentifierKey: "memo", IdentifierValue: "two chairs"},
	} {
		page, err := client.Transactions.ListPage(ctx, params)
		ok(t, err)
		if len(page.Data) != 1 || page.Data[0].ID != id {
			t.Errorf("by its %s %d transactions are found", name, len(page.Data))
		}
	}
	if page, err := client.Transactions.ListPage(ctx, persona.TransactionListParams{ReferenceID: "order-1"}); err != nil || len(page.Data) != 0 {
		t.Errorf("by a reference id that it had: %v, %v", page, err)
	}
	got, err = client.Transactions.Redact(ctx, id)
	ok(t, err)
	if memo := got.Attributes.Fields["memo"]; !memo.IsNull() || got.Attributes.ReferenceID != "" || len(got.Attributes.Tags) != 0 {
		t.Errorf("what is redacted still tells %s", got.Raw)
	}
	if _, err = client.Transactions.Redact(ctx, id); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("redacting again: %v", err)
	}
	want := []string{"transaction.created", "transaction.updated-fields", "transaction.status-updated", "transaction.labeled", "transaction.labeled", "transaction.redacted"}
	if got := events(t, client); !slices.Equal(got, want) {
		t.Errorf("events are %v, not %v", got, want)
	}
}

func TestATransactionIsRelatedToItsPayerAndItsRefunds(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	payer, refund, original := newAccount(t, client, "a"), newTransaction(t, client, ""), newTransaction(t, client, "")
	relate := func(from, key, to string) (*persona.Transaction, error) {
		return client.Transactions.AddRelation(ctx, from, persona.TransactionAddRelationParams{RelationSchemaKey: key, TargetObjectID: to})
	}
	related := func(id string) (ids []string) {
		got, err := client.Transactions.Get(ctx, id)
		ok(t, err)
		for _, object := range got.Relationships.RelatedObjects.Data {
			ids = append(ids, object.ID)
		}
		return ids
	}
	for range 2 {
		_, err := relate(original.ID, "payer", payer.ID)
		ok(t, err)
	}
	_, err := relate(original.ID, "refunds", refund.ID)
	ok(t, err)
	if got := related(original.ID); !slices.Equal(got, []string{payer.ID, refund.ID}) {
		t.Errorf("the original is related to %v", got)
	}
	if got := related(refund.ID); !slices.Equal(got, []string{original.ID}) {
		t.Errorf("the refund is related to %v", got)
	}
	for payment, err := range client.Accounts.ListRelations(ctx, payer.ID, persona.AccountListRelationsParams{Key: "payments"}) {
		ok(t, err)
		if got := payment.Identifier().ID; got != original.ID {
			t.Errorf("the payer paid %s", got)
		}
	}
	for _, test := range []struct {
		name, from, key, to string
		want                error
	}{
		{"a second payer", original.ID, "payer", newAccount(t, client, "b").ID, persona.ErrConflict},
		{"a relation that the type lacks", original.ID, "parent", payer.ID, persona.ErrInvalid},
		{"a target of another type", original.ID, "payer", refund.ID, persona.ErrInvalid},
		{"itself", original.ID, "refunds", original.ID, persona.ErrInvalid},
		{"an unknown target", original.ID, "payer", "act_1", persona.ErrNotFound},
		{"an unknown transaction", "txn_1", "payer", payer.ID, persona.ErrNotFound},
	} {
		if _, err := relate(test.from, test.key, test.to); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, not %v", test.name, err, test.want)
		}
	}
	for range 2 {
		_, err := client.Transactions.RemoveRelation(ctx, refund.ID, persona.TransactionRemoveRelationParams{RelationSchemaKey: "original", TargetObjectID: original.ID})
		ok(t, err)
	}
	if got := related(original.ID); !slices.Equal(got, []string{payer.ID}) {
		t.Errorf("afterwards the original is related to %v", got)
	}
	if got := events(t, client); count(got, "transaction.added-relation") != 2 || count(got, "transaction.removed-relation") != 1 {
		t.Errorf("events are %v", got)
	}
}

func TestTheBiometricsOfATransactionAreThoseOfItsPayer(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	payer, err := client.Accounts.Create(ctx, persona.AccountCreateParams{NameFirst: persona.Set("Ada"), SelfiePhoto: persona.Set(persona.AccountCreateSelfiePhoto{
		Data: persona.Set(persona.AccountCreateSelfiePhotoData{Data: persona.Set("R0lG"), Filename: persona.Set("ada.gif")}),
	})})
	ok(t, err)
	if payer.Attributes.Fields["selfie_photo"].IsNull() {
		t.Fatal("the payer has no photo")
	}
	transaction := newTransaction(t, client, "")
	_, err = client.Transactions.AddRelation(ctx, transaction.ID, persona.TransactionAddRelationParams{RelationSchemaKey: "payer", TargetObjectID: payer.ID})
	ok(t, err)
	_, err = client.Transactions.RedactBiometrics(ctx, transaction.ID)
	ok(t, err)
	got, err := client.Accounts.Get(ctx, payer.ID)
	ok(t, err)
	if photo := got.Attributes.Fields["selfie_photo"]; !photo.IsNull() || !strings.Contains(string(got.Raw), `"Ada"`) {
		t.Errorf("the payer is %s", got.Raw)
	}
}

func TestATransactionThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	taken, id := newTransaction(t, server.client(), "taken"), newTransaction(t, server.client(), "").ID
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		details                  string
	}{
		{"no type", "POST", "/transactions", `{"data":{"attributes":{}}}`, 400, "data.attributes.transaction_type_id is missing"},
		{"an id of another kind", "POST", "/transactions", `{"data":{"attributes":{"transaction-type-id":"acttp_1"}}}`, 400, "data.attributes.transaction_type_id must start with txntp (sent 'acttp_1')"},
		{"an unknown type", "POST", "/transactions", `{"data":{"attributes":{"transaction-type-id":"txntp_1"}}}`, 404, "data.attributes.transaction_type_id is not found"},
		{"fields that are none", "POST", "/transactions", `{"data":{"attributes":{"fields":1}}}`, 400, "data.attributes.fields must be an object"},
		{"an unknown status", "PATCH", "/transactions/" + id, `{"data":{"attributes":{"status":"lost"}}}`, 422, "the transaction type has no such status"},
		{"a reference id that is taken", "PATCH", "/transactions/" + id, `{"data":{"attributes":{"reference-id":"taken"}}}`, 409, "a transaction with this reference id exists"},
		{"no label", "POST", "/transactions/" + id + "/label", `{"meta":{}}`, 400, "meta.label is missing"},
		{"half an identifier", "GET", "/transactions?filter[identifier][key]=memo", "", 400, "filter.identifier takes both key and value"},
		{"an unknown transaction", "GET", "/transactions/txn_1", "", 404, ""},
		{"an unknown transaction to change", "PATCH", "/transactions/txn_1", "{}", 404, ""},
		{"an unknown type to read", "GET", "/transaction-types/txntp_1", "", 404, ""},
	} {
		status, _, doc := server.do(test.method, "/api/v1"+test.path, test.body)
		if status != test.status || details(doc) != test.details {
			t.Errorf("%s: %d %q, not %d %q", test.name, status, details(doc), test.status, test.details)
		}
	}
	if got, err := server.client().Transactions.Get(t.Context(), taken.ID); err != nil || string(got.Raw) != string(taken.Raw) {
		t.Errorf("a refused request changed another transaction: %v", err)
	}
}
