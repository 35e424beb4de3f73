package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// addFault adds a fault in the form of the command line.
func addFault(t *testing.T, sb *sandbox.Sandbox, text string) {
	t.Helper()
	fault, err := sandbox.ParseFault(text)
	ok(t, err)
	ok(t, sb.AddFault(fault))
}

func TestARateLimitedCallHasHeadersThatSaySo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault, prefix, title, reset string
		options                     sandbox.Options
	}{
		"the rate limit, for a while":         {"kind=rate_limited,delay=7s", "RateLimit", "Rate limit exceeded", "7", sandbox.Options{}},
		"the rate limit, to the window's end": {"kind=rate_limited", "RateLimit", "Rate limit exceeded", "60", frozen()},
		"a quota that is not limited":         {"kind=quota_exceeded,delay=1500ms", "Quota", "Quota exceeded", "2", sandbox.Options{}},
		"a quota that is limited":             {"kind=quota_exceeded,operation=Inquiries.Create", "Quota", "Quota exceeded", "60", sandbox.Options{Quotas: map[string]int{"inquiry": 9}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, test.options)
			addFault(t, server.Sandbox, test.fault)
			key := []string{"Idempotency-Key", "once"}
			status, header, doc := server.do("POST", "/api/v1/inquiries", inquiryBody, key...)
			if status != 429 || title(doc) != test.title {
				t.Errorf("the answer is %d %v", status, doc)
			}
			if header.Get(test.prefix+"-Remaining") != "0" || header.Get(test.prefix+"-Reset") != test.reset || header.Get(test.prefix+"-Limit") == "" {
				t.Errorf("headers: %v", header)
			}
			if status, header, _ := server.do("POST", "/api/v1/inquiries", inquiryBody, key...); status != 201 || header.Get("RateLimit-Remaining") == "0" {
				t.Errorf("the same call again: %d %v", status, header)
			}
		})
	}
}

func TestAnIdempotencyKeyKeepsACachedStatus(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	addFault(t, server.Sandbox, "kind=cached_status,operation=Inquiries.Create,status=503")
	for range 2 {
		if status, _, _ := server.do("POST", "/api/v1/inquiries", inquiryBody, "Idempotency-Key", "first", "X-Unchecked", "5xx are in no document"); status != 503 {
			t.Errorf("with the key: %d", status)
		}
	}
	if status, _, _ := server.do("POST", "/api/v1/inquiries", inquiryBody, "Idempotency-Key", "second"); status != 201 {
		t.Errorf("with another key: %d", status)
	}
	calls := server.Calls("sandbox")
	if calls[0].Fault != sandbox.FaultCachedStatus || !calls[1].Replayed || calls[1].Fault != "" {
		t.Errorf("calls: %+v", calls)
	}
	if got := events(t, server.client()); count(got, "inquiry.created") != 1 {
		t.Errorf("events: %v", got)
	}
}

func TestATruncatedAnswerBreaksOffAfterItTookEffect(t *testing.T) {
	t.Parallel()
	server := sandbox.NewServer(t)
	addFault(t, server.Sandbox, "kind=truncated_answer,operation=Inquiries.Create")
	request, err := http.NewRequestWithContext(t.Context(), "POST", server.BaseURL()+"/inquiries", strings.NewReader(inquiryBody))
	ok(t, err)
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	ok(t, err)
	defer response.Body.Close()
	half, err := io.ReadAll(response.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(half) == 0 || int64(len(half)) >= response.ContentLength {
		t.Errorf("%d of %d bytes came, then %v", len(half), response.ContentLength, err)
	}
	if got := events(t, server.Client()); count(got, "inquiry.created") != 1 {
		t.Errorf("events: %v", got)
	}
}

func TestASlowAnswerComesAfterTheCallerHasLeft(t *testing.T) {
	t.Parallel()
	server := sandbox.NewServer(t, sandbox.Options{RateLimit: 1 << 30})
	addFault(t, server.Sandbox, "kind=slow_answer,operation=Inquiries.Create,delay=10m")
	waiting, leave := context.WithCancel(t.Context())
	defer leave()
	left := make(chan error)
	go func() {
		_, err := server.Client(persona.WithMaxRetries(0)).Inquiries.Create(waiting, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
		left <- err
	}()
	for deadline := time.Now().Add(10 * time.Second); count(events(t, server.Client(persona.WithMaxRetries(0))), "inquiry.created") == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the operation did not happen")
		}
	}
	select {
	case err := <-left:
		t.Errorf("the answer came at once: %v", err)
	default:
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the call ended with %v", err)
	}

	addFault(t, server.Sandbox, "kind=slow_answer,delay=1ms")
	if _, err := server.Client().Inquiries.ListPage(t.Context(), persona.InquiryListParams{}); err != nil {
		t.Errorf("an answer that is waited for: %v", err)
	}
}

func TestAStaleSearchFindsWhatWas(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	inquiry := newInquiry(t, client, "")
	server.Advance(time.Hour)
	if _, err := client.Inquiries.Approve(t.Context(), inquiry.ID, persona.InquiryApproveParams{}); err != nil {
		t.Fatal(err)
	}
	newInquiry(t, client, "")
	search := func(status string) int {
		_, _, doc := server.do("POST", "/api/v1/inquiries/search", `{"query":{"attribute":"status","operator":"eq","value":"`+status+`"},"sort":{"attribute":"created_at","direction":"asc"}}`)
		return len(doc["data"].([]any))
	}
	for _, test := range []struct {
		fault            string
		created, decided int
	}{
		{"kind=stale_search,times=2", 1, 0},
		{"kind=stale_search,times=2,delay=2h", 0, 0},
		{"", 1, 1},
	} {
		if test.fault != "" {
			addFault(t, server.Sandbox, test.fault)
		}
		if created, decided := search("created"), search("approved"); created != test.created || decided != test.decided {
			t.Errorf("with %q: %d created, %d approved", test.fault, created, decided)
		}
	}
	server.Advance(2 * time.Minute)
	addFault(t, server.Sandbox, "kind=stale_search")
	if decided := search("approved"); decided != 1 {
		t.Errorf("two minutes later, %d approved", decided)
	}
}

// failures returns which of n calls failed.
func failures(t *testing.T, server *server, n int) string {
	t.Helper()
	var b strings.Builder
	for range n {
		status, _, _ := server.do("GET", "/api/v1/events", "")
		b.WriteByte(map[bool]byte{true: 'x', false: '.'}[status == 429])
	}
	return b.String()
}

func TestARunIsRepeatedWithItsSeed(t *testing.T) {
	t.Parallel()
	run := func(seed uint64, faults ...string) string {
		server := start(t, sandbox.Options{FaultSeed: seed})
		for _, fault := range faults {
			addFault(t, server.Sandbox, fault)
		}
		return failures(t, server, 60)
	}
	const tenth = "kind=status_before,status=429,operation=Events.List,rate=0.3"
	first := run(7, tenth)
	if failed := strings.Count(first, "x"); failed < 6 || failed > 30 {
		t.Errorf("%d of 60 calls failed: %s", failed, first)
	}
	if again := run(7, tenth); again != first {
		t.Errorf("with the same seed:\n%s\n%s", first, again)
	}
	if other := run(8, tenth); other == first {
		t.Errorf("with another seed: %s", other)
	}
	if beside := run(7, tenth, "kind=status_before,status=403,rate=0.2"); beside != first {
		t.Errorf("another fault changed what happens:\n%s\n%s", first, beside)
	}
}

func TestALossyWorldIsTheSameForItsSeed(t *testing.T) {
	t.Parallel()
	// fates returns whether each of 40 events was lost, sent once or sent twice.
	fates := func(seed uint64) string {
		options := frozen()
		options.FaultSeed = seed
		server, to := start(t, options), newReceiver(t)
		client := server.client()
		subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
		addFault(t, server.Sandbox, "kind=lost_delivery,rate=0.2")
		addFault(t, server.Sandbox, "kind=duplicate_delivery,event=inquiry.created,rate=0.3")
		addFault(t, server.Sandbox, "kind=reordered_delivery,rate=1")
		for range 40 {
			newInquiry(t, client, "")
			server.Advance(time.Second)
		}
		server.Advance(time.Hour)
		var order []string
		sent := map[string]int{}
		for _, delivery := range server.settled() {
			if !slices.Contains(order, delivery.EventID) {
				order = append(order, delivery.EventID)
			}
			sent[delivery.EventID] += len(delivery.Attempts)
		}
		var b strings.Builder
		for _, id := range order {
			b.WriteString(strconv.Itoa(sent[id]))
		}
		return b.String()
	}
	first := fates(1)
	if len(first) != 40 || !strings.Contains(first, "0") || !strings.Contains(first, "1") || !strings.Contains(first, "2") {
		t.Errorf("the events were sent %s times", first)
	}
	if again := fates(1); again != first {
		t.Errorf("with the same seed:\n%s\n%s", first, again)
	}
	if other := fates(2); other == first {
		t.Errorf("with another seed: %s", other)
	}
}

func TestAFaultCanWaitAndEnds(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	addFault(t, server.Sandbox, "kind=status_before,status=429,after=2,times=3")
	addFault(t, server.Sandbox, "kind=status_before,status=429,rate=1,times=1,after=6")
	if got := failures(t, server, 9); got != "..xxx.x.." {
		t.Errorf("calls failed as %s", got)
	}
	if left := server.Faults(); len(left) != 0 {
		t.Errorf("still to come: %+v", left)
	}
}

func TestALostDeliveryNeverComes(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	addFault(t, server.Sandbox, "kind=lost_delivery,event=inquiry.created")
	newInquiry(t, client, "")
	newInquiry(t, client, "")
	if got := server.settled(); got[0].State != "lost" || len(got[0].Attempts) != 0 || got[1].State != "completed" {
		t.Errorf("deliveries: %+v", got)
	}
	if got := to.wait(t, 1); got[0].event.ID != server.settled()[1].EventID {
		t.Error("the lost event came")
	}
}

// arrivals returns the ids of the inquiries whose events arrived, in order.
func (r *receiver) arrivals(t *testing.T, n int) []string {
	t.Helper()
	var ids []string
	for _, one := range r.wait(t, n) {
		ids = append(ids, one.event.Object().Identifier().ID)
	}
	return ids
}

func TestDeliveriesComeInAnotherOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault string
		want  []int
	}{
		"a late one":                       {"kind=late_delivery", []int{1, 2, 0}},
		"a reordered one":                  {"kind=reordered_delivery", []int{1, 0, 2}},
		"all reordered, in pairs":          {"kind=reordered_delivery,rate=1", []int{1, 0, 2}},
		"a reordered one that is the last": {"kind=reordered_delivery,after=2", []int{0, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, to := start(t, frozen()), newReceiver(t)
			client := server.client()
			subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
			addFault(t, server.Sandbox, test.fault)
			var made, want []string
			for range 3 {
				made = append(made, newInquiry(t, client, "").ID)
				server.Advance(time.Second)
			}
			server.Advance(2 * time.Minute)
			for _, i := range test.want {
				want = append(want, made[i])
			}
			if got := to.arrivals(t, 3); !slices.Equal(got, want) {
				t.Errorf("they came as %v, made as %v", got, made)
			}
			if got := server.settled(); len(got) != 3 || slices.ContainsFunc(got, func(d sandbox.Delivery) bool { return len(d.Attempts) != 1 }) {
				t.Errorf("deliveries: %+v", got)
			}
		})
	}
}

func TestAFaultOfAnEnvironmentLeavesTheOtherAlone(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t)
	addFault(t, server.Sandbox, "kind=status_before,environment=production,operation=Inquiries.Approve,status=409,rate=1")
	addFault(t, server.Sandbox, "kind=lost_delivery,environment=sandbox,rate=1")
	approve := func(key string) (id string, status int) {
		t.Helper()
		client := server.client(persona.WithAPIKey(key))
		subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
		id = newInquiry(t, client, "").ID
		status, _, _ = server.do("POST", "/api/v1/inquiries/"+id+"/approve", "{}", "Authorization", "Bearer "+key)
		return id, status
	}
	_, status := approve(sandbox.SandboxKey)
	if lost := server.Deliveries("sandbox"); status != 200 || len(lost) != 1 || lost[0].State != "lost" {
		t.Errorf("in the sandbox environment: %d, deliveries %+v", status, lost)
	}
	made, status := approve(sandbox.ProductionKey)
	if came := to.arrivals(t, 1); status != 409 || came[0] != made {
		t.Errorf("in production: %d, and of %s came %v", status, made, came)
	}
	if seen := server.Faults(); seen[0].Seen != 1 || seen[1].Seen != 1 {
		t.Errorf("a fault counts what is in its environment: %+v", seen)
	}
}

func TestATruncatedDeliveryBreaksOffAndComesAgain(t *testing.T) {
	t.Parallel()
	type arrival struct {
		declared int64
		got      int
		broken   bool
	}
	arrivals := make(chan arrival, 2)
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		arrivals <- arrival{r.ContentLength, len(body), errors.Is(err, io.ErrUnexpectedEOF)}
	}))
	t.Cleanup(to.Close)
	server := start(t, sandbox.Options{})
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.URL), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	addFault(t, server.Sandbox, "kind=truncated_delivery")
	newInquiry(t, client, "")
	if first := <-arrivals; !first.broken || first.got == 0 || int64(first.got) >= first.declared {
		t.Errorf("first: %+v", first)
	}
	server.Advance(4 * time.Second) // to the second attempt
	if second := <-arrivals; second.broken || int64(second.got) != second.declared {
		t.Errorf("second: %+v", second)
	}
	if got := server.settled(); len(got) != 1 || len(got[0].Attempts) != 2 || got[0].Attempts[0].Error == "" {
		t.Errorf("deliveries: %+v", got)
	}
}

func TestFaultsAreListedAndTakenBack(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	add := func(body string) {
		t.Helper()
		if status, _, doc := server.do("POST", "/_sandbox/faults", body); status != 200 || doc["id"] == nil {
			t.Fatal(status, doc)
		}
	}
	add(`{"kind":"late_delivery","event":"inquiry.created","delay":"90s","rate":0.5}`)
	add(`{"kind":"status_before","operation":"Events.List","times":3,"status":429}`)
	add(`{"kind":"lost_answer","operation":"Cases.Create"}`)
	server.do("GET", "/api/v1/events", "")
	active := server.Faults()
	if len(active) != 3 || active[0].Delay != 90*time.Second || active[1].Seen != 1 || active[1].Happened != 1 || active[1].Status != 429 || active[2].Seen != 0 {
		t.Errorf("active: %+v", active)
	}
	remove := func(query string, want int) {
		t.Helper()
		if status, _ := server.raw("DELETE", "/_sandbox/faults"+query); status != want {
			t.Errorf("DELETE %q: %d", query, status)
		}
	}
	remove("?id="+strconv.Itoa(active[1].ID), 200)
	remove("?id="+strconv.Itoa(active[1].ID), 404)
	remove("?id=first", 404)
	status, body := server.raw("GET", "/_sandbox/faults")
	if status != 200 || !strings.Contains(body, `"delay":"1m30s"`) || !strings.Contains(body, `"lost_answer"`) || strings.Contains(body, "status_before") {
		t.Errorf("listed: %d %s", status, body)
	}
	remove("", 200)
	if left := server.Faults(); len(left) != 0 {
		t.Errorf("after clearing: %+v", left)
	}
}

// raw sends a request without a key, and returns the status and the body.
func (s *server) raw(method, path string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	ok(s.t, err)
	response, err := http.DefaultClient.Do(request)
	ok(s.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ok(s.t, err)
	return response.StatusCode, string(body)
}

func TestAFaultThatCannotHappenIsRefused(t *testing.T) {
	t.Parallel()
	for text, problem := range map[string]string{
		"":                                            "written kind=",
		"lost_answer":                                 "written kind=",
		"kind=lost_answer,kind=lost_answer":           "each name once",
		"kind=flood":                                  "kind must be one of lost_answer,",
		"operation=Inquiries.Create":                  "kind must be one of",
		"kind=lost_answer,color=red":                  `no "color"`,
		"kind=lost_answer,times=often":                `times "often"`,
		"kind=lost_answer,times=-1":                   "below zero",
		"kind=late_delivery,delay=-1s":                "below zero",
		"kind=late_delivery,delay=late":               `delay "late"`,
		"kind=lost_answer,rate=1.5":                   "rate must be",
		"kind=lost_answer,rate=NaN":                   "rate must be",
		"kind=lost_answer,event=inquiry.created":      "no event",
		"kind=lost_delivery,operation=Cases.Create":   "no operation",
		"kind=lost_delivery,event=inquiry.invented":   "name of an event",
		"kind=lost_answer,operation=Inquiries.Invent": "operation is not one",
		"kind=stale_search,operation=Inquiries.Get":   "such as Inquiries.Search",
		"kind=quota_exceeded,operation=Inquiries.Get": "such as Inquiries.Create",
		"kind=status_after,status=200":                "between 400 and 599",
		"kind=cached_status,status=429":               "never kept",
		"kind=lost_answer,status=500":                 "no status",
		"kind=lost_answer,delay=1s":                   "no delay",
		"kind=lost_answer,environment=staging":        "sandbox or production",
	} {
		if _, err := sandbox.ParseFault(text); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v", text, err)
		}
	}
	server := start(t, sandbox.Options{})
	for _, body := range []string{`{"kind":"flood"}`, `{"kind":"late_delivery","delay":"late"}`, `{"kind":"lost_answer","color":"red"}`} {
		if status, _, doc := server.do("POST", "/_sandbox/faults", body); status != 400 {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	if active := server.Faults(); len(active) != 0 {
		t.Errorf("active: %+v", active)
	}
}

func TestAnAnswerWithPartialIncludedLacksSomeOrAllOfIt(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	inquiry := newInquiry(t, client, "person").ID
	for range 3 {
		_, err := server.Act("sandbox", sandbox.Act{Do: "run_report", ID: inquiry, Type: "report/watchlist", Query: map[string]any{"term": "Jane"}})
		ok(t, err)
	}
	included := func() int {
		got, err := client.Inquiries.Get(t.Context(), inquiry, persona.WithInclude("account", "reports"))
		ok(t, err)
		if len(got.Relationships.Reports.Data) != 3 {
			t.Errorf("the inquiry names %v", got.Relationships.Reports.Data)
		}
		return len(got.Included)
	}
	const often = 40
	addFault(t, server.Sandbox, "kind=partial_included,operation=Inquiries.Get,times="+strconv.Itoa(often))
	seen := map[int]bool{}
	for range often {
		seen[included()] = true
	}
	if seen[4] || !seen[0] || !seen[1] && !seen[2] && !seen[3] {
		t.Errorf("of four resources came %v", seen)
	}
	if n := included(); n != 4 {
		t.Errorf("without the fault came %d of four resources", n)
	}
}

func TestAFaultHasTheTitleOfItsStatus(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for status, want := range map[int]string{
		400: "Bad request", 401: "Must be authenticated to access this endpoint", 403: "Forbidden", 404: "Record not found", 408: "Request Timeout", 409: "Conflict",
		422: "Unprocessable entity", 429: "Rate limit exceeded", 500: "Internal server error", 503: "Service unavailable",
	} {
		addFault(t, server.Sandbox, fmt.Sprintf("kind=status_before,operation=Inquiries.Get,status=%d", status))
		got, _, doc := server.do("GET", "/api/v1/inquiries/inq_1", "", "X-Unchecked", "not every status is in the document")
		if got != status || title(doc) != want {
			t.Errorf("%d: %d %q, want %q", status, got, title(doc), want)
		}
	}
}
