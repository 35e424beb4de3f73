package sandbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestDocumentsAreReadByTheirKind(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	inquiry, err := client.Inquiries.PerformSimulateActions(ctx, newInquiry(t, client, "").ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		verification("create_passed_verification", sandbox.GovernmentIDTemplateID),
		verification("create_passed_verification", sandbox.DocumentTemplateID),
	}})
	ok(t, err)
	governmentID, generic := inquiry.Relationships.Documents.Data[0].ID, inquiry.Relationships.Documents.Data[1].ID
	for id, want := range map[string]string{governmentID: "document/government-id", generic: "document/generic"} {
		document, err := client.Documents.Get(ctx, id, persona.WithInclude("inquiry"))
		ok(t, err)
		if document.Type != want || document.Attributes.Status != "processed" {
			t.Errorf("%s is a %s, %s", id, document.Type, document.Attributes.Status)
		}
	}
	_, err = client.Documents.GetGovernmentID(ctx, governmentID)
	ok(t, err)
	_, err = client.Documents.GetGeneric(ctx, generic)
	ok(t, err)
	for name, read := range map[string]func() error{
		"a generic document as a government ID": func() error { _, err := client.Documents.GetGovernmentID(ctx, generic); return err },
		"a government ID as a generic document": func() error { _, err := client.Documents.GetGeneric(ctx, governmentID); return err },
		"an inquiry as a document":              func() error { _, err := client.Documents.Get(ctx, inquiry.ID); return err },
	} {
		if err := read(); !errors.Is(err, persona.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADocumentHasTheFilesItWasMadeFrom(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := newInquiry(t, server.client(), "").ID
	for kind, want := range map[string][]string{
		"document/government-id":     {"front_photo.jpg"},
		"document/generic":           {"document.pdf"},
		"document/government-id-nfc": nil,
	} {
		made, err := server.Act("sandbox", sandbox.Act{Do: "submit", ID: inquiry, Type: kind, Outcome: "processed"})
		ok(t, err)
		_, _, doc := server.do("GET", "/api/v1/documents/"+made+"?include=document-files", "")
		files, _ := doc["included"].([]any)
		if len(files) != len(want) {
			t.Errorf("a %s has %d files", kind, len(files))
			continue
		}
		for i, name := range want {
			file := files[i].(map[string]any)
			shown := file["attributes"].(map[string]any)
			original := shown["originals"].([]any)[0].(map[string]any)
			status, _, content := fetch(t, original["url"].(string), "")
			if !strings.HasPrefix(file["id"].(string), "docf_") || shown["name"] != name || shown["capture-method"] != "upload" || status != 200 || len(content) == 0 {
				t.Errorf("%s of a %s: %d, %v", name, kind, status, file)
			}
		}
	}
}

func TestADocumentThatCannotBeReadWasProcessedToo(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := newInquiry(t, server.client(), "").ID
	for _, kind := range []string{"document/generic", "selfie/center-only"} {
		_, err := server.Act("sandbox", sandbox.Act{Do: "submit", ID: inquiry, Type: kind, Outcome: "errored"})
		ok(t, err)
	}
	_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry+"?include=documents,selfies", "")
	for _, r := range doc["included"].([]any) {
		shown := r.(map[string]any)["attributes"].(map[string]any)
		if shown["status"] != "errored" || shown["processed-at"] == nil {
			t.Errorf("it is %v", shown)
		}
	}
}

func TestTheFaceOnAnIDIsRedactedWithItsInquiry(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	id, shown := photographed(server, sandbox.GovernmentIDTemplateID, "2025-12-08")
	address := shown["selfie-photo"].(map[string]any)["url"].(string)
	if status, header, _ := fetch(t, address, ""); status != 200 || header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the photo: %d", status)
	}
	_, err := server.client().Verifications.Redact(t.Context(), id)
	ok(t, err)
	if status, _, _ := fetch(t, address, ""); status != 404 {
		t.Errorf("the photo after a redaction: %d", status)
	}
}

func TestRedactedBiometricsTakeTheFacesOnIDs(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	inquiry, transaction := newInquiry(t, client, "payer"), newTransaction(t, client, "")
	for _, kind := range []string{"verification/government-id", "verification/government-id-nfc"} {
		_, err := server.Act("sandbox", sandbox.Act{Do: "submit", ID: inquiry.ID, Type: kind, Outcome: "passed"})
		ok(t, err)
	}
	faces := func() int {
		t.Helper()
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry.ID+"?include=documents,verifications", "")
		found := 0
		for _, r := range doc["included"].([]any) {
			for _, name := range []string{"selfie-photo", "selfie-photo-url"} {
				if r.(map[string]any)["attributes"].(map[string]any)[name] != nil {
					found++
				}
			}
		}
		return found
	}
	if got := faces(); got != 5 {
		t.Errorf("two verifications and a document show %d photos of faces", got)
	}
	_, err := client.Transactions.AddRelation(ctx, transaction.ID, persona.TransactionAddRelationParams{RelationSchemaKey: "payer", TargetObjectID: inquiry.Relationships.Account.Data.ID})
	ok(t, err)
	_, err = client.Transactions.RedactBiometrics(ctx, transaction.ID)
	ok(t, err)
	if got := faces(); got != 0 {
		t.Errorf("%d photos of faces are left", got)
	}
}
