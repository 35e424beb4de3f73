// Step 4: simulated pass, fail and error, and the relations of an account as a tree.
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
	client, err := persona.NewClient(persona.WithEnvironment(persona.Sandbox))
	check(err)

	passed := simulated(ctx, client, "create_passed_verification", "complete_inquiry")
	failed := simulated(ctx, client, "create_failed_verification", "fail_inquiry")
	fmt.Println("pass:", passed.Attributes.Status)
	fmt.Println("fail:", failed.Attributes.Status)
	_, err = client.Inquiries.PerformSimulateActions(ctx, "inq_ThereIsNoSuchInquiryHere1111", persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{{Type: "start_inquiry"}},
	})
	fmt.Println("error:", err)
	if !errors.Is(err, persona.ErrNotFound) {
		log.Fatal("that should have been refused with ErrNotFound")
	}

	parent, child := passed.Relationships.Account.Data.ID, failed.Relationships.Account.Data.ID
	_, err = client.Accounts.AddRelation(ctx, parent, persona.AccountAddRelationParams{RelationSchemaKey: "children", TargetObjectID: child})
	check(err)
	fmt.Println(parent)
	for related, err := range client.Accounts.ListRelations(ctx, parent, persona.AccountListRelationsParams{Key: "children"}) {
		check(err)
		fmt.Println("└─ children", related.Identifier().ID)
	}
}

// simulated makes an inquiry and lets a verification and its end happen.
func simulated(ctx context.Context, client *persona.Client, verification, end string) *persona.Inquiry {
	inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	check(err)
	after, err := client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{
			{Type: verification, Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.GovernmentIDTemplateID})},
			{Type: end},
		},
	})
	check(err)
	return after
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
