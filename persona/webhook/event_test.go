package webhook_test

import (
	"errors"
	"testing"

	"github.com/idemhq/idem/persona/webhook"
)

func TestParseKeepsEveryPartAsReceived(t *testing.T) {
	e, err := webhook.Parse([]byte(event(`"name":"case.updated-tags","context":{"added_tags":[ "vip" ]},"payload":{"included":[ ],"data":{"type":"case", "id":"case_1"}},"created-at":"2026-11-20T09:30:00Z"`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ name, got, want string }{
		{"name", string(e.Name), "case.updated-tags"},
		{"object", e.ObjectType + " " + e.ObjectID, "case case_1"},
		{"context", string(e.Context), `{"added_tags":[ "vip" ]}`},
		{"data", string(e.Payload.Data), `{"type":"case", "id":"case_1"}`},
		{"included", string(e.Payload.Included), `[ ]`},
	} {
		if part.got != part.want {
			t.Errorf("%s = %s, want %s", part.name, part.got, part.want)
		}
	}
}

func TestParseRejectsBodiesThatAreNotEvents(t *testing.T) {
	_, err := webhook.Parse([]byte(`{"data":{"type":"inquiry","id":"inq_1"}}`))
	var bodyErr *webhook.BodyError
	if !errors.As(err, &bodyErr) {
		t.Fatalf("err = %v, want a BodyError", err)
	}
	const want = "webhook body is not an event: at byte 25: the type is not event"
	if err.Error() != want {
		t.Errorf("Error() = %q, want %q", err, want)
	}
}
