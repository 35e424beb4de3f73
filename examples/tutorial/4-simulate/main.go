// Step 4: simulated pass, fail and error, and the relations of an account as a tree.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/idemhq/idem/examples/tutorial"
	"github.com/idemhq/idem/persona"
)

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	client, err := persona.NewClient(persona.WithEnvironment(persona.Sandbox))
	check(err)

	passed := simulated(ctx, client, "user-2001", tutorial.Passed())
	failed := simulated(ctx, client, "user-2002", tutorial.Failed())
	fmt.Println("pass:", passed.Attributes.Status)
	fmt.Println("fail:", failed.Attributes.Status)
	_, err = tutorial.Simulate(ctx, client, "inq_ThereIsNoSuchInquiryHere1111", tutorial.Passed())
	fmt.Println("error:", err)
	if !errors.Is(err, persona.ErrNotFound) {
		log.Fatal("that should have been refused with ErrNotFound")
	}

	parent, child := passed.Relationships.Account.Data.ID, failed.Relationships.Account.Data.ID
	check(tutorial.Relate(ctx, client, parent, "children", child))
	lines, err := tutorial.Tree(ctx, client, parent)
	check(err)
	for _, line := range lines {
		fmt.Println(line)
	}
}

// simulated creates an applicant and simulates the verification.
func simulated(ctx context.Context, client *persona.Client, reference string, actions []persona.SimulateAction) *persona.Inquiry {
	created, _, err := tutorial.Apply(ctx, client, reference)
	check(err)
	inquiry, err := tutorial.Simulate(ctx, client, created.ID, actions)
	check(err)
	return inquiry
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
