package idem_test

import (
	"context"
	"fmt"
	"log"

	"github.com/idemhq/idem"
)

// begun starts a world with somebody who has a live inquiry.
func begun(ctx context.Context) (w *world, client *idem.Client, v idem.Verification) {
	w, err := start("")
	if err != nil {
		log.Fatal(err)
	}
	if client, err = idem.New(w.URL, token, idem.WithEnvironment(idem.Sandbox)); err != nil {
		log.Fatal(err)
	}
	if v, err = client.Verify(ctx, idem.VerifyParams{Reference: "user-1042", Flow: "kyc"}); err != nil {
		log.Fatal(err)
	}
	return w, client, v
}

// Somebody has lost the link, and the support sends it again.
func ExampleClient_Link() {
	ctx := context.Background()
	w, client, v := begun(ctx) // a service, a local Persona, and somebody who has begun
	defer w.Close()

	again, err := client.Link(ctx, v.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Inquiry.ID == v.Inquiry.ID, again.Link != "")
	// Output: true true
}

// Somebody has uploaded the document of somebody else, and starts anew.
func ExampleClient_Cancel() {
	ctx := context.Background()
	w, client, v := begun(ctx)
	defer w.Close()

	if _, err := client.Cancel(ctx, v.ID, "wrong document, says the support"); err != nil {
		log.Fatal(err)
	}
	again, err := client.Verify(ctx, idem.VerifyParams{Reference: "user-1042", Flow: "kyc"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Action, "attempt", again.Attempts)
	// Output: created attempt 2
}

// Somebody has used all attempts, and may try again.
func ExampleClient_Reset() {
	ctx := context.Background()
	w, client, _ := begun(ctx)
	defer w.Close()

	for v, err := range client.Verifications(ctx, "user-1042") {
		if err != nil {
			log.Fatal(err)
		}
		reset, err := client.Reset(ctx, v.ID, "the camera was broken")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("attempts:", v.Attempts, "and now", reset.Attempts)
	}
	// Output: attempts: 1 and now 0
}

// Show the support what happened to somebody.
func ExampleClient_Timeline() {
	ctx := context.Background()
	w, client, _ := begun(ctx)
	defer w.Close()

	for h, err := range client.Timeline(ctx, "user-1042") {
		if err != nil {
			log.Fatal(err)
		}
		log.Println(h.At, h.Kind, h.Name, h.State, h.Detail)
	}
}

// Say why somebody was declined.
func ExampleClient_Evidence() {
	ctx := context.Background()
	w, client, _ := begun(ctx)
	defer w.Close()

	evidence, err := client.Evidence(ctx, "user-1042")
	if err != nil {
		log.Fatal(err)
	}
	for _, decision := range evidence.Reasons {
		fmt.Println(decision.Rule, "because of", decision.FailedChecks)
	}
	// Output:
}

// See whether what was decided about somebody took effect at Persona.
func ExampleClient_Actions() {
	ctx := context.Background()
	w, client, v := begun(ctx)
	defer w.Close()

	for action, err := range client.Actions(ctx, v.Inquiry.ID) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(action.Kind, action.State)
	}
	// Output:
}
