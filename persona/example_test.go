package persona_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/idemhq/idem/persona"
)

// A client takes its key from PERSONA_API_KEY. WithEnvironment refuses a key of the
// other environment.
func ExampleNewClient() {
	client, err := persona.NewClient(persona.WithEnvironment(persona.Sandbox))
	if err != nil {
		log.Fatal(err)
	}
	inquiry, err := client.Inquiries.Get(context.Background(), "inq_…", persona.WithInclude("account"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inquiry.Attributes.Status)
}

// A list is an iterator; break stops it, and After resumes it.
func ExampleInquiriesService_List() {
	client, err := persona.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	var last string
	for inquiry, err := range client.Inquiries.List(context.Background(), persona.InquiryListParams{Status: "completed", Size: 100}) {
		if err != nil {
			log.Printf("resume with After: %q: %v", last, err)
			return
		}
		last = inquiry.ID
	}
}

// What Persona refuses is told apart with errors.Is.
func ExampleError() {
	client, err := persona.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Inquiries.Approve(context.Background(), "inq_…", persona.InquiryApproveParams{}, persona.WithIdempotencyKey("approve-of-event-evt_…"))
	switch {
	case errors.Is(err, persona.ErrConflict):
		// Decided already, or expired: read the inquiry.
	case errors.Is(err, persona.ErrOutcomeUnknown):
		// Read the inquiry before sending it again.
	case err != nil:
		log.Print(err)
	}
}

// Attributes that may be left out are Optional: absent, null and a value differ.
func ExampleSet() {
	client, err := persona.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Cases.Update(context.Background(), "case_…", persona.CaseUpdateParams{
		CaseQueueID:         persona.Null[string](),         // takes it out of its queue
		SLAExpiresInSeconds: persona.Set[float64](4 * 3600), // and gives it four hours
	})
	if err != nil {
		log.Print(err)
	}
}
