// Step 3: an inquiry that failed goes to review, its case is set, and the applicant
// gets a fresh link that opens once.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/idemhq/idem/examples/tutorial"
	"github.com/idemhq/idem/persona"
)

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	client, err := persona.NewClient(persona.WithEnvironment(persona.Sandbox))
	check(err)
	inquiry, c, err := tutorial.Apply(ctx, client, "user-1002")
	check(err)
	_, err = tutorial.Simulate(ctx, client, inquiry.ID, tutorial.Failed())
	check(err)

	// Why did it fail? The checks say.
	failed, err := client.Inquiries.Get(ctx, inquiry.ID, persona.WithInclude("verifications"))
	check(err)
	for _, object := range failed.Included {
		if v, ok := object.(*persona.VerificationGovernmentID); ok {
			for _, check := range v.Attributes.Checks {
				fmt.Printf("%s: %s %v\n", check.Name, check.Status, check.Reasons)
			}
		}
	}

	reviewed, err := client.Inquiries.MarkForReview(ctx, inquiry.ID)
	check(err)
	c, err = client.Cases.SetStatus(ctx, c.ID, persona.CaseSetStatusParams{Status: "Pending"})
	check(err)
	link, err := client.Inquiries.GenerateOneTimeLink(ctx, inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{ExpiresInSeconds: persona.Set[int64](3600)})
	check(err)
	fmt.Printf("inquiry %s, case %s\n", reviewed.Attributes.Status, c.Attributes.Status)

	// Send link.Meta.OneTimeLink to the applicant. It is a credential: never log it.
	res, err := http.Get(link.Meta.OneTimeLink)
	check(err)
	defer res.Body.Close()
	fmt.Println("the link opened with", res.Status)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
