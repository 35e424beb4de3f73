package service

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

// host is a host application that receives notifications.
type host struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	status int
	bodies [][]byte // that were accepted
	bad    int      // that were not signed
}

func newHost(t testing.TB) *host {
	h := &host{status: http.StatusOK}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

// ServeHTTP accepts what is signed.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	hook, bad := standardwebhooks.NewWebhook(h.secret)
	if bad != nil || err != nil || hook.Verify(body, r.Header) != nil {
		h.bad++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(h.status)
	if h.status == http.StatusOK {
		h.bodies = append(h.bodies, body)
		return
	}
	_, _ = io.WriteString(w, "not now") // the sender may be gone
}

func (h *host) set(secret string, status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secret, h.status = secret, status
}

// told are the notifications that were accepted.
func (h *host) told(t testing.TB) (all []notify.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, body := range h.bodies {
		var m notify.Message
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// call sends a request to the API, and reads the answer into a value where one is given.
func (w *world) call(method, path, body string, want int, into any) string {
	w.t.Helper()
	res := w.do(method, "/v1/sandbox/"+path, body)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		w.t.Fatalf("%s %s: %d %s %v, want %d", method, path, res.StatusCode, b, err, want)
	}
	if into != nil {
		if err := json.Unmarshal(b, into); err != nil {
			w.t.Fatal(err)
		}
	}
	return string(b)
}

// register makes an endpoint of a host application.
func (w *world) register(h *host, name, more string) {
	w.t.Helper()
	var made api.EndpointWithSecret
	w.call("POST", "endpoints", fmt.Sprintf(`{"name":%q,"url":%q%s}`, name, h.URL, more), 201, &made)
	if !strings.HasPrefix(made.Secret, "whsec_") {
		w.t.Fatalf("the secret is %q", made.Secret)
	}
	h.set(made.Secret, http.StatusOK)
}

func testAHostReceivesItsVerdicts(t *testing.T, database Secret) {
	w, h := newWorld(t, database), newHost(t)
	w.register(h, "crm", "")
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	w.eventually("the subject is approved", func() bool {
		return get[api.Subject](w, "/v1/sandbox/subjects/user-1").Verdict == domain.VerdictApproved
	})
	w.settled()
	w.eventually("the host has all notifications", func() bool {
		have := map[string]bool{}
		for _, m := range h.told(t) {
			have[m.Data.ID] = true
		}
		for n, err := range store.All(t.Context(), w.service.db.Notifications, domain.Sandbox, store.Filter{}) {
			if err != nil || !have[n.ID] {
				return false
			}
		}
		return true
	})
	types, last := map[string]int{}, int64(0)
	var verdict domain.Verdict
	for _, m := range h.told(t) {
		types[m.Type]++
		if m.Data.Reference == "user-1" {
			if m.Data.SubjectSequence != last+1 {
				t.Errorf("number %d came after number %d", m.Data.SubjectSequence, last)
			}
			last = m.Data.SubjectSequence
		}
		if m.Data.Verdict != "" {
			verdict = m.Data.Verdict
		}
	}
	if verdict != domain.VerdictApproved || types[domain.NotifyVerdictChanged] == 0 || types[domain.NotifyCaseChanged] == 0 || types[domain.NotifyActionDone] != 2 {
		t.Errorf("the host was told %v, and %s last", types, verdict)
	}
	document := get[map[string]any](w, "/openapi.json")
	for _, body := range h.bodies {
		checkAgainst(t, document, body)
	}
	if log := w.log.String(); strings.Contains(log, "whsec_") {
		t.Error("the log shows a secret")
	}
}

// checkAgainst validates the body of a webhook against the API's document.
func checkAgainst(t *testing.T, document map[string]any, body []byte) {
	t.Helper()
	var m struct {
		Type string
		Data map[string]any
	}
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	checkSchema(t, document, "/webhooks/"+m.Type+"/post/requestBody/content/application~1json/schema", body)
	properties := document["webhooks"].(map[string]any)[m.Type].(map[string]any)["post"].(map[string]any)["requestBody"].(map[string]any)["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)["properties"].(map[string]any)["data"].(map[string]any)["properties"].(map[string]any)
	for name := range m.Data {
		if _, described := properties[name]; !described {
			t.Errorf("the document does not describe %s of %s", name, m.Type)
		}
	}
}

// checkSchema validates a body against a schema in the API's document.
func checkSchema(t *testing.T, document map[string]any, pointer string, body []byte) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("https://idem.example/openapi.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("https://idem.example/openapi.json#" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s is not as the document says: %v", body, err)
	}
}

func testEndpointsAreManaged(t *testing.T, database Secret) {
	w, h := newWorld(t, database), newHost(t)
	w.register(h, "crm", `,"types":["subject.verdict_changed"]`)
	for name, c := range map[string]struct {
		body string
		want int
		says string
	}{
		"the same name":        {`{"name":"crm","url":"https://host.example"}`, 409, "of this name"},
		"a name with a space":  {`{"name":"my crm","url":"https://host.example"}`, 422, "small letters"},
		"no address":           {`{"name":"other"}`, 422, "url"},
		"an address that's no": {`{"name":"other","url":"host"}`, 422, "body.url"},
		"a type that is none":  {`{"name":"other","url":"https://host.example","types":["case.change"]}`, 422, `did you mean \"case.changed\"?`},
		"a secret that's none": {`{"name":"other","url":"https://host.example","secrets":["very-secret"]}`, 422, "whsec_"},
		"something unknown":    {`{"name":"other","url":"https://host.example","kind":"x"}`, 422, "kind"},
	} {
		answer := w.call("POST", "endpoints", c.body, c.want, nil)
		if !strings.Contains(answer, c.says) || strings.Contains(answer, "very-secret") {
			t.Errorf("%s: %s", name, answer)
		}
	}
	w.call("GET", "endpoints/none", "", 404, nil)
	w.call("DELETE", "endpoints/none", "", 404, nil)
	w.call("PATCH", "endpoints/crm", `{"types":["nothing"]}`, 422, nil)
	w.call("PATCH", "endpoints/crm", `{"secrets":[]}`, 422, nil)
	var e api.Endpoint
	answer := w.call("GET", "endpoints/crm", "", 200, &e)
	if e.URL != h.URL || !e.Enabled || !slices.Equal(e.Types, []string{"subject.verdict_changed"}) || strings.Contains(answer, "whsec_") || !strings.Contains(answer, "[secret]") {
		t.Errorf("the endpoint is %s", answer)
	}
	if list := get[listed[api.Endpoint]](w, "/v1/sandbox/endpoints").Data; len(list) != 1 {
		t.Errorf("there are %+v", list)
	}
	w.call("PATCH", "endpoints/crm", `{"enabled":false,"types":[]}`, 200, &e)
	if e.Enabled || e.Disabled == "" || len(e.Types) != 0 {
		t.Errorf("changed it is %+v", e)
	}
	w.call("PATCH", "endpoints/crm", `{"enabled":true}`, 200, &e)
	if !e.Enabled {
		t.Errorf("enabled it is %+v", e)
	}

	var tested api.Tested
	if w.call("POST", "endpoints/crm/test", "", 200, &tested); !tested.Accepted || tested.Attempt.Status != 200 {
		t.Errorf("a test came to %+v", tested)
	}
	if told := h.told(t); len(told) != 1 || told[0].Type != domain.NotifyTest {
		t.Errorf("the host was told %+v", told)
	}
	checkAgainst(t, get[map[string]any](w, "/openapi.json"), h.bodies[0])

	var rotated api.EndpointWithSecret
	w.call("POST", "endpoints/crm/rotate", `{"overlap":"1000h"}`, 422, nil)
	w.call("POST", "endpoints/crm/rotate", `{"overlap":"1h"}`, 200, &rotated)
	if len(rotated.Secrets) != 2 || rotated.Secrets[0].ExpiresAt != nil || rotated.Secrets[1].ExpiresAt == nil {
		t.Errorf("rotated it is %+v", rotated)
	}
	if w.call("POST", "endpoints/crm/test", "", 200, &tested); !tested.Accepted {
		t.Errorf("a receiver with the old secret: %+v", tested)
	}
	h.set(rotated.Secret, http.StatusServiceUnavailable)
	if w.call("POST", "endpoints/crm/test", "", 200, &tested); tested.Accepted || tested.Attempt.Response != "not now" {
		t.Errorf("a test that is not accepted: %+v", tested)
	}
	w.call("DELETE", "endpoints/crm", "", 204, nil)
	w.call("GET", "endpoints/crm", "", 404, nil)
	var what []string
	for _, entry := range get[api.AuditTrail](w, "/v1/sandbox/audit").Entries {
		if strings.HasPrefix(entry.What, "endpoint.") && entry.Actor == "api" {
			what = append(what, entry.What)
		}
	}
	if want := []string{"endpoint.created", "endpoint.changed", "endpoint.changed", "endpoint.secret_rotated", "endpoint.deleted"}; !slices.Equal(what, want) {
		t.Errorf("the audit trail says %v, want %v", what, want)
	}
}

func testDeliveriesAreShownAndReplayed(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	w, h := newWorld(t, database), newHost(t)
	w.register(h, "crm", `,"types":["subject.verdict_changed"]`)
	h.set(h.secret, http.StatusBadRequest)
	w.applicant("user-1")
	var waiting []api.Delivery
	w.eventually("an attempt failed", func() bool {
		waiting = get[listed[api.Delivery]](w, "/v1/sandbox/deliveries?endpoint=crm&state=waiting").Data
		return len(waiting) == 1 && waiting[0].Attempts > 0
	})
	if d := waiting[0]; d.Reference != "user-1" || len(d.Log) == 0 || d.Log[0].Status != http.StatusBadRequest || d.Log[0].Response != "not now" || d.NextAttemptAt == nil {
		t.Errorf("the delivery is %+v", d)
	}
	h.set(h.secret, http.StatusOK)
	var d api.Delivery
	w.eventually("it is delivered", func() bool {
		w.call("GET", "deliveries/"+waiting[0].ID, "", 200, &d)
		return d.State == domain.DeliveryDelivered
	})
	first := h.told(t)[0]
	var replayed api.ReplayedDeliveries
	if w.call("POST", "deliveries/"+d.ID+"/replay", "", 200, &replayed); replayed.Replayed != 1 {
		t.Errorf("replayed %+v", replayed)
	}
	w.eventually("it is delivered again", func() bool {
		n := 0
		for _, m := range h.told(t) {
			if m.Data.ID == first.Data.ID {
				n++
			}
		}
		return n == 2
	})
	if w.call("POST", "endpoints/crm/replay", `{"after":"0","until":"999999"}`, 200, &replayed); replayed.Replayed < 1 {
		t.Errorf("of a range are replayed %+v", replayed)
	}
	if w.call("POST", "endpoints/crm/replay", `{"failed_since":"2026-01-01T00:00:00Z"}`, 200, &replayed); replayed.Replayed != 0 {
		t.Errorf("of those that failed are replayed %+v", replayed)
	}
	for body, want := range map[string]int{`{}`: 422, `{"after":"1"}`: 422, `{"until":"x"}`: 422, `{"failed_since":"2026-01-01T00:00:00Z","until":"3"}`: 422, `{"since":"x"}`: 422} {
		w.call("POST", "endpoints/crm/replay", body, want, nil)
	}
	w.call("POST", "endpoints/none/replay", `{"until":"3"}`, 404, nil)
	w.call("POST", "deliveries/dlv_no/replay", "", 404, nil)
	w.call("GET", "deliveries/dlv_no", "", 404, nil)
	w.call("GET", "deliveries?state=lost", "", 422, nil)
	w.call("GET", "deliveries?notification="+first.Data.ID, "", 200, nil)
}

func testEndpointsOfTheConfigurationAreChangedThere(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	w, h := newWorld(t, database), newHost(t)
	h.set(signingSecret, http.StatusOK)
	cfg := w.service.cfg
	sandboxed := cfg.Environments[Sandbox]
	sandboxed.Notifications = []NotificationEndpoint{{Name: "crm", URL: h.URL, Secrets: []Secret{signingSecret}}}
	cfg.Environments = map[Environment]EnvironmentConfig{Sandbox: sandboxed}
	w.reload(cfg)
	var e api.Endpoint
	w.eventually("the endpoint is known", func() bool {
		list := get[listed[api.Endpoint]](w, "/v1/sandbox/endpoints").Data
		return len(list) == 1 && list[0].Configured
	})
	w.applicant("user-1")
	w.eventually("the host is told", func() bool { return len(h.told(t)) > 0 })
	w.call("PATCH", "endpoints/crm", `{"url":"https://host.example"}`, 409, nil)
	w.call("POST", "endpoints/crm/rotate", `{}`, 409, nil)
	w.call("DELETE", "endpoints/crm", "", 409, nil)
	if w.call("PATCH", "endpoints/crm", `{"enabled":false}`, 200, &e); e.Enabled {
		t.Errorf("it is %+v", e)
	}
	sandboxed.Notifications = nil
	cfg.Environments = map[Environment]EnvironmentConfig{Sandbox: sandboxed}
	w.reload(cfg)
	w.call("DELETE", "endpoints/crm", "", 204, nil)
}

// streamed reads a stream of notifications.
type streamed struct {
	*bufio.Scanner
	response *http.Response
}

func (w *world) stream(query, last string) streamed {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	w.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", w.url+"/v1/sandbox/stream"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiToken)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("the stream answers %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	return streamed{bufio.NewScanner(res.Body), res}
}

// next reads the next event, and its id.
func (s streamed) next(t testing.TB) (id string, m notify.Message) {
	t.Helper()
	for s.Scan() {
		line := s.Text()
		if text, ok := strings.CutPrefix(line, "id: "); ok {
			id = text
		}
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				t.Fatal(err)
			}
			return id, m
		}
	}
	t.Fatalf("the stream ended: %v", s.Err())
	return "", m
}

func testAStreamSkipsNothing(t *testing.T, database Secret) {
	w := newWorld(t, database)
	w.applicant("user-1")
	w.eventually("there is a notification", func() bool { return len(get[listed[api.Notification]](w, "/v1/sandbox/notifications").Data) > 0 })
	fromStart := w.stream("?after=0", "")
	first, m := fromStart.next(t)
	if m.Type == "" || fmt.Sprint(m.Data.Sequence) != first {
		t.Errorf("the first is %s: %+v", first, m)
	}
	inquiry, kase := w.applicant("user-2")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	w.settled()
	var want []int64
	for n, err := range store.All(t.Context(), w.service.db.Notifications, domain.Sandbox, store.Filter{Oldest: true}) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, n.Sequence)
	}
	got, again := []int64{m.Data.Sequence}, []int64{m.Data.Sequence}
	for len(got) < len(want) {
		_, m := fromStart.next(t)
		got = append(got, m.Data.Sequence)
	}
	resumed := w.stream("", first)
	for len(again) < len(want) {
		_, m := resumed.next(t)
		again = append(again, m.Data.Sequence)
	}
	if !slices.Equal(got, want) || !slices.Equal(again, want) {
		t.Errorf("a stream sent %v, one that went on sent %v, and there are %v", got, again, want)
	}
	w.call("GET", "stream?after=x", "", 422, nil)

	// The database was restored from a backup: a client has seen more than there is.
	last := want[len(want)-1]
	w.call("GET", fmt.Sprintf("stream?after=%d", last+1), "", 422, nil)
	w.call("GET", fmt.Sprintf("notifications?after=%d", last+1), "", 422, nil)
	w.call("POST", "endpoints", fmt.Sprintf(`{"name":"crm","url":"https://host.example/","after":%d}`, last+1), 422, nil)
	w.call("GET", fmt.Sprintf("notifications?after=%d", last), "", 200, nil)
	w.call("GET", "notifications?after=0&object=inq_none", "", 200, nil)
}

func testAStreamEndsWithTheService(t *testing.T, database Secret) {
	w := newWorld(t, database)
	stream := w.stream("", "")
	ended := make(chan error, 1)
	go func() {
		for stream.Scan() {
		}
		ended <- stream.Err()
	}()
	w.stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the stream ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the stream goes on")
	}
}
