package sandbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// allow returns an entry of a custom included-allowlist.
func allow(event string, relationships ...string) persona.IncludedAllowlistInputEventType {
	return persona.IncludedAllowlistInputEventType{EventType: event, Relationships: relationships}
}

func custom(entries ...persona.IncludedAllowlistInputEventType) persona.Optional[persona.IncludedAllowlistInput] {
	return persona.Set(persona.IncludedAllowlistInput{State: "custom", EventTypes: persona.Set(entries)})
}

func TestAnIncludedAllowlistIsKeptAsItIsUsed(t *testing.T) {
	t.Parallel()
	client := start(t, frozen()).client()
	for name, test := range map[string]struct {
		events []string
		list   persona.Optional[persona.IncludedAllowlistInput]
		want   string // the state, and the event types
	}{
		"nothing is the default":                   {[]string{"*"}, persona.Optional[persona.IncludedAllowlistInput]{}, "include_none"},
		"what is not subscribed is dropped":        {[]string{"inquiry.created"}, custom(allow("inquiry.created", "account"), allow("case.created", "*")), "custom inquiry.created"},
		"everything for every type is all":         {[]string{"inquiry.created", "case.created"}, custom(allow("inquiry.created", "*"), allow("case.created", "*")), "include_all"},
		"everything for some types is not all":     {[]string{"inquiry.created", "case.created"}, custom(allow("inquiry.created", "*")), "custom inquiry.created"},
		"everything for some of all types":         {[]string{"*"}, custom(allow("inquiry.created", "*")), "custom inquiry.created"},
		"nothing that is subscribed is nothing":    {[]string{"inquiry.created"}, custom(allow("case.created", "*")), "include_none"},
		"a type of object stands for its events":   {[]string{"inquiry.created", "case.created"}, custom(allow("inquiry", "account")), "custom inquiry"},
		"a type that is not subscribed is dropped": {[]string{"inquiry.created"}, custom(allow("inquiry.created", "account"), allow("case", "*")), "custom inquiry.created"},
		"everything for every type of object":      {[]string{"inquiry.created", "inquiry.started", "case.created"}, custom(allow("inquiry", "*"), allow("case.created", "*")), "include_all"},
		"an event that has less than its object":   {[]string{"inquiry.created", "inquiry.started"}, custom(allow("inquiry", "*"), allow("inquiry.created", "account")), "custom inquiry inquiry.created"},
		"some relationships of a type are not all": {[]string{"inquiry.created"}, custom(allow("inquiry.created", "account", "sessions")), "custom inquiry.created"},
	} {
		t.Run(name, func(t *testing.T) {
			hook, err := client.Webhooks.Create(t.Context(), persona.WebhookCreateParams{
				Name: persona.Set("test"), URL: persona.Set("http://127.0.0.1:1/"), EnabledEvents: persona.Set(test.events), IncludedAllowlist: test.list,
			})
			ok(t, err)
			var raw struct {
				Attributes struct {
					List struct {
						State      string
						EventTypes []struct {
							EventType string `json:"event-type"`
						} `json:"event-types"`
					} `json:"included-allowlist"`
				}
			}
			ok(t, json.Unmarshal(hook.Raw, &raw))
			got := []string{raw.Attributes.List.State}
			for _, entry := range raw.Attributes.List.EventTypes {
				got = append(got, entry.EventType)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("the list is %v, not %s", got, test.want)
			}
		})
	}
}

func TestAWebhookWhoseListsAreWrongIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	body := func(attributes string) string {
		return `{"data":{"attributes":{"name":"x","url":"http://127.0.0.1:1/","enabled-events":["*"],` + attributes + `}}}`
	}
	entries := strings.Repeat(`{"event-type":"a","relationships":["*"]},`, 2)
	for name, attributes := range map[string]string{
		"an unknown state":              `"included-allowlist":{"state":"some"}`,
		"custom without types":          `"included-allowlist":{"state":"custom","event-types":[]}`,
		"a type without relationships":  `"included-allowlist":{"state":"custom","event-types":[{"event-type":"inquiry.created","relationships":[]}]}`,
		"a type twice":                  `"included-allowlist":{"state":"custom","event-types":[` + strings.TrimSuffix(entries, ",") + `]}`,
		"all and one":                   `"included-allowlist":{"state":"custom","event-types":[{"event-type":"inquiry.created","relationships":["*","account"]}]}`,
		"an unknown relationship state": `"relationship-allowlist":{"state":"custom"}`,
		"a filter that is not of data":  `"payload-filter":{"attributes":{}}`,
		"files for four days":           `"file-access-token-expires-in":345600`,
		"files for no time":             `"file-access-token-expires-in":0`,
		"an inflection that is not":     `"api-key-inflection":"shout"`,
		"a version that is not":         `"api-version":"2019-01-01"`,
	} {
		if status, _, got := server.do(http.MethodPost, "/api/v1/webhooks", body(attributes), "X-Unchecked", "1"); status != 400 {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
}

func TestAWebhookIncludesWhatItsListNames(t *testing.T) {
	t.Parallel()
	server, to := start(t, frozen()), newReceiver(t)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{
		URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created", "inquiry.started"}),
		IncludedAllowlist: custom(allow("inquiry.created", "account", "inquiry-template")),
	})
	inquiry := newInquiry(t, client, "person")
	_, err := client.Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{action("start_inquiry")}})
	ok(t, err)
	for i, want := range [][]string{{"account", "inquiry-template"}, nil} {
		var types []string
		for _, object := range to.wait(t, 2)[i].event.Included() {
			types = append(types, object.Identifier().Type)
		}
		slices.Sort(types)
		if !slices.Equal(types, want) {
			t.Errorf("event %d includes %v, not %v", i+1, types, want)
		}
	}
}

func TestAWebhookIncludesWhatItsListNamesForATypeOfObject(t *testing.T) {
	t.Parallel()
	server, to := start(t, frozen()), newReceiver(t)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{
		URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created", "inquiry.started", "account.created"}),
		IncludedAllowlist: custom(allow("inquiry", "account"), allow("inquiry.started", "inquiry-template")),
	})
	inquiry := newInquiry(t, client, "person")
	simulateAll(t, client, inquiry.ID, "start_inquiry")
	for i, want := range []string{"", "account", "inquiry-template"} { // account.created comes first
		var types []string
		for _, object := range to.wait(t, 3)[i].event.Included() {
			types = append(types, object.Identifier().Type)
		}
		if strings.Join(types, " ") != want {
			t.Errorf("event %d includes %v, not %s", i+1, types, want)
		}
	}
}

func TestPayloadFilters(t *testing.T) {
	t.Parallel()
	either := func(choices ...any) map[string]any { return map[string]any{"$or": choices} }
	attributes := func(of map[string]any) map[string]any { return map[string]any{"attributes": of} }
	for name, test := range map[string]struct {
		inflection string
		data       map[string]any
		passes     bool
	}{
		"its type":                          {"kebab", map[string]any{"type": "case"}, true},
		"another type":                      {"kebab", map[string]any{"type": "inquiry"}, false},
		"a number":                          {"kebab", attributes(map[string]any{"fields": map[string]any{"risk_score": map[string]any{"value": 7}}}), true},
		"another number":                    {"kebab", attributes(map[string]any{"fields": map[string]any{"risk_score": map[string]any{"value": 8}}}), false},
		"null":                              {"kebab", attributes(map[string]any{"resolution": nil}), true},
		"one of several values":             {"kebab", attributes(map[string]any{"status": either("Pending", "Open")}), true},
		"none of several values":            {"kebab", attributes(map[string]any{"status": either("Pending", "Approved")}), false},
		"one of several objects":            {"kebab", either(map[string]any{"type": "inquiry"}, attributes(map[string]any{"status": "Open"})), true},
		"an attribute that there is not":    {"kebab", attributes(map[string]any{"mood": "good"}), false},
		"a name in the webhook's casing":    {"snake", attributes(map[string]any{"resolved_at": nil, "sla_expires_at": nil}), true},
		"an object of a list":               {"kebab", map[string]any{"relationships": map[string]any{"accounts": map[string]any{"data": []any{map[string]any{"type": "account"}}}}}, true},
		"an object that is not in the list": {"kebab", map[string]any{"relationships": map[string]any{"accounts": map[string]any{"data": []any{map[string]any{"type": "inquiry"}}}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, to := start(t, frozen()), newReceiver(t)
			client := server.client()
			subscribe(t, client, persona.WebhookCreateParams{
				URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"case.created"}), APIKeyInflection: persona.Set(test.inflection),
				PayloadFilter: persona.Set(persona.WebhookCreatePayloadFilter{Data: persona.Set(test.data)}), CustomHTTPHeaders: persona.Set(map[string]any{"X-Unchecked": test.inflection}),
			})
			account := newAccount(t, client, "person").ID
			_, err := client.Cases.Create(t.Context(), persona.CaseCreateParams{
				CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{account}), Fields: persona.Set(map[string]any{"risk_score": 7}),
			})
			ok(t, err)
			if got := server.settled(); len(got) != 1 || (got[0].State == "completed") != test.passes || !test.passes && got[0].State != "skipped" {
				t.Errorf("deliveries: %+v", got)
			}
		})
	}
}

func TestWhatFailedIsSentAgainByHand(t *testing.T) {
	t.Parallel()
	server, to := start(t, frozen()), newReceiver(t, 500, 500, 500, 500, 500, 500, 500, 500)
	client := server.client()
	hook := subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url)})
	newAccount(t, client, "person")
	to.wait(t, 1)
	server.Advance(60 * time.Hour)
	failed := server.settled()[0]
	if failed.State != "failed" || len(failed.Attempts) != 8 {
		t.Fatalf("the delivery: %+v", failed)
	}
	again := sandbox.Act{Do: "redeliver", ID: failed.EventID}
	_, err := server.Act("sandbox", again)
	ok(t, err)
	last := to.wait(t, 9)[8].header
	if made, left := last.Get("Persona-Webhook-Attempts-Made"), last.Get("Persona-Webhook-Attempts-Left"); made != "9" || left != "0" {
		t.Errorf("attempts made %s, left %s", made, left)
	}
	if got := server.settled()[0]; got.State != "completed" || len(got.Attempts) != 9 {
		t.Errorf("the delivery: %+v", got)
	}
	if _, err := server.Act("sandbox", again); err == nil {
		t.Error("what arrived is sent again")
	}
	_, err = client.Webhooks.Disable(t.Context(), hook.ID)
	ok(t, err)
	if _, err := server.Act("sandbox", again); err == nil {
		t.Error("a disabled webhook is sent to")
	}
}
