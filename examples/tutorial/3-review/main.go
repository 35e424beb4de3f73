// Step 3: an inquiry that failed goes to review, the applicant gets a link that opens once,
// and the case is set. Webhooks say that it failed, and what became of it: nothing is polled.
package main

import (
	"context"
	"fmt"
	"log"
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

	inquiries, cases := make(chan string, 10), make(chan string, 10) // their statuses
	handler := &webhook.Handler{}
	handler.OnInquiryFailed(func(ctx context.Context, e *webhook.Event, inquiry *persona.Inquiry) error {
		return review(ctx, client, e, inquiry) // an error makes Persona deliver the event again
	})
	handler.OnInquiryMarkedForReview(func(_ context.Context, _ *webhook.Event, inquiry *persona.Inquiry) error {
		inquiries <- string(inquiry.Attributes.Status)
		return nil
	})
	handler.OnCaseStatusUpdated(func(_ context.Context, _ *webhook.Event, c *persona.Case) error {
		cases <- c.Attributes.Status
		return nil
	})
	check(tutorial.Listen(ctx, client, handler, webhook.InquiryFailed, webhook.InquiryMarkedForReview, webhook.CaseStatusUpdated))

	// The applicant: an inquiry, a case about it, and a verification that fails.
	inquiry, _, err := tutorial.Apply(ctx, client, "user-1002")
	check(err)
	_, err = tutorial.Simulate(ctx, client, inquiry.ID, tutorial.Failed())
	check(err)
	inquiryStatus, err := tutorial.Await(inquiries)
	check(err)
	caseStatus, err := tutorial.Await(cases)
	check(err)
	fmt.Printf("inquiry %s, case %s\n", inquiryStatus, caseStatus)
}

// review puts a failed inquiry and its cases into review. The keys come from the event, so
// an event that is delivered twice takes effect once.
func review(ctx context.Context, client *persona.Client, e *webhook.Event, inquiry *persona.Inquiry) error {
	if err := explain(ctx, client, inquiry.ID); err != nil {
		return err
	}
	if _, err := client.Inquiries.MarkForReview(ctx, inquiry.ID, persona.WithIdempotencyKey("review-"+e.ID)); err != nil {
		return err
	}
	link, err := client.Inquiries.GenerateOneTimeLink(ctx, inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{ExpiresInSeconds: persona.Set[int64](3600)},
		persona.WithIdempotencyKey("link-"+e.ID))
	if err != nil {
		return err
	}
	// Send link.Meta.OneTimeLink to the applicant. It is a credential: never log it.
	res, err := http.Get(link.Meta.OneTimeLink)
	if err != nil {
		return err
	}
	res.Body.Close()
	fmt.Println("the link opened with", res.Status)
	for c, err := range client.Cases.List(ctx, persona.CaseListParams{InquiryID: inquiry.ID}) {
		if err != nil {
			return err
		}
		_, err = client.Cases.SetStatus(ctx, c.ID, persona.CaseSetStatusParams{Status: "Pending"}, persona.WithIdempotencyKey("case-"+c.ID+"-"+e.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

// explain prints why an inquiry failed: its checks say.
func explain(ctx context.Context, client *persona.Client, inquiryID string) error {
	failed, err := client.Inquiries.Get(ctx, inquiryID, persona.WithInclude("verifications"))
	if err != nil {
		return err
	}
	for _, object := range failed.Included {
		if v, ok := object.(*persona.VerificationGovernmentID); ok {
			for _, check := range v.Attributes.Checks {
				fmt.Printf("%s: %s %v\n", check.Name, check.Status, check.Reasons)
			}
		}
	}
	return nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
