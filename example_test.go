package idem_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/idemhq/idem"
)

// Verify somebody, and wait for the verdict on the stream. A web application would send the
// person to v.Link, and learn the verdict by a notification.
func Example() {
	w, err := start("") // a service and a local Persona
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	ctx := context.Background()

	client, err := idem.New(w.URL, token, idem.WithEnvironment(idem.Sandbox))
	if err != nil {
		log.Fatal(err)
	}
	v, err := client.Verify(ctx, idem.VerifyParams{Reference: "user-1042", Flow: "kyc"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Action, "with a link:", v.Link != "")

	if err := w.Pass(ctx, v.Inquiry.ID); err != nil { // what the person does
		log.Fatal(err)
	}
	for n, err := range client.Stream(ctx, 0) {
		if err != nil {
			log.Fatal(err)
		}
		if n.Type == idem.NotifyVerdictChanged && n.Verdict == idem.VerdictApproved {
			fmt.Println(n.Reference, "is", n.Verdict)
			break
		}
	}
	again, err := client.Verify(ctx, idem.VerifyParams{Reference: "user-1042", Flow: "kyc"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Action)
	// Output:
	// created with a link: true
	// user-1042 is approved
	// already_approved
}

// Receive notifications in a table of users.
func ExampleNotificationHandler() {
	verdicts := make(chan idem.Verdict, 10)
	handler, err := idem.NotificationHandler([]string{secret}, &idem.Memory{}, func(ctx context.Context, n idem.Notification) error {
		if n.Type == idem.NotifyVerdictChanged && n.Environment == idem.Sandbox {
			verdicts <- n.Verdict // instead: UPDATE users SET verdict = …
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/idem", handler)
	host := httptest.NewServer(mux)
	defer host.Close()

	w, err := start(host.URL + "/webhooks/idem")
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	client, err := idem.New(w.URL, token, idem.WithEnvironment(idem.Sandbox))
	if err != nil {
		log.Fatal(err)
	}
	v, err := client.Verify(context.Background(), idem.VerifyParams{Reference: "user-1042", Flow: "kyc"})
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Pass(context.Background(), v.Inquiry.ID); err != nil {
		log.Fatal(err)
	}
	for verdict := range verdicts {
		if verdict == idem.VerdictApproved {
			fmt.Println("the person may proceed")
			break
		}
	}
	// Output: the person may proceed
}

// Tell errors apart.
func ExampleError() {
	w, err := start("")
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	client, err := idem.New(w.URL, token, idem.WithEnvironment(idem.Sandbox))
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Verify(context.Background(), idem.VerifyParams{Reference: "user-1042", Flow: "kvc"})
	var refused *idem.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		fmt.Println(refused.Detail)
	}
	// Output: there is no flow "kvc"; did you mean "kyc"? There are: kyc
}

// List the people whom somebody must look at.
func ExampleClient_Subjects() {
	w, err := start("")
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	client, err := idem.New(w.URL, token, idem.WithEnvironment(idem.Sandbox))
	if err != nil {
		log.Fatal(err)
	}
	for subject, err := range client.Subjects(context.Background(), idem.VerdictReview) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(subject.Reference, "since", subject.Since)
	}
	// Output:
}
