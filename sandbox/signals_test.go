package sandbox_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

const chromeOnMac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/115.0.0.0 Safari/537.36"

// opened returns a session that a browser has opened, after a test has set signals of it.
func opened(s *server, userAgent string, signals map[string]any) (session, inquiry map[string]any) {
	s.t.Helper()
	client, ctx := s.client(), s.t.Context()
	id := newInquiry(s.t, client, "").ID
	made, err := client.InquirySessions.Create(ctx, persona.InquirySessionCreateParams{InquiryID: id})
	ok(s.t, err)
	if signals != nil {
		_, err = s.Act("sandbox", sandbox.Act{Do: sandbox.ActSetSessionSignals, ID: made.ID, Signals: signals})
		ok(s.t, err)
	}
	link, err := client.InquirySessions.GenerateOneTimeLink(ctx, made.ID)
	ok(s.t, err)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link.Meta.OneTimeLink, nil)
	ok(s.t, err)
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(request)
	ok(s.t, err)
	ok(s.t, answer.Body.Close())
	_, _, doc := s.do("GET", "/api/v1/inquiry-sessions/"+made.ID+"?include=inquiry", "")
	return doc["data"].(map[string]any), doc["included"].([]any)[0].(map[string]any)
}

func TestASessionKnowsTheBrowserAndThePlace(t *testing.T) {
	t.Parallel()
	session, _ := opened(start(t, frozen()), chromeOnMac, nil)
	holds(t, session, map[string]any{
		"status": "active", "user-agent": chromeOnMac, "ip-address": "127.0.0.1",
		"os-name": "Mac", "os-full-version": "10.15.7", "device-type": "desktop", "device-name": nil, "browser-name": "Chrome", "browser-full-version": "115.0.0.0",
		"is-proxy": false, "is-tor": false, "is-vpn": false, "is-datacenter": false, "threat-level": "low",
		"country-code": "US", "country-name": "United States", "region-code": "CA", "region-name": "California", "latitude": 37.7688, "longitude": -122.262,
	})
}

func TestASessionKeepsTheSignalsThatATestHasSet(t *testing.T) {
	t.Parallel()
	session, _ := opened(start(t, frozen()), chromeOnMac, map[string]any{
		"threat-level": "high", "is_vpn": true, "country-code": "DE", "country-name": "Germany", "region-code": nil, "latitude": 52.52, "ip-address": "192.0.2.7",
	})
	holds(t, session, map[string]any{
		"threat-level": "high", "is-vpn": true, "country-code": "DE", "country-name": "Germany", "region-code": nil, "latitude": 52.52, "ip-address": "192.0.2.7",
		"is-tor": false, "browser-name": "Chrome",
	})
}

func TestTheFlowOfAnInquiryIsObserved(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	id := newInquiry(t, server.client(), "").ID
	shown := func() map[string]any {
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+id, "")
		return doc["data"].(map[string]any)
	}
	created := shown()
	holds(t, created, map[string]any{"creator": "API", "previous-step-name": nil, "next-step-name": "start"})
	behaviors := at(created, "attributes", "behaviors").(map[string]any)
	for _, name := range strings.Fields(`request-spoof-attempts user-agent-spoof-attempts distraction-events hesitation-baseline hesitation-count hesitation-time
		shortcut-copies shortcut-pastes autofill-cancels autofill-starts devtools-open completion-time hesitation-percentage behavior-threat-level`) {
		if value, there := behaviors[name]; !there || value != nil {
			t.Errorf("%s at creation is %v, there: %v", name, value, there)
		}
	}
	_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSetBehaviors, ID: id, Signals: map[string]any{"behavior-threat-level": "high", "shortcut_pastes": 4}})
	ok(t, err)
	server.do("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"start_inquiry"}]}}`)
	server.Advance(3 * time.Second)
	server.do("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"create_passed_verification",
		"data":{"verification-template-id":"`+sandbox.SelfieTemplateID+`"}}]}}`)
	holds(t, shown(), map[string]any{"previous-step-name": "start", "next-step-name": "verification_selfie"})
	server.do("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"complete_inquiry"}]}}`)
	completed := shown()
	holds(t, completed, map[string]any{"previous-step-name": "verification_selfie", "next-step-name": "success"})
	for name, want := range map[string]any{"behavior-threat-level": "high", "shortcut-pastes": 4.0, "devtools-open": false, "completion-time": 3.0, "distraction-events": 0.0, "hesitation-percentage": 12.5} {
		if got := at(completed, "attributes", "behaviors", name); got != want {
			t.Errorf("%s at the end is %v", name, got)
		}
	}
}

func TestAWorkflowThatDecidesIsTheReviewer(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	for outcome, event := range map[string]string{"approved": "inquiry.approved", "declined": "inquiry.declined", "needs_review": "inquiry.marked-for-review"} {
		t.Run(outcome, func(t *testing.T) {
			client := server.client()
			receiver := newReceiver(t)
			subscribe(t, client, persona.WebhookCreateParams{
				URL: persona.Set(receiver.url), EnabledEvents: persona.Set([]string{event}),
				IncludedAllowlist: persona.Set(persona.IncludedAllowlistInput{State: "include_all"}),
			})
			_, inquiry := opened(server, chromeOnMac, nil)
			id := inquiry["id"].(string)
			for _, typ := range []string{"verification/government-id", "verification/selfie"} {
				_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: id, Type: typ, Outcome: "passed"})
				ok(t, err)
			}
			server.do("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"complete_inquiry"}]}}`)
			run, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActRunWorkflow, ID: id, Outcome: outcome})
			ok(t, err)
			for version, want := range map[string]any{"2023-01-05": map[string]any{"type": "workflow-run", "id": run}, "2021-05-14": run} {
				_, _, doc := server.do("GET", "/api/v1/inquiries/"+id, "", "Persona-Version", version)
				path := []any{"data", "relationships", "reviewer", "data"}
				if version < "2021-07-05" {
					path = []any{"data", "attributes", "reviewer"}
				}
				if got := at(doc, path...); !reflect.DeepEqual(got, want) {
					t.Errorf("the reviewer in %s is %v", version, got)
				}
			}
			var event any
			ok(t, json.Unmarshal(receiver.wait(t, 1)[0].body, &event))
			var types []string
			for _, r := range at(event, "data", "attributes", "payload", "included").([]any) {
				types = append(types, r.(map[string]any)["type"].(string))
			}
			if !sameNames(types, strings.Fields(`account inquiry-template inquiry-template-version workflow-run verification/government-id verification/selfie
				inquiry-session document/government-id selfie/profile-and-center`)) {
				t.Errorf("included are %v", types)
			}
			status, _, doc := server.do("POST", "/api/v1/inquiries/"+id+"/"+map[bool]string{true: "decline", false: "approve"}[outcome == "approved"], "")
			if status != 200 || at(doc, "data", "relationships", "reviewer", "data") != nil {
				t.Errorf("the reviewer of a decision by the API: %d, %v", status, at(doc, "data", "relationships", "reviewer", "data"))
			}
		})
	}
}
