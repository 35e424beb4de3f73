package sandbox_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// TestTimesArePreciseAsAtPersona has everything happen between two seconds.
func TestTimesArePreciseAsAtPersona(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, int(678*time.Millisecond), time.UTC)
	server := start(t, sandbox.Options{Wall: func() time.Time { return now }})
	client, ctx := server.client(), t.Context()
	_, inquiry := opened(server, chromeOnMac, nil)
	id := inquiry["id"].(string)
	for _, typ := range []string{"verification/government-id", "verification/selfie"} {
		_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: id, Type: typ, Outcome: "passed"})
		ok(t, err)
	}
	server.do("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"complete_inquiry"}]}}`)
	_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActRunWorkflow, ID: id, Outcome: "approved"})
	ok(t, err)
	_, _, changed := server.do("PATCH", "/api/v1/inquiries/"+id, `{"data":{"attributes":{"note":"looked at"}}}`)
	if text := at(changed, "data", "attributes", "updated-at"); text != "2026-01-02T03:04:05.000Z" {
		t.Errorf("updated-at in the answer to an update is %v", text)
	}
	review := newCase(t, client, id)
	_, err = client.Cases.SetStatus(ctx, review.ID, persona.CaseSetStatusParams{Status: "Approved"})
	ok(t, err)
	_, _, doc := server.do("GET", "/api/v1/inquiries/"+id+"?include=account,verifications,documents,selfies,sessions,reviewer,inquiry-template-version", "")
	_, _, cases := server.do("GET", "/api/v1/cases/"+review.ID, "")
	_, _, list := server.do("GET", "/api/v1/events", "")
	precise := map[string]string{"selfie/profile-and-center": "created-at", "workflow-run": "created-at", "event": "created-at"}
	seen := map[string]bool{}
	for _, r := range append(append(doc["included"].([]any), doc["data"], cases["data"]), list["data"].([]any)...) {
		resource := r.(map[string]any)
		typ := resource["type"].(string)
		for name, value := range resource["attributes"].(map[string]any) {
			text, isTime := value.(string)
			if !isTime || !strings.HasSuffix(name, "-at") || typ == "inquiry-template-version" {
				continue
			}
			whole := !strings.HasSuffix(text, ".000Z")
			if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(text) || whole != (precise[typ] == name) {
				t.Errorf("%s of a %s is %s", name, typ, text)
			}
			seen[typ] = true
		}
	}
	for _, typ := range []string{"inquiry", "account", "inquiry-session", "verification/government-id", "verification/selfie", "document/government-id", "selfie/profile-and-center", "workflow-run", "case", "event"} {
		if !seen[typ] {
			t.Errorf("no time of a %s was seen", typ)
		}
	}
}

func TestASecretExpiresAtAWholeSecond(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, int(678*time.Millisecond), time.UTC)
	server := start(t, sandbox.Options{Wall: func() time.Time { return now }})
	_, _, hook := server.do("POST", "/api/v1/webhooks", `{"data":{"attributes":{"name":"x","url":"http://127.0.0.1:1","enabled-events":["*"]}}}`)
	_, _, doc := server.do("POST", "/api/v1/webhooks/"+at(hook, "data", "id").(string)+"/rotate-secret", `{"meta":{"expires-in-seconds":60}}`)
	if text := at(doc, "data", "attributes", "secrets", 1, "expires-at"); text != "2026-01-02T03:05:05.000Z" {
		t.Errorf("it expires at %v", text)
	}
}
