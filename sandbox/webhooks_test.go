package sandbox_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

// receiver receives webhooks. It answers with the given statuses, and then with 200.
type receiver struct {
	url string

	mu       sync.Mutex
	answers  []int
	received []received
	arrived  chan struct{}
}

type received struct {
	header http.Header
	body   []byte
	event  *webhook.Event
}

func newReceiver(t *testing.T, answers ...int) *receiver {
	r := &receiver{answers: answers, arrived: make(chan struct{}, 10000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		event, err := webhook.Parse(body)
		if err != nil {
			t.Error(err)
		}
		documented := slices.Contains(webhook.Documented(), event.Name)
		if doc := document(t, cmp.Or(request.Header.Get("X-Version"), "2025-12-08")); documented && doc != nil && request.Header.Get("X-Unchecked") == "" {
			if err := doc.ValidateEvent(body); err != nil {
				t.Errorf("%s: %v\n%s", event.Name, err, body)
			}
		}
		r.mu.Lock()
		r.received = append(r.received, received{request.Header.Clone(), body, event})
		status := http.StatusOK
		if len(r.answers) > 0 {
			status, r.answers = r.answers[0], r.answers[1:]
		}
		r.mu.Unlock()
		w.WriteHeader(status)
		r.arrived <- struct{}{}
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// wait waits for n requests and returns them.
func (r *receiver) wait(t *testing.T, n int) []received {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		r.mu.Lock()
		got := slices.Clone(r.received)
		r.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-r.arrived:
		case <-ctx.Done():
			t.Fatalf("%d of %d requests came", len(got), n)
		}
	}
}

// subscribe creates and enables a webhook.
func subscribe(t *testing.T, client *persona.Client, params persona.WebhookCreateParams) *persona.WebhookWithSecret {
	t.Helper()
	params.Name = persona.Set("test")
	if params.EnabledEvents.IsZero() {
		params.EnabledEvents = persona.Set([]string{"*"})
	}
	hook, err := client.Webhooks.Create(t.Context(), params)
	ok(t, err)
	if hook.Attributes.Status != "disabled" {
		t.Errorf("a new webhook is %s", hook.Attributes.Status)
	}
	if _, err := client.Webhooks.Enable(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	return hook
}

// settled waits until no delivery is pending, and returns all of them.
func (s *server) settled() []sandbox.Delivery {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		deliveries := s.Deliveries("sandbox")
		if !slices.ContainsFunc(deliveries, func(d sandbox.Delivery) bool { return d.State == "pending" }) {
			return deliveries
		}
		if time.Now().After(deadline) {
			s.t.Fatal("deliveries are still pending")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestWebhooksAreSignedAndInOrder(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t)
	client := server.client()
	hook := subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url)})
	inquiry := newInquiry(t, client, "user-1")
	if _, err := client.Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		verification("create_passed_verification", sandbox.GovernmentIDTemplateID), action("complete_inquiry"),
	}}); err != nil {
		t.Fatal(err)
	}
	want := events(t, client)
	for i, got := range to.wait(t, len(want)) {
		if string(got.event.Name) != want[i] {
			t.Errorf("event %d is %s, not %s", i, got.event.Name, want[i])
		}
		if err := webhook.VerifyHeader(got.body, got.header, []string{hook.Attributes.Secret}); err != nil {
			t.Error(err)
		}
		if made, left := got.header.Get("Persona-Webhook-Attempts-Made"), got.header.Get("Persona-Webhook-Attempts-Left"); made != "1" || left != "7" {
			t.Errorf("attempts made %s, left %s", made, left)
		}
	}
}

func TestAFailedDeliveryIsTriedEightTimesOnPersonasSchedule(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t, 500, 404, 302, 203, 500, 500, 500, 500)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	newInquiry(t, client, "")
	to.wait(t, 1)
	for i, delay := range []time.Duration{3, 64, 729, 4096, 15625, 46656, 117649} {
		server.Advance((delay - 1) * time.Second)
		if n := len(to.wait(t, i+1)); n != i+1 {
			t.Fatalf("attempt %d came early", i+2)
		}
		server.Advance(2 * time.Second)
		to.wait(t, i+2)
	}
	got := server.settled()
	if len(got) != 1 || got[0].State != "failed" || len(got[0].Attempts) != 8 {
		t.Fatalf("deliveries: %+v", got)
	}
	first, err := time.Parse(time.RFC3339, got[0].Attempts[0].At)
	ok(t, err)
	for i, after := range []time.Duration{0, 3, 67, 796, 4892, 20517, 67173, 184822} { // the delays, added up
		at, err := time.Parse(time.RFC3339, got[0].Attempts[i].At)
		ok(t, err)
		if late := at.Sub(first.Add(after * time.Second)); late < -time.Second || late > time.Minute {
			t.Errorf("attempt %d comes %s after it is due", i+1, late)
		}
	}
	last := to.wait(t, 8)[7].header
	if made, left := last.Get("Persona-Webhook-Attempts-Made"), last.Get("Persona-Webhook-Attempts-Left"); made != "8" || left != "0" {
		t.Errorf("attempts made %s, left %s", made, left)
	}
}

func TestAClockMovedFarSendsEveryRetryThatFallsDue(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t, 500, 500, 500, 500, 500)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	newInquiry(t, client, "")
	to.wait(t, 1)
	server.Advance(24 * time.Hour)
	to.wait(t, 6)
	if got := server.settled(); got[0].State != "completed" || len(got[0].Attempts) != 6 {
		t.Errorf("delivery: %+v", got[0])
	}
}

func TestDisablingAWebhookGivesUpWhatWaits(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t, 500)
	client := server.client()
	hook := subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	newInquiry(t, client, "")
	to.wait(t, 1)
	if _, err := client.Webhooks.Disable(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	newInquiry(t, client, "")
	if _, err := client.Webhooks.Enable(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	server.Advance(time.Hour)
	newInquiry(t, client, "")
	to.wait(t, 2)
	got := server.settled()
	if len(got) != 2 || got[0].State != "failed" || got[1].State != "completed" {
		t.Errorf("deliveries: %+v", got)
	}
}

func TestARotatedSecretSignsBesideTheNewOneUntilItExpires(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t)
	client := server.client()
	hook := subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	rotated, err := client.Webhooks.RotateSecret(t.Context(), hook.ID, persona.WebhookRotateSecretParams{ExpiresInSeconds: persona.Set[int64](7200)})
	ok(t, err)
	older, newer := hook.Attributes.Secret, rotated.Attributes.Secret
	if older == newer || len(rotated.Attributes.Secrets) != 2 {
		t.Fatalf("secrets: %d", len(rotated.Attributes.Secrets))
	}
	newInquiry(t, client, "")
	during := to.wait(t, 1)[0]
	if groups := strings.Fields(during.header.Get(webhook.SignatureHeader)); len(groups) != 2 {
		t.Errorf("the header has %d groups", len(groups))
	}
	for _, secret := range []string{older, newer} {
		if err := webhook.VerifyHeader(during.body, during.header, []string{secret}); err != nil {
			t.Error(err)
		}
	}
	server.Advance(3 * time.Hour)
	newInquiry(t, client, "")
	after := to.wait(t, 2)[1]
	if err := webhook.VerifyHeader(after.body, after.header, []string{newer}); err != nil {
		t.Error(err)
	}
	if err := webhook.VerifyHeader(after.body, after.header, []string{older}); err == nil {
		t.Error("the old secret still signs")
	}
}

func TestAWebhookShowsWhatItsListsAllow(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{
		URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"}), APIKeyInflection: persona.Set("snake"),
		IncludedAllowlist:      persona.Set(persona.IncludedAllowlistInput{State: "include_all"}),
		RelationshipAllowlist:  persona.Set(persona.RelationshipAllowlistInput{State: "include_none"}),
		APIAttributesBlocklist: persona.Set([]string{"/*/attributes/fields/*", "!/data/attributes/fields/name-first", "note"}),
		CustomHTTPHeaders:      persona.Set(map[string]any{"X-API-Key": "k-1", "X-Unchecked": "snake"}),
	})
	if _, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), Note: persona.Set("secret"), AutoCreateAccountReferenceID: persona.Set("user-1"),
	}); err != nil {
		t.Fatal(err)
	}
	got := to.wait(t, 1)[0]
	body := string(got.body)
	for text, wanted := range map[string]bool{
		`"created_at"`: true, `"created-at"`: false, `"relationships"`: false, `"secret"`: false, `"name-first":`: true, `"name-last":`: false, `"account_type_name"`: true,
	} {
		if strings.Contains(body, text) != wanted {
			t.Errorf("%s is there: %v\n%s", text, !wanted, body)
		}
	}
	if got.header.Get("X-API-Key") != "k-1" {
		t.Error("the custom header is not there")
	}
}

func TestAWebhookWithAFilterSkipsTheRest(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{
		URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"}),
		PayloadFilter: persona.Set(persona.WebhookCreatePayloadFilter{
			Data: persona.Set(map[string]any{"attributes": map[string]any{"reference-id": map[string]any{"$or": []any{"user-2", "user-3"}}}}),
		}),
	})
	newInquiry(t, client, "user-1")
	newInquiry(t, client, "user-2")
	to.wait(t, 1)
	got := server.settled()
	if len(got) != 2 || got[0].State != "skipped" || got[1].State != "completed" {
		t.Errorf("deliveries: %+v", got)
	}
}

func TestEveryOtherOperationOnWebhooks(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client, ctx := server.client(), t.Context()
	hook := subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set("http://127.0.0.1:1/")})
	clone, err := client.Webhooks.Clone(ctx, hook.ID)
	ok(t, err)
	if clone.Attributes.Status != "disabled" || clone.Attributes.Secret == hook.Attributes.Secret {
		t.Errorf("the clone is %s", clone.Attributes.Status)
	}
	_, err = client.Webhooks.Update(ctx, clone.ID, persona.WebhookUpdateParams{Description: persona.Set("a copy")})
	ok(t, err)
	got, err := client.Webhooks.Get(ctx, clone.ID)
	ok(t, err)
	if got.Attributes.Secret != clone.Attributes.Secret {
		t.Error("GET does not tell the secret")
	}
	_, err = client.Webhooks.Archive(ctx, clone.ID)
	ok(t, err)
	if _, err := client.Webhooks.Enable(ctx, clone.ID); err == nil {
		t.Error("an archived webhook was enabled")
	}
	page, err := client.Webhooks.ListPage(ctx, persona.WebhookListParams{})
	ok(t, err)
	if len(page.Data) != 2 || strings.Contains(string(page.Data[0].Raw), "wbhsec_") {
		t.Errorf("the list holds %d, or secrets", len(page.Data))
	}
	page2, err := client.Events.ListPage(ctx, persona.EventListParams{})
	ok(t, err)
	if len(page2.Data) != 0 {
		t.Error("webhooks make events")
	}
	account := newAccount(t, client, "u")
	for event, err := range client.Events.List(ctx, persona.EventListParams{ObjectID: account.ID, Name: "account.created"}) {
		ok(t, err)
		_, err = client.Events.Get(ctx, event.ID)
		ok(t, err)
	}
}

func TestRetriesComeByThemselves(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{RetryScale: 0.001}), newReceiver(t, 500, 500)
	subscribe(t, server.client(), persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	newInquiry(t, server.client(), "")
	to.wait(t, 3)
	if got := server.settled(); got[0].State != "completed" || len(got[0].Attempts) != 3 {
		t.Errorf("delivery: %+v", got[0])
	}
}

// hang returns the address of a receiver that never answers.
func hang(t *testing.T) (url string, reached chan struct{}) {
	reached = make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil { // only then is the end of the connection seen
			return
		}
		reached <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL, reached
}

func TestAReceiverThatDoesNotAnswerInTimeHasFailed(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{DeliveryTimeout: 10 * time.Millisecond})
	url, reached := hang(t)
	subscribe(t, server.client(), persona.WebhookCreateParams{URL: persona.Set(url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	newInquiry(t, server.client(), "")
	<-reached
	server.Advance(3 * time.Second)
	<-reached // the second attempt
	if first := server.Deliveries("sandbox")[0].Attempts[0]; first.Status != 0 || first.Error == "" {
		t.Errorf("the first attempt: %+v", first)
	}
}

func TestCloseGivesUpADeliveryOnItsWay(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{DeliveryTimeout: time.Hour})
	url, reached := hang(t)
	subscribe(t, server.client(), persona.WebhookCreateParams{URL: persona.Set(url)})
	newInquiry(t, server.client(), "")
	<-reached
	server.Close()
	if got := server.Deliveries("sandbox")[0]; got.State != "pending" || len(got.Attempts) != 0 {
		t.Errorf("delivery: %+v", got)
	}
}
