package sandbox_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func ExampleNew() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	server := httptest.NewServer(sb)
	defer server.Close()

	ctx := context.Background()
	client, err := persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(server.URL+"/api/v1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		fmt.Println(err)
		return
	}
	passed, err := client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{{Type: "start_inquiry"}, {Type: "complete_inquiry"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(inquiry.Attributes.Status, passed.Attributes.Status)
	// Output: created completed
}
