package sandbox_test

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	status := func(code int) func(error) bool {
		return func(err error) bool {
			var e *persona.Error
			return errors.As(err, &e) && e.Status == code
		}
	}
	for name, test := range map[string]struct {
		fault   sandbox.Fault
		failed  func(error) bool
		happens bool
	}{
		"a 503 before":      {sandbox.Fault{Kind: sandbox.FaultStatusBefore, Status: 503}, status(503), false},
		"a 500 afterwards":  {sandbox.Fault{Kind: sandbox.FaultStatusAfter}, status(500), true},
		"a 429 out of turn": {sandbox.Fault{Kind: sandbox.FaultStatusBefore, Status: 429}, status(429), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sb := sandbox.NewServer(t)
			client := sb.Client(persona.WithMaxRetries(0))
			inquiry := newInquiry(t, client, "")
			test.fault.Operation = "Inquiries.Approve"
			if err := sb.AddFault(test.fault); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Inquiries.Approve(t.Context(), inquiry.ID, persona.InquiryApproveParams{}); !test.failed(err) {
				t.Errorf("the call ended with %v", err)
			}
			got, err := client.Inquiries.Get(t.Context(), inquiry.ID)
			ok(t, err)
			if (got.Attributes.Status == "approved") != test.happens {
				t.Errorf("the inquiry is %s", got.Attributes.Status)
			}
		})
	}
}

func TestARetryAfterALostAnswerTakesEffectOnce(t *testing.T) {
	t.Parallel()
	server := sandbox.NewServer(t)
	client := server.Client(persona.WithBackoff(time.Millisecond, time.Millisecond))
	if err := server.AddFault(sandbox.Fault{Kind: sandbox.FaultLostAnswer, Operation: "Inquiries.Create"}); err != nil {
		t.Fatal(err)
	}
	newInquiry(t, client, "")
	calls := server.Calls("sandbox")
	if len(calls) != 2 || !calls[0].Lost || !calls[1].Replayed || calls[0].IdempotencyKey != calls[1].IdempotencyKey {
		t.Errorf("calls: %+v", calls)
	}
	if got := events(t, client); count(got, "inquiry.created") != 1 {
		t.Errorf("events: %v", got)
	}
}

func TestADuplicateDeliveryCarriesTheSameEvent(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url)})
	if status, _, _ := server.do("POST", "/_sandbox/faults", `{"kind":"duplicate_delivery","event":"inquiry.created"}`); status != 200 {
		t.Fatal(status)
	}
	newInquiry(t, client, "")
	got := to.wait(t, 3)
	if got[1].event.ID != got[2].event.ID {
		t.Error("the event did not come twice")
	}
}

func TestTheControlOfASandbox(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	before := server.Now()
	if status, _, doc := server.do("POST", "/_sandbox/clock", `{"advance":"6m"}`); status != 200 || doc["now"] == "" {
		t.Errorf("clock: %d %v", status, doc)
	}
	if moved := server.Now().Sub(before); moved < 6*time.Minute {
		t.Errorf("the clock moved %s", moved)
	}
	for _, test := range [][3]string{
		{"POST", "/_sandbox/clock", `{"advance":"-1m"}`}, {"POST", "/_sandbox/clock", `{"advnce":"1m"}`},
		{"POST", "/_sandbox/faults", `{"kind":"flood"}`}, {"POST", "/_sandbox/faults", `{"kind":"status_after","status":200}`},
	} {
		if status, _, _ := server.do(test[0], test[1], test[2]); status != 400 {
			t.Errorf("%v: %d", test, status)
		}
	}
	if status, _, _ := server.do("PUT", "/_sandbox/snapshot", "no snapshot"); status != 400 {
		t.Errorf("a snapshot that is none: %d", status)
	}
	if status, _, _ := server.do("POST", "/_sandbox/reset", ""); status != 200 {
		t.Errorf("reset: %d", status)
	}
	if status, _, doc := server.do("GET", "/_sandbox/state", ""); status != 200 || doc["sandbox"] == nil {
		t.Errorf("state: %d %v", status, doc)
	}
	if status, _, _ := server.do("POST", "/_sandbox/clock", `{"advance":"1m"}`, "Sec-Fetch-Site", "cross-site"); status != 403 {
		t.Errorf("from another site: %d", status)
	}
	far := httptest.NewRequest("GET", "/_sandbox/state", nil)
	far.RemoteAddr = "192.0.2.1:1234"
	recorded := httptest.NewRecorder()
	server.ServeHTTP(recorded, far)
	if recorded.Code != 403 {
		t.Errorf("from afar: %d", recorded.Code)
	}
}

func TestTheClockStartsWhenItIsSet(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 2, 29, 23, 59, 59, 0, time.UTC)
	options := frozen()
	options.Clock = at
	server := start(t, options)
	inquiry := newInquiry(t, server.client(), "")
	if !inquiry.Attributes.CreatedAt.Equal(at) {
		t.Errorf("an inquiry was created at %v", inquiry.Attributes.CreatedAt)
	}
	server.Advance(time.Second)
	if now := server.Now(); !now.Equal(at.Add(time.Second)) {
		t.Errorf("a second later it is %v", now)
	}
}
