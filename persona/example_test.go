package persona_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// sandboxClient returns a client of an in-process sandbox, and a function that stops the
// sandbox, so that the examples need no key. A real program only calls NewClient.
func sandboxClient(opts ...persona.Option) (*persona.Client, func()) {
	sb, err := sandbox.New(sandbox.Options{})
	check(err)
	server := httptest.NewServer(sb)
	client, err := persona.NewClient(append([]persona.Option{persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(server.URL + "/api/v1")}, opts...)...)
	check(err)
	return client, func() {
		server.Close()
		sb.Close()
	}
}

// completed creates an inquiry and completes it.
func completed(client *persona.Client, referenceID string) string {
	ctx := context.Background()
	inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID),
		ReferenceID:       persona.Set(referenceID),
	})
	check(err)
	_, err = client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{
			{Type: "create_passed_verification", Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.GovernmentIDTemplateID})},
			{Type: "complete_inquiry"},
		},
	})
	check(err)
	return inquiry.ID
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A test needs no key and no network: it starts its own sandbox, which stops with the test.
func Example_test() {
	t := new(exampleT) // in a real test, its *testing.T
	defer t.end()

	server := sandbox.NewServer(t)
	client := server.Client()
	inquiry, err := client.Inquiries.Create(context.Background(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		t.Fatalf("create an inquiry: %v", err)
	}
	if err := server.AddFault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Status: 503, Operation: "Inquiries.Expire"}); err != nil {
		t.Fatalf("add a fault: %v", err)
	}
	expired, err := client.Inquiries.Expire(context.Background(), inquiry.ID) // retried
	if err != nil {
		t.Fatalf("expire the inquiry: %v", err)
	}
	fmt.Println(expired.Attributes.Status)
	// Output: expired
}

// exampleT replaces *testing.T, which examples do not have.
type exampleT struct{ cleanups []func() }

func (t *exampleT) Helper()                           {}
func (t *exampleT) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (t *exampleT) Cleanup(f func())                  { t.cleanups = append(t.cleanups, f) }

func (t *exampleT) end() {
	for _, f := range t.cleanups {
		f()
	}
}

// A client reads its key from PERSONA_API_KEY. WithEnvironment rejects a key of the other
// environment.
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
