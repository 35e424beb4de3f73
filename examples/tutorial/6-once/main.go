// Step 6: production refuses to simulate, and a change that is sent twice under one
// idempotency key takes effect once.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	production, err := persona.NewClient(persona.WithAPIKey(sandbox.ProductionKey), persona.WithEnvironment(persona.Production))
	check(err)
	_, err = production.Inquiries.PerformSimulateActions(ctx, "inq_AnyInquiryAtAll1111111111111", persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{{Type: "approve_inquiry"}},
	})
	var refused *persona.EnvironmentError
	fmt.Println("production refuses to simulate:", errors.As(err, &refused))

	client, err := persona.NewClient(persona.WithEnvironment(persona.Sandbox))
	check(err)
	create := func() string {
		inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)},
			persona.WithIdempotencyKey("create-the-inquiry-of-user-1001"))
		check(err)
		return inquiry.ID
	}
	first, second := create(), create()
	fmt.Println("one key, one inquiry:", first == second)

	// The same key for something else is refused.
	_, err = client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), Note: persona.Set("another")},
		persona.WithIdempotencyKey("create-the-inquiry-of-user-1001"))
	fmt.Println("one key, another request:", err)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
