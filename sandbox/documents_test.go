package sandbox_test

import (
	"errors"
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
