// Step 2: when an inquiry is completed, its webhook approves it and sets its case to
// Approved. A second webhook event brings the verdict: nothing is polled.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/idemhq/idem/examples/tutorial"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	client, err := persona.NewClient(persona.WithEnvironment(persona.Sandbox))
	check(err)

	verdict := make(chan string, 10)
	handler := &webhook.Handler{}
	handler.OnInquiryCompleted(func(ctx context.Context, e *webhook.Event, inquiry *persona.Inquiry) error {
		return approve(ctx, client, e, inquiry) // an error makes Persona deliver the event again
	})
	handler.OnCaseStatusUpdated(func(_ context.Context, _ *webhook.Event, c *persona.Case) error {
		verdict <- fmt.Sprintf("case %s is %s", c.ID, c.Attributes.Status)
		return nil
	})
	check(tutorial.Listen(ctx, client, handler, webhook.InquiryCompleted, webhook.CaseStatusUpdated))

	// The applicant: an inquiry, a case about it, and a verification that passes.
	inquiry, _, err := tutorial.Apply(ctx, client, "user-1001")
	check(err)
	_, err = tutorial.Simulate(ctx, client, inquiry.ID, tutorial.Passed())
	check(err)
	text, err := tutorial.Await(verdict)
	check(err)
	fmt.Println(text)
}

// approve approves the inquiry and sets the status of its cases. The keys come from
// the event, so an event that is delivered twice takes effect once.
func approve(ctx context.Context, client *persona.Client, e *webhook.Event, inquiry *persona.Inquiry) error {
	_, err := client.Inquiries.Approve(ctx, inquiry.ID, persona.InquiryApproveParams{}, persona.WithIdempotencyKey("approve-"+e.ID))
	if err != nil && !errors.Is(err, persona.ErrConflict) { // decided already
		return err
	}
	for c, err := range client.Cases.List(ctx, persona.CaseListParams{InquiryID: inquiry.ID}) {
		if err != nil {
			return err
		}
		_, err = client.Cases.SetStatus(ctx, c.ID, persona.CaseSetStatusParams{Status: "Approved"}, persona.WithIdempotencyKey("case-"+c.ID+"-"+e.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
