package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

func TestMain(m *testing.M) {
	// net/http waits half a second before it closes a connection whose request was too
	// large. The tests may end earlier.
	goleak.VerifyTestMain(withServer{m}, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// world is a sandbox and a service that talk to each other over HTTP.
type world struct {
	t       testing.TB
	sandbox *sandbox.Server
	client  *persona.Client
	service *Service
	url     string
	secret  string
	hook    string
	log     *safeBuilder
	stop    func() // stops the service, not its handler, and waits until it has ended

	database Secret
	api      string        // Persona's API for the service; default: the sandbox
	edit     func(*Config) // changes the service's configuration; may be nil
}

const apiToken = "token-of-the-tests"

// newWorld starts a sandbox and a service that is subscribed to the named events. An empty
// database address means SQLite.
func newWorld(t testing.TB, database Secret, events ...string) *world {
	t.Helper()
	return newWorldThrough(t, database, nil, events...)
}

// newWorldThrough is newWorld with a proxy handler between the service and the sandbox's
// API.
func newWorldThrough(t testing.TB, database Secret, through func(http.Handler) http.Handler, events ...string) *world {
	t.Helper()
	return newWorldWith(t, database, through, nil, events...)
}

// newWorldWith is newWorldThrough with another configuration of the service.
func newWorldWith(t testing.TB, database Secret, through func(http.Handler) http.Handler, edit func(*Config), events ...string) *world {
	t.Helper()
	w := &world{t: t, sandbox: sandbox.NewServer(t, sandbox.Options{RetryScale: 0.01, RateLimit: 100_000}), log: &safeBuilder{}, database: database, edit: edit}
	w.client = w.sandbox.Client()
	if through != nil {
		upstream, err := url.Parse(w.sandbox.BaseURL())
		if err != nil {
			t.Fatal(err)
		}
		proxy := httptest.NewServer(through(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: upstream.Scheme, Host: upstream.Host})))
		t.Cleanup(proxy.Close)
		w.api = proxy.URL + upstream.Path
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + listener.Addr().String()
	if len(events) == 0 {
		events = []string{"*"}
	}
	hook, err := w.client.Webhooks.Create(t.Context(), persona.WebhookCreateParams{
		Name: persona.Set("service"), URL: persona.Set(w.url + "/webhooks/persona/sandbox"), EnabledEvents: persona.Set(events),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Webhooks.Enable(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	w.secret, w.hook = hook.Attributes.Secret, hook.ID
	data := t.TempDir()
	if database == "" {
		data = filepath.Dir(sqlitetest.New(t))
	}
	w.start(listener, data, database)
	return w
}

// start runs a service on a data folder until the test ends.
func (w *world) start(listener net.Listener, data string, database Secret) {
	w.t.Helper()
	cfg := Config{
		Listen: listener.Addr().String(), DataDir: data, DatabaseURL: database, APIToken: apiToken, LogLevel: "info", LogFormat: "text", AllowPrivateAddresses: true,
		Environments: map[Environment]EnvironmentConfig{
			Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: cmp.Or(w.api, w.sandbox.BaseURL()), WebhookSecrets: []Secret{Secret(w.secret)}, Flows: testFlows()},
		},
	}
	if w.edit != nil {
		w.edit(&cfg)
	}
	w.run(listener, cfg)
}

// run runs a service with a configuration until the test ends.
func (w *world) run(listener net.Listener, cfg Config) {
	w.t.Helper()
	s, err := New(w.t.Context(), cfg, slog.New(slog.NewTextHandler(w.log, nil)))
	if err != nil {
		w.t.Fatal(err)
	}
	w.service = s
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = s.Run(ctx)
	}()
	w.stop = func() {
		cancel()
		<-ended
	}
	server := &http.Server{Handler: s.Handler()}
	go server.Serve(listener)
	w.t.Cleanup(func() {
		server.Close()
		w.stop()
		if err != nil {
			w.t.Errorf("the service ended with %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	w.eventually("the service is ready", func() bool {
		res, err := http.Get(w.url + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// eventually waits until a condition holds.
func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(2 * time.Minute) // facts that stay unreadable are read again for a minute
	for !holds() {
		if time.Now().After(deadline) {
			w.t.Fatalf("timed out waiting until %s; the log:\n%s", what, w.log)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// applicant creates an inquiry for a reference id and a case for it.
func (w *world) applicant(reference string) (inquiryID, caseID string) {
	w.t.Helper()
	inquiry, err := w.client.Inquiries.Create(w.t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set(reference),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := w.client.Cases.Create(w.t.Context(), persona.CaseCreateParams{
		CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{inquiry.ID}),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return inquiry.ID, c.ID
}

func (w *world) simulate(inquiryID string, actions ...string) {
	w.t.Helper()
	var list []persona.SimulateAction
	for _, name := range actions {
		action := persona.SimulateAction{Type: name}
		if strings.HasSuffix(name, "_verification") {
			action.Data = persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.GovernmentIDTemplateID})
		}
		list = append(list, action)
	}
	if _, err := w.client.Inquiries.PerformSimulateActions(w.t.Context(), inquiryID, persona.InquiryPerformSimulateActionsParams{SimulateActions: list}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) caseStatus(id string) string {
	w.t.Helper()
	c, err := w.client.Cases.Get(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Attributes.Status
}

// get reads from the service's API.
func get[T any](w *world, path string) T {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), "GET", w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	var out T
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(b, &out) != nil {
		w.t.Fatalf("GET %s: %d %s %v", path, res.StatusCode, b, err)
	}
	return out
}

type listed[T any] struct{ Data []T }

// effects counts an object's events with a name, which is how often an action took effect
// at Persona.
func (w *world) effects(name, object string) int {
	w.t.Helper()
	n := 0
	for _, err := range w.client.Events.List(w.t.Context(), persona.EventListParams{Name: name, ObjectID: object}) {
		if err != nil {
			w.t.Fatal(err)
		}
		n++
	}
	return n
}

func testAPassedInquiryAndItsCaseAreApproved(t *testing.T, database Secret) {
	w := newWorld(t, database)
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	w.eventually("the subject is approved", func() bool {
		return get[api.Subject](w, "/v1/sandbox/subjects/user-1").Verdict == domain.VerdictApproved
	})
	if n := w.effects("inquiry.approved", inquiry); n != 1 {
		t.Errorf("the inquiry was approved %d times", n)
	}
	decisions := get[listed[api.Decision]](w, "/v1/sandbox/decisions?object="+inquiry).Data
	if len(decisions) != 1 || decisions[0].Rule != "approve what passed" {
		t.Errorf("decided %+v", decisions)
	}
	if trail := get[api.AuditTrail](w, "/v1/sandbox/audit"); !trail.Intact || len(trail.Entries) == 0 {
		t.Errorf("the audit trail is intact: %v, with %d entries", trail.Intact, len(trail.Entries))
	}
	if log := w.log.String(); strings.Contains(log, "Alexander") || strings.Contains(log, w.secret) || strings.Contains(log, sandbox.SandboxKey) {
		t.Error("the log contains a name, a secret or a key")
	}
}

func testAFailedInquiryIsReviewedAndGetsALink(t *testing.T, database Secret) {
	w := newWorldWith(t, database, nil, withSecretsKey)
	inquiry, kase := w.applicant("user-2")
	w.simulate(inquiry, "start_inquiry", "create_failed_verification", "fail_inquiry")
	w.eventually("the case is Pending", func() bool { return w.caseStatus(kase) == "Pending" })
	var link string
	w.eventually("there is a link", func() bool {
		for _, a := range get[listed[api.Action]](w, "/v1/sandbox/actions?details=true&object="+inquiry).Data {
			var result struct {
				Link string `json:"one_time_link"`
			}
			if a.Kind == domain.GenerateOneTimeLink && a.State == domain.ActionDone && json.Unmarshal(a.Result, &result) == nil {
				link = result.Link
			}
		}
		return link != ""
	})
	if strings.Contains(w.log.String(), link) {
		t.Error("the log contains the link")
	}
	got, err := w.client.Inquiries.Get(t.Context(), inquiry)
	if err != nil || got.Attributes.Status != persona.InquiryStatusNeedsReview {
		t.Errorf("the inquiry is %s, error %v", got.Attributes.Status, err)
	}
	if v := get[api.Subject](w, "/v1/sandbox/subjects/user-2").Verdict; v != domain.VerdictReview {
		t.Errorf("the verdict is %s", v)
	}
	if log := w.log.String(); !strings.Contains(log, "id_entity_detection") {
		t.Error("the log does not say which check failed")
	}
}

func testDuplicatesAndLostAnswersTakeEffectOnce(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	w := newWorld(t, database)
	w.sandbox.AddFault(sandbox.Fault{Kind: "duplicate_delivery", Times: 50})
	w.sandbox.AddFault(sandbox.Fault{Kind: "lost_answer", Operation: "Inquiries.Approve", Times: 1})
	w.sandbox.AddFault(sandbox.Fault{Kind: "status_after", Operation: "Cases.SetStatus", Status: 500, Times: 1})
	inquiry, kase := w.applicant("user-3")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved and every action finished", func() bool {
		if w.caseStatus(kase) != "Approved" {
			return false
		}
		finished := 0
		for _, object := range []string{inquiry, kase} {
			for _, a := range get[listed[api.Action]](w, "/v1/sandbox/actions?object="+object).Data {
				if a.State == domain.ActionDone || a.State == domain.ActionAlreadyDone {
					finished++
				}
			}
		}
		return finished == 2
	})
	if n := w.effects("inquiry.approved", inquiry); n != 1 {
		t.Errorf("the inquiry was approved %d times", n)
	}
	if n := w.effects("case.resolved", kase); n != 1 {
		t.Errorf("the case was resolved %d times", n)
	}
	ids := map[string]bool{}
	for _, e := range get[listed[api.Event]](w, "/v1/sandbox/events?limit=100").Data {
		if ids[e.ID] {
			t.Errorf("event %s is stored twice", e.ID)
		}
		ids[e.ID] = true
	}
}

func testPayloadsOfEveryFormLeadToTheSameResult(t *testing.T, database Secret) {
	for _, inflection := range []string{"snake", "camel"} {
		t.Run(inflection, func(t *testing.T) {
			w := newWorld(t, database)
			_, err := w.client.Webhooks.Update(t.Context(), w.hook, persona.WebhookUpdateParams{
				APIKeyInflection:       persona.Set(inflection),
				RelationshipAllowlist:  persona.Set(persona.RelationshipAllowlistInput{State: "include_none"}),
				APIAttributesBlocklist: persona.Set([]string{"reference-id"}),
			})
			if err != nil {
				t.Fatal(err)
			}
			inquiry, kase := w.applicant("user-4")
			w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
			w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
			w.eventually("the subject is approved", func() bool {
				return get[api.Subject](w, "/v1/sandbox/subjects/user-4").Verdict == domain.VerdictApproved
			})
		})
	}
}

func testRotatingTheSecretLosesNoEvent(t *testing.T, database Secret) {
	w := newWorld(t, database)
	rotated, err := w.client.Webhooks.RotateSecret(t.Context(), w.hook, persona.WebhookRotateSecretParams{ExpiresInSeconds: persona.Set[int64](3600)})
	if err != nil {
		t.Fatal(err)
	}
	inquiry, _ := w.applicant("user-5") // signed with both secrets; the service knows the old one
	w.eventually("the inquiry is known", func() bool { return len(get[listed[api.Object]](w, "/v1/sandbox/objects?object="+inquiry).Data) == 1 })
	w.service.SetWebhookSecrets(Sandbox, []Secret{Secret(rotated.Attributes.Secret)})
	w.sandbox.Advance(2 * time.Hour) // the old secret expires
	other, _ := w.applicant("user-6")
	w.eventually("the next inquiry is known", func() bool { return len(get[listed[api.Object]](w, "/v1/sandbox/objects?object="+other).Data) == 1 })
}

func testBadWebhooksAreRejected(t *testing.T, database Secret) {
	w := newWorld(t, database)
	body := []byte(`{"data":{"type":"event","id":"evt_made_up","attributes":{"name":"inquiry.created","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_made_up","attributes":{"status":"created"}}}}}}`)
	now := time.Now()
	for name, test := range map[string]struct {
		path, contentType, signature string
		body                         []byte
		want                         int
	}{
		"unsigned":                {want: http.StatusUnauthorized, body: body},
		"signed with another key": {want: http.StatusUnauthorized, body: body, signature: webhook.Sign(body, now, "wbhsec_other")},
		"stale":                   {want: http.StatusUnauthorized, body: body, signature: webhook.Sign(body, now.Add(-time.Hour), w.secret)},
		"tampered":                {want: http.StatusUnauthorized, body: append(body, ' '), signature: webhook.Sign(body, now, w.secret)},
		"not JSON":                {want: http.StatusBadRequest, body: []byte("hello"), signature: webhook.Sign([]byte("hello"), now, w.secret)},
		"too long":                {want: http.StatusRequestEntityTooLarge, body: make([]byte, 2<<20)},
		"of another type":         {want: http.StatusUnsupportedMediaType, body: body, contentType: "text/plain"},
		"of another environment":  {want: http.StatusNotFound, body: body, path: "/webhooks/persona/production"},
		"of no environment":       {want: http.StatusNotFound, body: body, path: "/webhooks/persona/moon"},
		"deeply nested":           {want: http.StatusBadRequest, body: []byte(strings.Repeat("[", 100_000)), signature: webhook.Sign([]byte(strings.Repeat("[", 100_000)), now, w.secret)},
	} {
		t.Run(name, func(t *testing.T) {
			path, contentType := test.path, test.contentType
			if path == "" {
				path = "/webhooks/persona/sandbox"
			}
			if contentType == "" {
				contentType = "application/json"
			}
			if got := w.post(path, contentType, test.signature, test.body); got != test.want {
				t.Errorf("answered %d, want %d", got, test.want)
			}
		})
	}
	if events := get[listed[api.Event]](w, "/v1/sandbox/events").Data; len(events) != 0 {
		t.Errorf("%d events were stored", len(events))
	}
	if got := w.post("/webhooks/persona/sandbox", "application/json", webhook.Sign(body, now, w.secret), body); got != http.StatusOK {
		t.Errorf("the good one was answered with %d", got)
	}
}

func (w *world) post(path, contentType, signature string, body []byte) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.url+path, strings.NewReader(string(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if signature != "" {
		req.Header.Set(webhook.SignatureHeader, signature)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func testAnUnknownEventIsStoredAndMarked(t *testing.T, database Secret) {
	w := newWorld(t, database)
	body := fmt.Appendf(nil, `{"data":{"type":"event","id":"evt_new","attributes":{"name":"inquiry.teleported","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_x","attributes":{"status":"approved"}}}}}}`)
	if got := w.post("/webhooks/persona/sandbox", "application/json", webhook.Sign(body, time.Now(), w.secret), body); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	events := get[listed[api.Event]](w, "/v1/sandbox/events").Data
	if len(events) != 1 || events[0].State != domain.EventUnhandled {
		t.Errorf("stored %+v", events)
	}
}

func testTheAPINeedsItsToken(t *testing.T, database Secret) {
	w := newWorld(t, database)
	res, err := http.Get(w.url + "/v1/sandbox/events")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("answered %d without a token", res.StatusCode)
	}
}

// In whatever order the events of an inquiry and its case are processed, the last
// notification has the current verdict.
func testTheLastNotificationHasTheCurrentVerdict(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: a dozen people are decided on twice")
	}
	w := newWorld(t, database)
	const people = 12
	for i := range people {
		inquiry, _ := w.applicant(fmt.Sprintf("user-%d", i))
		w.simulate(inquiry, "start_inquiry", "create_failed_verification", "fail_inquiry")
	}
	for i := range people {
		reference := fmt.Sprintf("user-%d", i)
		w.eventually(reference+" was told to be in review", func() bool {
			for _, n := range get[listed[api.Notification]](w, "/v1/sandbox/notifications?limit=100").Data {
				if n.Reference == reference && n.Verdict != "" {
					return n.Verdict == domain.VerdictReview && get[api.Subject](w, "/v1/sandbox/subjects/"+reference).Verdict == n.Verdict
				}
			}
			return false
		})
	}
}
