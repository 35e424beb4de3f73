package pages

import (
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

func TestADeliveryExplainsItself(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	hook := &storage.Resource{Typ: "webhook", Attributes: map[string]any{"url": "http://127.0.0.1:1/hook", "status": "disabled"}}
	failed := func(n int, a deliveries.Attempt) (all []deliveries.Attempt) {
		for range n {
			all = append(all, a)
		}
		return all
	}
	for name, test := range map[string]struct {
		delivery deliveryRow
		says     []string // one for each sentence
	}{
		"that arrived":             {deliveryRow{State: "completed", Attempts: failed(1, deliveries.Attempt{Status: 200})}, nil},
		"that a filter excludes":   {deliveryRow{State: "skipped"}, []string{"payload filter"}},
		"that a fault lost":        {deliveryRow{State: "lost"}, []string{"A fault lost it"}},
		"that is late":             {deliveryRow{State: "pending", Due: now.Add(time.Minute)}, []string{"Attempt 1 of 8 is due at 2026-01-02 03:05:05"}},
		"that is under way":        {deliveryRow{State: "pending", Due: now}, []string{"Attempt 1 of 8 is due: it is under way"}},
		"that is repeated by hand": {deliveryRow{State: "pending", Due: now, Attempts: failed(8, deliveries.Attempt{Status: 500})}, []string{"answered 500", "An extra attempt is due"}},
		"that nobody listens to":   {deliveryRow{State: "pending", Due: now.Add(time.Second), Attempts: failed(3, deliveries.Attempt{Error: "dial tcp 127.0.0.1:1: connect: connection refused"})}, []string{"Nothing listens at http://127.0.0.1:1/hook", "Attempt 4 of 8"}},
		"to an unknown host":       {deliveryRow{State: "failed", Attempts: failed(8, deliveries.Attempt{Error: "lookup a.example: no such host"})}, []string{"The host of", "All 8 attempts failed"}},
		"that was too slow":        {deliveryRow{State: "failed", Attempts: failed(9, deliveries.Attempt{Error: "context deadline exceeded"})}, []string{"did not answer in time", "All 9 attempts failed"}},
		"that a fault cut off":     {deliveryRow{State: "pending", Due: now, Attempts: failed(1, deliveries.Attempt{Error: "the delivery was cut off by a fault"})}, []string{"A fault cut", "Attempt 2 of 8"}},
		"whose connection broke":   {deliveryRow{State: "pending", Due: now, Attempts: failed(1, deliveries.Attempt{Error: "EOF"})}, []string{"gave no answer", "Attempt 2 of 8"}},
		"that was cancelled":       {deliveryRow{State: "failed", Attempts: failed(2, deliveries.Attempt{Status: 429})}, []string{"over its own limit", "after 2 of 8 attempts"}},
		"with a strange answer":    {deliveryRow{State: "failed", Attempts: failed(8, deliveries.Attempt{Status: 418})}, []string{"answered 418.", "All 8"}},
	} {
		got := whyNotArrived(test.delivery, hook, now)
		if len(got) != len(test.says) {
			t.Errorf("a delivery %s says %q", name, got)
			continue
		}
		for i, want := range test.says {
			if !strings.Contains(got[i], want) {
				t.Errorf("a delivery %s says %q, and not %q", name, got[i], want)
			}
		}
	}
}

func TestTextsThatContainSecretsAreMasked(t *testing.T) {
	for text, want := range map[string]string{
		"see persona_production_5a0dbeef-0000-4000-8000-000000000001.":        "see persona_production_••••0001.",
		"http://127.0.0.1/verify?code=us1-AbCdEfGhIjKlMnOpQrSt":               "http://127.0.0.1/verify?code=••••QrSt",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJpcXNlXzEifQ.c2lnbmF0dXJlX3dpdGhfXw_": "••••fXw_",
		"a_plain.text-with_signs":                                             "a_plain.text-with_signs",
	} {
		if got := maskedText(text); got != want {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
	got := indented(map[string]any{
		"secrets": []any{map[string]any{"value": "s3cr3t-s3cr3t-1", "expires_at": nil}}, "tokens": []any{"s3cr3t-s3cr3t-2"},
		"front-photo-url": "http://h/files/a.jpg?access_token=s3cr3t-s3cr3t-3", "value": "a value",
	})
	if strings.Contains(got, "s3cr3t-s") || !strings.Contains(got, "a value") {
		t.Errorf("masked: %s", got)
	}
	if long := maskedText(strings.Repeat("é", 10_000)); len(long) > 9_000 || !strings.Contains(long, "10000 characters") {
		t.Errorf("a long text has %d bytes", len(long))
	}
	if got := shownBody([]byte("a=b"), 3); got != "3 bytes that are not JSON" {
		t.Errorf("a form is shown as %q", got)
	}
	if got := shownBody(nil, 40_000); got != "40000 bytes: too large to be kept" {
		t.Errorf("a large body is shown as %q", got)
	}
}
