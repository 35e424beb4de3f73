package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

// Check a body against all valid secrets. The reason of an error distinguishes an attack, a
// wrong secret and a wrong clock.
func ExampleVerify() {
	body := []byte(`{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved"}}}`)
	secrets := []string{"wbhsec_new", "wbhsec_old"}
	header := webhook.Sign(body, time.Now(), "wbhsec_old")

	fmt.Println("as sent:", webhook.Verify(body, header, secrets))

	err := webhook.Verify(append(body, ' '), header, secrets)
	var refused *webhook.SignatureError
	if errors.As(err, &refused) {
		fmt.Println("changed:", refused.Reason)
	}
	// Output:
	// as sent: <nil>
	// changed: mismatch
}

// A receiver that processes events later needs only the envelope.
func ExampleParseEnvelope() {
	e, err := webhook.ParseEnvelope([]byte(`{"data": {"type": "event", "id": "evt_1", "attributes": {
		"name": "inquiry.approved",
		"created-at": "2026-11-20T09:30:00.123Z",
		"payload": {"data": {"type": "inquiry", "id": "inq_1"}}
	}}}`))
	fmt.Println(e.ID, e.Name, e.CreatedAt.Format(time.RFC3339Nano), e.ObjectType, e.ObjectID, err)
	// Output: evt_1 inquiry.approved 2026-11-20T09:30:00.123Z inquiry inq_1 <nil>
}

// To test a handler, create the signature header with Sign.
func ExampleHandler() {
	h := &webhook.Handler{Secrets: []string{"wbhsec_example"}}
	h.OnCaseResolved(func(ctx context.Context, e *webhook.Event, c *persona.Case) error {
		fmt.Println(c.ID, "is", c.Attributes.Status)
		return nil
	})
	h.Otherwise(func(ctx context.Context, e *webhook.Event) error {
		fmt.Println("passed over:", e.Name)
		return nil
	})

	for _, name := range []string{"case.resolved", "case.created"} {
		body := `{"data":{"type":"event","id":"evt_1","attributes":{"name":"` + name + `","payload":{"data":{"type":"case","id":"case_1","attributes":{"status":"Approved"}}}}}}`
		r := httptest.NewRequest(http.MethodPost, "/webhooks/persona", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), time.Now(), "wbhsec_example"))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// case_1 is Approved
	// 200
	// passed over: case.created
	// 200
}

// A program with its own HTTP handler calls Receive.
func ExampleReceive() {
	secrets := []string{"wbhsec_example"}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := webhook.Receive(r, secrets)
		if err != nil {
			http.Error(w, err.Error(), webhook.StatusOf(err))
			return
		}
		fmt.Println("received", e) // store it and answer immediately
	})

	body := `{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved","payload":{"data":{"type":"inquiry","id":"inq_1"}}}}}`
	for _, secret := range []string{"wbhsec_example", "wbhsec_other"} {
		r := httptest.NewRequest(http.MethodPost, "/webhooks/persona", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), time.Now(), secret))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// received inquiry.approved evt_1 of inquiry inq_1
	// 200
	// 401
}

// Object returns the event's resource as a Go type.
func ExampleEvent_Object() {
	e, err := webhook.Parse([]byte(`{"data": {"type": "event", "id": "evt_1", "attributes": {
		"name": "inquiry.approved",
		"payload": {"data": {"type": "inquiry", "id": "inq_1", "attributes": {"status": "approved", "reference-id": "user-1042"}}}
	}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	switch o := e.Object().(type) {
	case *persona.Inquiry:
		fmt.Println("inquiry of", o.Attributes.ReferenceID, "is", o.Attributes.Status)
	case *persona.Case:
		fmt.Println("case is", o.Attributes.Status)
	}
	// Output: inquiry of user-1042 is approved
}

// A test of a receiver signs its requests.
func ExampleSign() {
	body := []byte(`{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved"}}}`)
	header := webhook.Sign(body, time.Now(), "wbhsec_example")
	fmt.Println(webhook.Verify(body, header, []string{"wbhsec_example"}))
	// Output: <nil>
}
