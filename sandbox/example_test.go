package sandbox_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func ExampleNew() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	server := httptest.NewServer(sb)
	defer server.Close()

	ctx := context.Background()
	client, err := persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(server.URL+"/api/v1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		fmt.Println(err)
		return
	}
	passed, err := client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{{Type: "start_inquiry"}, {Type: "complete_inquiry"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(inquiry.Attributes.Status, passed.Attributes.Status)
	// Output: created completed
}

func ExampleSandbox_Act() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	server := httptest.NewServer(sb)
	defer server.Close()

	ctx := context.Background()
	client, err := persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(server.URL+"/api/v1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		fmt.Println(err)
		return
	}
	// No simulate action makes a person repeat a step, but an act does.
	id, err := sb.Act(sandbox.EnvironmentSandbox, sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry.ID, Type: "verification/selfie", Outcome: "requires_retry"})
	if err != nil {
		fmt.Println(err)
		return
	}
	selfie, err := client.Verifications.Get(ctx, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(selfie.Type, selfie.Attributes.Status)
	// Output: verification/selfie requires_retry
}

func ExampleReadSeed() {
	seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(`
case_templates:
  - {id: ctmpl_AcmeOnboarding, name: Onboarding, open: [Ready for Review], resolved: [Onboarded, Turned Away]}
faults:
  - {kind: duplicate_delivery, event: case.created, rate: 0.5}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	sb, err := sandbox.New(sandbox.Options{Seed: seed, FaultSeed: 7})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	fmt.Println(sb.Faults()[0].Kind)

	_, err = sandbox.ReadSeed("seed.yaml", strings.NewReader("case_templates:\n  - {name: Onboarding, opened: [Open]}\n"))
	fmt.Println(err)
	// Output:
	// duplicate_delivery
	// seed.yaml:2:24: unknown field "opened"
}
