package persona_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// The link for the person is in the result's Meta if the call requests it.
func ExampleInquiriesService_Create() {
	client, stop := sandboxClient()
	defer stop()

	inquiry, err := client.Inquiries.Create(context.Background(), persona.InquiryCreateParams{
		InquiryTemplateID:            persona.Set(sandbox.InquiryTemplateID),
		AutoCreateAccountReferenceID: persona.Set("user-1042"),
		AutoCreateOneTimeLink:        persona.Set(true),
	})
	check(err)
	fmt.Println(inquiry.Attributes.Status, inquiry.Meta.OneTimeLink != "")
	// Output: created true
}

// Optional attributes can be absent, null or a value.
func ExampleSet() {
	client, stop := sandboxClient()
	defer stop()
	id := completed(client, "user-1")

	inquiry, err := client.Inquiries.Update(context.Background(), id, persona.InquiryUpdateParams{
		Note: persona.Set("called on Monday"),
		Tags: persona.Set([]string{"vip"}),
		// RedirectURI is absent, so it does not change; Null[string]() would clear it.
	})
	check(err)
	fmt.Println(inquiry.Attributes.Note, inquiry.Attributes.Tags)
	// Output: called on Monday [VIP]
}

// A key that is derived from the reason for a call makes the call take effect once, even if
// the program crashes and runs again.
func ExampleWithIdempotencyKey() {
	client, stop := sandboxClient()
	defer stop()
	id := completed(client, "user-1")

	for range 2 {
		inquiry, err := client.Inquiries.Approve(context.Background(), id, persona.InquiryApproveParams{}, persona.WithIdempotencyKey("approve-of-event-evt_1"))
		check(err) // without the key, the second call would fail with ErrConflict
		fmt.Println(inquiry.Attributes.Status)
	}
	// Output:
	// approved
	// approved
}

// After a 5xx it is unknown whether the call took effect. WithReread finds out.
func ExampleWithReread() {
	sb, err := sandbox.New(sandbox.Options{})
	check(err)
	defer sb.Close()
	server := httptest.NewServer(sb)
	defer server.Close()
	client, err := persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(server.URL+"/api/v1"))
	check(err)
	ctx := context.Background()
	id := completed(client, "user-1")

	// Persona approves the inquiry but fails to answer.
	check(sb.AddFault(sandbox.Fault{Kind: sandbox.FaultStatusAfter, Status: 500, Operation: "Inquiries.Approve"}))
	_, err = client.Inquiries.Approve(ctx, id, persona.InquiryApproveParams{}, persona.WithReread(func(ctx context.Context) (bool, error) {
		inquiry, err := client.Inquiries.Get(ctx, id)
		return err == nil && inquiry.Attributes.Status == persona.InquiryStatusApproved, err
	}))
	fmt.Println(errors.Is(err, persona.ErrTookEffect))
	// Output: true
}

// Clients whose keys are of one environment share its rate limit.
func ExampleWithRateLimiter() {
	sb, err := sandbox.New(sandbox.Options{RateLimit: 100})
	check(err)
	defer sb.Close()
	server := httptest.NewServer(sb)
	defer server.Close()

	limiter := persona.NewRateLimiter()
	for range 2 {
		client, err := persona.NewClient(persona.WithRateLimiter(limiter), persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(server.URL+"/api/v1"))
		check(err)
		_, err = client.Inquiries.ListPage(context.Background(), persona.InquiryListParams{})
		check(err)
	}
	remaining, limit := limiter.Remaining()
	fmt.Printf("%d of %d calls left\n", remaining, limit)
	// Output: 98 of 100 calls left
}

// Use errors.Is to distinguish Persona's errors.
func ExampleError() {
	client, stop := sandboxClient()
	defer stop()
	id := completed(client, "user-1")
	approve := func() error {
		_, err := client.Inquiries.Approve(context.Background(), id, persona.InquiryApproveParams{})
		return err
	}

	check(approve())
	switch err := approve(); {
	case errors.Is(err, persona.ErrConflict):
		fmt.Println("it is decided already, or it expired: read the inquiry")
	case errors.Is(err, persona.ErrOutcomeUnknown):
		fmt.Println("read the inquiry before you call again")
	case err != nil:
		log.Print(err)
	}
	// Output: it is decided already, or it expired: read the inquiry
}

// Error contains no personal data and can be logged. Details may contain some.
func ExampleError_Details() {
	client, stop := sandboxClient()
	defer stop()

	_, err := client.Inquiries.Create(context.Background(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set("itmpl_unknown")})
	var refusal *persona.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Status, refusal.Errors[0].Title, len(refusal.Details()))
	}
	// Output: 400 Bad request 1
}

// RetryOf says whether a call may be repeated later, and with which key.
func ExampleRetryOf() {
	for _, status := range []int{409, 429, 500, 503} {
		switch persona.RetryOf(&persona.Error{Status: status}) {
		case persona.RetryNever:
			fmt.Println(status, "is final")
		case persona.RetrySameKey:
			fmt.Println(status, "may be asked again with the same key")
		case persona.RetryNewKey:
			fmt.Println(status, "needs a look at the state and a new key")
		}
	}
	// Output:
	// 409 is final
	// 429 may be asked again with the same key
	// 500 needs a look at the state and a new key
	// 503 may be asked again with the same key
}

// Do calls an operation that has no method.
func ExampleClient_Do() {
	client, stop := sandboxClient()
	defer stop()
	id := completed(client, "user-1")

	var inquiry persona.Inquiry
	body := map[string]any{"meta": map[string]any{"comment": "looks fine"}}
	err := client.Do(context.Background(), http.MethodPost, "/inquiries/"+id+"/approve", body, &inquiry, persona.WithIdempotencyKey("approve-1"))
	check(err)
	fmt.Println(inquiry.Attributes.Status)
	// Output: approved
}

// Do reads a page of a list, or the whole answer as JSON.
func ExampleClient_Do_list() {
	client, stop := sandboxClient()
	defer stop()
	completed(client, "user-1")
	ctx := context.Background()

	var page persona.Page[*persona.Inquiry]
	check(client.Do(ctx, http.MethodGet, "/inquiries?page[size]=10", nil, &page))
	var answer json.RawMessage
	check(client.Do(ctx, http.MethodGet, "/inquiries?page[size]=10", nil, &answer))
	fmt.Println(page.Data[0].Attributes.ReferenceID, json.Valid(answer))
	// Output: user-1 true
}

// WithResponse returns the HTTP response of one call, with the request id for Persona's
// support.
func ExampleWithResponse() {
	client, stop := sandboxClient()
	defer stop()

	var response *persona.Response
	_, err := client.Inquiries.Get(context.Background(), "inq_ThereIsNoSuchInquiryHere1111", persona.WithResponse(&response))
	fmt.Println(errors.Is(err, persona.ErrNotFound), response.Status, response.Attempts, response.RequestID != "")
	// Output: true 404 1 true
}

// Middleware sees every attempt of every call.
func ExampleWithMiddleware() {
	attempts := 0
	client, stop := sandboxClient(persona.WithMiddleware(func(next persona.Doer) persona.Doer {
		return func(r *http.Request) (*http.Response, error) {
			attempts++
			return next(r)
		}
	}))
	defer stop()

	_, err := client.Accounts.ListPage(context.Background(), persona.AccountListParams{})
	check(err)
	fmt.Println(attempts)
	// Output: 1
}

// Logged resources show no personal data.
func ExampleResource_LogValue() {
	client, stop := sandboxClient()
	defer stop()
	account, err := client.Accounts.Create(context.Background(), persona.AccountCreateParams{ReferenceID: persona.Set("user-1")})
	check(err)
	account.ID = "act_1" // ids differ in every run

	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}})
	slog.New(handler).Info("created", "account", account)
	// Output: level=INFO msg=created account.type=account account.id=act_1
}
