package sandbox_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// createInquiry sends a request that creates an inquiry.
func createInquiry(sb *sandbox.Sandbox) {
	body := fmt.Sprintf(`{"data": {"attributes": {"inquiry-template-id": %q}}}`, sandbox.InquiryTemplateID)
	request := httptest.NewRequest("POST", "/api/v1/inquiries", strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	sb.ServeHTTP(httptest.NewRecorder(), request)
}

func ExampleFault() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()

	// The second approval happens, but its answer is lost.
	if err := sb.AddFault(sandbox.Fault{Kind: sandbox.FaultLostAnswer, Operation: "Inquiries.Approve", After: 1}); err != nil {
		fmt.Println(err)
	}
	// One webhook in ten is five minutes late.
	if err := sb.AddFault(sandbox.Fault{Kind: sandbox.FaultLateDelivery, Rate: 0.1, Delay: 5 * time.Minute}); err != nil {
		fmt.Println(err)
	}
	// A fault that can never happen is an error.
	fmt.Println(sb.AddFault(sandbox.Fault{Kind: sandbox.FaultLostAnswer, Operation: "Inquiries.Aprove"}))
	// Output:
	// sandbox: operation is not one to which a lost_answer can happen, such as Inquiries.Approve; did you mean "Inquiries.Approve"?
}

func ExampleFaultKind() {
	fault, err := sandbox.ParseFault("kind=status_after,operation=Cases.SetStatus,status=503")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fault.Kind == sandbox.FaultStatusAfter, fault.Kind)
	// Output: true status_after
}

func ExampleActiveFault() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	if err := sb.AddFault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Operation: "Inquiries.Create", Times: 2}); err != nil {
		fmt.Println(err)
		return
	}
	createInquiry(sb)
	for _, fault := range sb.Faults() {
		fmt.Printf("fault %d, %s with status %d, has happened %d of %d times\n", fault.ID, fault.Kind, fault.Status, fault.Happened, fault.Times)
		sb.RemoveFault(fault.ID)
	}
	// Output: fault 1, status_before with status 500, has happened 1 of 2 times
}

func ExampleAct() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()

	// The importer pipeline of the dashboard imports an account.
	id, err := sb.Act(sandbox.EnvironmentSandbox, sandbox.Act{
		Do: sandbox.ActRunPipeline, ID: sandbox.ImporterPipelineID, Rows: "reference-id,name-first\nuser-1,Ada\n",
	})
	fmt.Println(strings.HasPrefix(id, "mprtpr_"), err)
	// Output: true <nil>
}

func ExampleActKind() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	_, err = sb.Act(sandbox.EnvironmentSandbox, sandbox.Act{Do: sandbox.ActArchiveAccount, ID: "act_unknown"})
	fmt.Println(err)
	// Output: sandbox: act archive_account on act_unknown: Record not found: there is no account with this id in this environment
}

func ExampleCallRecord() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	createInquiry(sb)
	for _, call := range sb.Calls(sandbox.EnvironmentSandbox) {
		fmt.Println(call.Method, call.Path, call.Operation, call.Status)
	}
	// Output: POST /api/v1/inquiries Inquiries.Create 201
}

func ExampleDelivery() {
	seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(`
sandbox:
  webhooks:
    - {url: "http://127.0.0.1:9/webhooks", events: [inquiry.created]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	sb, err := sandbox.New(sandbox.Options{Seed: seed})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	if err := sb.AddFault(sandbox.Fault{Kind: sandbox.FaultLostDelivery, Event: "inquiry.created"}); err != nil {
		fmt.Println(err)
		return
	}
	createInquiry(sb)
	for _, delivery := range sb.Deliveries(sandbox.EnvironmentSandbox) {
		fmt.Println(delivery.EventName, delivery.State)
	}
	// Output: inquiry.created lost
}

func ExampleAttempt() {
	seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(`
clock: 2026-01-02T03:04:05Z
sandbox:
  webhooks:
    - {url: "http://no-port.invalid:0/", events: [inquiry.created]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	sb, err := sandbox.New(sandbox.Options{Seed: seed})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	createInquiry(sb)
	delivery := sb.Deliveries(sandbox.EnvironmentSandbox)[0]
	for len(delivery.Attempts) == 0 { // webhooks are sent in the background
		time.Sleep(time.Millisecond)
		delivery = sb.Deliveries(sandbox.EnvironmentSandbox)[0]
	}
	first := delivery.Attempts[0]
	fmt.Println(delivery.State, first.At[:len("2026-01-02")], first.Status, first.Error != "")
	// Output: pending 2026-01-02 0 true
}

func ExampleEnvironment() {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	createInquiry(sb) // with the key of the sandbox environment
	for _, environment := range []sandbox.Environment{sandbox.EnvironmentSandbox, sandbox.EnvironmentProduction} {
		fmt.Println(environment, len(sb.Calls(environment)))
	}
	// Output:
	// sandbox 1
	// production 0
}

func ExampleSeed() {
	seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(`
rate_limit: 1
sandbox:
  accounts:
    - {reference_id: user-1, fields: {name: {first: Ada}}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	sb, err := sandbox.New(sandbox.Options{Seed: seed})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sb.Close()
	for range 2 {
		request := httptest.NewRequest("GET", "/api/v1/accounts?filter[reference-id]=user-1", nil)
		request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
		answer := httptest.NewRecorder()
		sb.ServeHTTP(answer, request)
		fmt.Println(answer.Code, strings.Contains(answer.Body.String(), "Ada"))
	}
	// Output:
	// 200 true
	// 429 false
}
