// Step 2: when an inquiry is completed, its webhook approves it and sets its case to
// Approved.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/idemhq/idem/examples/tutorial"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	client, err := persona.NewClient(persona.WithEnvironment(persona.Sandbox))
	check(err)

	// Subscribe to the one event this program is for.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	hook, err := client.Webhooks.Create(ctx, persona.WebhookCreateParams{
		Name:          persona.Set("tutorial, step 2"),
		URL:           persona.Set("http://" + listener.Addr().String()),
		EnabledEvents: persona.Set([]string{string(webhook.InquiryCompleted)}),
	})
	check(err)
	_, err = client.Webhooks.Enable(ctx, hook.ID)
	check(err)

	done := make(chan error, 1)
	handler := &webhook.Handler{Secrets: []string{hook.Attributes.Secret}}
	handler.OnInquiryCompleted(func(ctx context.Context, e *webhook.Event, inquiry *persona.Inquiry) error {
		err := approve(ctx, client, e, inquiry)
		done <- err
		return err // an error makes Persona deliver the event again
	})
	go http.Serve(listener, handler)

	// The applicant: an inquiry, a case about it, and a verification that passes.
	inquiry, c, err := tutorial.Apply(ctx, client, "user-1001")
	check(err)
	_, err = tutorial.Simulate(ctx, client, inquiry.ID, tutorial.Passed())
	check(err)
	check(<-done)
	c, err = client.Cases.Get(ctx, c.ID)
	check(err)
	fmt.Printf("case %s is %s\n", c.ID, c.Attributes.Status)
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
