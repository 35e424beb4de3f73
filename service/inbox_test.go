package service

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

// do sends a request with the token to the service's API.
func (w *world) do(method, path, body string) *http.Response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiToken)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// ask sends a POST to the service's API and returns the status and the decoded answer.
func (w *world) ask(path, body string) (status int, answer map[string]any) {
	w.t.Helper()
	res := w.do("POST", path, body)
	defer res.Body.Close()
	_ = json.NewDecoder(res.Body).Decode(&answer) // an answer without JSON is judged by its status
	return res.StatusCode, answer
}

func (w *world) settled() {
	w.t.Helper()
	w.eventually("nothing waits", func() bool {
		backlog, err := w.service.db.Backlog(w.t.Context(), domain.Sandbox)
		return err == nil && backlog.Waiting == 0 && backlog.ActionsWaiting == 0
	})
}

func testReplayingDoesNotRepeatEffects(t *testing.T, database Secret) {
	w := newWorld(t, database)
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	w.settled()
	before := len(get[listed[api.Action]](w, "/v1/sandbox/actions").Data)
	status, answer := w.ask("/v1/sandbox/replay", fmt.Sprintf(`{"object":%q}`, inquiry))
	if status != 200 || answer["replayed"].(float64) < 3 {
		t.Fatalf("%d %v", status, answer)
	}
	if status, _ := w.ask("/v1/sandbox/replay", fmt.Sprintf(`{"from":%q}`, time.Now().Add(-time.Hour).Format(time.RFC3339))); status != 200 {
		t.Fatalf("a range: %d", status)
	}
	w.settled()
	if after := len(get[listed[api.Action]](w, "/v1/sandbox/actions").Data); after != before {
		t.Errorf("there were %d actions, now %d", before, after)
	}
	if n := w.effects("inquiry.approved", inquiry); n != 1 {
		t.Errorf("the inquiry was approved %d times", n)
	}
	if status, _ := w.ask("/v1/sandbox/replay", "{}"); status != 422 {
		t.Errorf("an empty selection was answered with %d", status)
	}
	if status, _ := w.ask("/v1/sandbox/events/evt_no/replay", ""); status != 404 {
		t.Errorf("an unknown event was answered with %d", status)
	}
}

func testAnEventShowsItsDecisionsActionsAndNotifications(t *testing.T, database Secret) {
	w := newWorld(t, database)
	w.reconcile() // events that arrive later by webhook have their headers
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	w.settled()
	decisions := get[listed[api.Decision]](w, "/v1/sandbox/decisions?object="+inquiry).Data
	if len(decisions) != 1 {
		t.Fatalf("decided %+v", decisions)
	}
	event := get[api.EventDetail](w, "/v1/sandbox/events/"+decisions[0].Transition.EventID)
	if event.Name != "inquiry.completed" || event.Headers["Persona-Webhook-Attempts-Made"] != "1" || !strings.Contains(string(event.Body), inquiry) {
		t.Errorf("the event is %+v", event)
	}
	if len(event.Decisions) != 1 || len(event.Actions) != 2 {
		t.Errorf("it led to %d decisions and %d actions", len(event.Decisions), len(event.Actions))
	}
	told := get[listed[api.Notification]](w, "/v1/sandbox/notifications").Data
	verdict := told[slices.IndexFunc(told, func(n api.Notification) bool { return n.Verdict != "" })]
	if led := get[api.EventDetail](w, "/v1/sandbox/events/"+verdict.EventID).Notifications; len(led) == 0 || led[0].EventID != verdict.EventID {
		t.Errorf("the event of a notification led to %+v", led)
	}
	for name := range event.Headers {
		if strings.Contains(strings.ToLower(name), "signature") || strings.Contains(strings.ToLower(name), "authorization") {
			t.Errorf("the header %s is kept", name)
		}
	}
}

func testADeadActionIsReplayed(t *testing.T, database Secret) {
	w := newWorld(t, database)
	if err := w.sandbox.AddFault(sandbox.Fault{Kind: "status_before", Operation: "Inquiries.Approve", Status: 422, Times: 1}); err != nil {
		t.Fatal(err)
	}
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	var dead []api.Action
	w.eventually("the approval is dead", func() bool {
		dead = get[listed[api.Action]](w, "/v1/sandbox/actions?state=dead").Data
		return len(dead) == 1
	})
	if status, _ := w.ask("/v1/sandbox/actions/"+dead[0].ID+"/replay", ""); status != 200 {
		t.Fatalf("answered %d", status)
	}
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	if n := w.effects("inquiry.approved", inquiry); n != 1 {
		t.Errorf("the inquiry was approved %d times", n)
	}
	if status, _ := w.ask("/v1/sandbox/actions/"+dead[0].ID+"/replay", ""); status != 409 {
		t.Errorf("replaying a done action was answered with %d", status)
	}
}

func testAPoisonEventBlocksNoOther(t *testing.T, database Secret) {
	w := newWorld(t, database)
	inquiry, kase := w.applicant("user-1")
	body := fmt.Appendf(nil, `{"data":{"type":"event","id":"evt_poison","attributes":{"name":"inquiry.started","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":%q,"attributes":"none","relationships":7}}}}}`, inquiry)
	if got := w.post("/webhooks/persona/sandbox", "application/json", webhook.Sign(body, time.Now(), w.secret), body); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	w.settled()
	if event := get[api.EventDetail](w, "/v1/sandbox/events/evt_poison"); event.State != domain.EventPoison {
		t.Errorf("the event is %s", event.State)
	}
	status, answer := w.ask("/v1/sandbox/replay", `{"state":"poison"}`)
	if status != 200 || answer["replayed"] != 1.0 {
		t.Errorf("%d %v", status, answer)
	}
	w.settled()
	if event := get[api.EventDetail](w, "/v1/sandbox/events/evt_poison"); event.State != domain.EventPoison {
		t.Errorf("replayed, the event is %s", event.State)
	}
}
