package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// inspected is a sandbox with something for every page of the inspector.
type inspected struct {
	*server
	inquiry, account, hook, created string // ids; created is the id of inquiry.created
	request                         string // the id of the request that created the inquiry
	code                            string // of OAuth
}

const (
	hostile    = `<b onload="x">Ada</b>`
	hookSecret = "wbhsec_5eed0000-0000-4000-8000-00000000abcd"
	seededKey  = "persona_sandbox_5eed0000-0000-4000-8000-00000000dcba"
)

func newInspected(t *testing.T) *inspected {
	t.Helper()
	to := newReceiver(t, 503)
	options := frozen()
	options.Seed = readSeed(t, `
sandbox:
  keys: [{name: Seeded, value: "`+seededKey+`"}]
  webhooks: [{id: wbh_World, name: World, url: "`+to.url+`", secret: "`+hookSecret+`", events: ["*"], headers: {X-Route-Token: custom-header-value}}]
  accounts: [{id: act_Parent, reference_id: parent}]
`)
	w := &inspected{server: start(t, options), hook: "wbh_World"}
	client := w.client()
	made, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), Note: persona.Set(hostile), AutoCreateAccountReferenceID: persona.Set("user-1"),
		Fields: persona.Set(map[string]any{"name_first": hostile}), AutoCreateOneTimeLink: persona.Set(true),
	}, persona.WithIdempotencyKey("key-1"))
	ok(t, err)
	w.inquiry, w.account = made.ID, made.Relationships.Account.Data.ID
	_, err = client.Inquiries.PerformSimulateActions(t.Context(), made.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		verification("create_failed_verification", sandbox.GovernmentIDTemplateID), action("complete_inquiry"),
	}})
	ok(t, err)
	_, err = client.Cases.Create(t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{made.ID, w.account})})
	ok(t, err)
	_, err = client.Accounts.AddRelation(t.Context(), w.account, persona.AccountAddRelationParams{RelationSchemaKey: "parent", TargetObjectID: "act_Parent"})
	ok(t, err)
	w.do("POST", "/api/v1/inquiries/"+made.ID+"/approve", `{}`, "Idempotency-Key", "key-2")
	w.do("POST", "/api/v1/inquiries/"+made.ID+"/approve", `{}`, "Idempotency-Key", "key-2")
	w.do("GET", "/api/v1/inquiries/inq_Nothing", "")
	code, err := client.OAuth.Authorize(t.Context(), persona.OAuthAuthorizeParams{ClientID: "acme", ResponseType: "code", Scope: "inquiry.read"})
	ok(t, err)
	w.code = code.Code
	w.Advance(5 * time.Second)
	w.settled()
	deliveries := w.Deliveries("sandbox")
	w.created = deliveries[slices.IndexFunc(deliveries, func(d sandbox.Delivery) bool { return d.EventName == "inquiry.created" })].EventID
	w.request = w.Calls("sandbox")[0].RequestID
	return w
}

// page reads a page of the inspector, which must exist.
func (s *server) page(path string) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+path, nil)
	ok(s.t, err)
	response, err := http.DefaultClient.Do(request)
	ok(s.t, err)
	body := bodyOf(s.t, response)
	if response.StatusCode != http.StatusOK {
		s.t.Errorf("%s: %d", path, response.StatusCode)
	}
	policy := response.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || response.Header.Get("Cache-Control") != "no-store" {
		s.t.Errorf("%s: headers %v", path, response.Header)
	}
	return body
}

func TestTheInspectorShows(t *testing.T) {
	t.Parallel()
	w := newInspected(t)
	for name, test := range map[string]struct {
		path string
		want []string
	}{
		"an overview":                     {"/_sandbox/", []string{"inquiry.approved", "World", "completed", "replayed", `href="/_sandbox/sandbox/objects/verification-template"`}},
		"an overview that is watched":     {"/_sandbox/sandbox/?watch=1", []string{"Auto-refresh is on", "Stop"}},
		"the objects of a kind":           {"/_sandbox/sandbox/objects/inquiry", []string{w.inquiry, "approved", "user-1", "2026-01-02 03:04:05"}},
		"an inquiry":                      {"/_sandbox/sandbox/object/" + w.inquiry, []string{"completed at", w.account, "inquiry.approved", "ALEXANDER J", "reviewer comment", "of inquiry session", "of case"}},
		"an account's relations":          {"/_sandbox/sandbox/object/" + w.account, []string{"parent", "act_Parent", "of inquiry", "of case"}},
		"a webhook's deliveries":          {"/_sandbox/sandbox/object/" + w.hook, []string{"wbhsec_••••abcd", "enabled", "inquiry.approved"}},
		"an event":                        {"/_sandbox/sandbox/object/" + w.created, []string{"as it was at the event", ">created<", "as it is now", ">approved<", "World"}},
		"events":                          {"/_sandbox/sandbox/events", []string{"case.created", "verification.failed", w.inquiry}},
		"events of a name":                {"/_sandbox/sandbox/events?name=case.created", []string{"case.created", `value="case.created"`}},
		"events of an object":             {"/_sandbox/sandbox/events?object=" + w.inquiry, []string{"inquiry.completed"}},
		"deliveries":                      {"/_sandbox/sandbox/deliveries", []string{"inquiry.created", "completed", "World"}},
		"deliveries in a state":           {"/_sandbox/sandbox/deliveries?state=completed&webhook=" + w.hook, []string{"<option selected>completed", "inquiry.created"}},
		"a delivery, with its payload":    {"/_sandbox/sandbox/deliveries/" + w.created + "/" + w.hook, []string{"200", "&#34;name&#34;: &#34;inquiry.created&#34;"}},
		"a delivery that was tried again": {"/_sandbox/sandbox/deliveries/" + w.Deliveries("sandbox")[0].EventID + "/" + w.hook, []string{"503", "200"}},
		"calls":                           {"/_sandbox/sandbox/calls", []string{"Inquiries.Create", "key-1", "replayed", "404"}},
		"calls with a key":                {"/_sandbox/sandbox/calls?key=key-2", []string{"replayed"}},
		"calls that failed":               {"/_sandbox/sandbox/calls?failed=on", []string{"404", " checked"}},
		"a call":                          {"/_sandbox/sandbox/calls/" + w.request, []string{"inquiry-template-id", "RateLimit-Limit", "key-1", "Inquiries.Create"}},
		"the clock and faults":            {"/_sandbox/control", []string{"There are no active faults", "truncated answer", `<option value="Inquiries.Approve">`}},
		"production, empty":               {"/_sandbox/production/", []string{"No events yet", "No deliveries yet", "No calls yet"}},
		"no events":                       {"/_sandbox/production/events", []string{"No events yet"}},
		"no deliveries":                   {"/_sandbox/production/deliveries", []string{"No deliveries yet"}},
		"no calls":                        {"/_sandbox/production/calls", []string{"No calls yet"}},
		"no events of a name":             {"/_sandbox/sandbox/events?name=report%2Fwatchlist.matched", []string{"No event matches"}},
		"no deliveries in a state":        {"/_sandbox/sandbox/deliveries?state=lost", []string{"No delivery matches"}},
		"no calls with a key":             {"/_sandbox/sandbox/calls?key=none", []string{"No call matches"}},
		"an object without relations":     {"/_sandbox/sandbox/object/" + sandbox.CaseQueueID, []string{"It has no relationships", "It has no events yet"}},
	} {
		t.Run(name, func(t *testing.T) {
			body := w.page(test.path)
			for _, want := range test.want {
				if !strings.Contains(body, want) {
					t.Errorf("%s does not show %q", test.path, want)
				}
			}
		})
	}
	if body := w.page("/_sandbox/sandbox/calls?key=key-2"); strings.Contains(body, "Cases.Create") {
		t.Error("calls with another key are shown")
	}
	if body := w.page("/_sandbox/sandbox/events?name=case.created"); strings.Contains(body, "inquiry.created") {
		t.Error("events of another name are shown")
	}
}

// TestEveryLinkOfTheInspectorLeadsSomewhere follows all links, and looks for what no page may
// contain.
func TestEveryLinkOfTheInspectorLeadsSomewhere(t *testing.T) {
	t.Parallel()
	w := newInspected(t)
	addFault(t, w.Sandbox, "kind=late_delivery,event=inquiry.created,rate=0.5")
	links := regexp.MustCompile(`href="([^"]*)"`)
	files, seen, waiting := 0, map[string]bool{}, []string{"/_sandbox/", "/_sandbox/production/"}
	for len(waiting) > 0 {
		path := waiting[0]
		waiting = waiting[1:]
		if seen[path] || strings.HasSuffix(path, ".css") {
			continue
		}
		seen[path] = true
		body := w.page(path)
		for _, never := range []string{hostile, "<script", "style=", sandbox.SandboxKey, sandbox.ProductionKey, hookSecret, seededKey, w.code, "oauth-code", "custom-header-value", "Bearer "} {
			if strings.Contains(body, never) {
				t.Errorf("%s has %q", path, never)
			}
		}
		base, err := url.Parse(path)
		ok(t, err)
		for _, match := range links.FindAllStringSubmatch(body, -1) {
			to, err := base.Parse(strings.ReplaceAll(match[1], "&amp;", "&"))
			ok(t, err)
			if strings.HasPrefix(to.RequestURI(), "/files/") {
				if status, _ := w.raw("GET", to.RequestURI()); status != http.StatusOK {
					t.Errorf("%s leads to %s: %d", path, to, status)
				}
				files++
				continue
			}
			if to.IsAbs() || !strings.HasPrefix(to.Path, "/_sandbox/") {
				t.Errorf("%s leads to %s", path, to)
				continue
			}
			waiting = append(waiting, to.RequestURI())
		}
	}
	if len(seen) < 60 || files == 0 {
		t.Errorf("only %d pages and %d files were seen", len(seen), files)
	}
}

func TestAPageReloadsItselfOnlyWhereItIsToldTo(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for path, want := range map[string]string{"/_sandbox/sandbox/": "", "/_sandbox/sandbox/?watch=1": "2", "/_sandbox/sandbox/events?watch=1": ""} {
		response, err := http.Get(server.url + path)
		ok(t, err)
		if bodyOf(t, response); response.Header.Get("Refresh") != want {
			t.Errorf("%s is read again after %q", path, response.Header.Get("Refresh"))
		}
	}
}

func TestLongListsHavePages(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for range 55 {
		newInquiry(t, server.client(), "")
	}
	older := regexp.MustCompile(`href="([^"]*)">older`)
	for _, list := range []struct {
		path, row string
		want      int
	}{
		{"/_sandbox/sandbox/objects/inquiry", `<td><a class="id" href="/_sandbox/sandbox/object/inq_`, 55},
		{"/_sandbox/sandbox/events?name=inquiry.created", `>inquiry.created</a>`, 55},
		{"/_sandbox/sandbox/calls?operation=Inquiries.Create", `<td class="operation">Inquiries.Create</td>`, 55},
	} {
		rows, pages, path := 0, 0, list.path
		for path != "" {
			body := server.page(path)
			rows += strings.Count(body, list.row)
			pages++
			match := older.FindStringSubmatch(body)
			if match == nil {
				break
			}
			base, _ := url.Parse(path)
			to, err := base.Parse(strings.ReplaceAll(match[1], "&amp;", "&"))
			ok(t, err)
			path = to.RequestURI()
		}
		if rows != list.want || pages != 2 {
			t.Errorf("%s: %d rows on %d pages", list.path, rows, pages)
		}
	}
}

func TestTheInspectorFindsIDs(t *testing.T) {
	t.Parallel()
	w := newInspected(t)
	for id, want := range map[string]string{
		w.inquiry:             "/_sandbox/sandbox/object/" + w.inquiry,
		" " + w.created + " ": "/_sandbox/sandbox/object/" + w.created,
		" User-1":             "/_sandbox/sandbox/object/" + w.account,
		w.request:             "/_sandbox/sandbox/calls/" + w.request,
		"inq_Nothing":         "",
		"../../../etc/passwd": "",
	} {
		response, err := http.Get(w.url + "/_sandbox/sandbox/find?id=" + url.QueryEscape(id))
		ok(t, err)
		body := bodyOf(t, response)
		if want == "" {
			if response.StatusCode != http.StatusNotFound || !strings.Contains(body, "Nothing has this id") {
				t.Errorf("%q: %d at %s", id, response.StatusCode, response.Request.URL)
			}
		} else if response.StatusCode != http.StatusOK || response.Request.URL.Path != want {
			t.Errorf("%q: %d at %s", id, response.StatusCode, response.Request.URL)
		}
	}
}

func TestWhatIsNotThereHasNoPage(t *testing.T) {
	t.Parallel()
	w := newInspected(t)
	for _, path := range []string{
		"/_sandbox/staging/", "/_sandbox/staging/events", "/_sandbox/sandbox/objects/unicorn", "/_sandbox/sandbox/objects/inquiry?after=inq_Nothing",
		"/_sandbox/sandbox/object/inq_Nothing", "/_sandbox/production/object/" + w.inquiry, "/_sandbox/sandbox/object/" + w.request, "/_sandbox/sandbox/object/" + w.code, "/_sandbox/sandbox/objects/oauth-code",
		"/_sandbox/sandbox/events?after=evt_Nothing",
		"/_sandbox/sandbox/deliveries/" + w.created + "/wbh_Nothing", "/_sandbox/sandbox/deliveries/" + w.inquiry + "/" + w.hook, "/_sandbox/sandbox/calls/req_Nothing", "/_sandbox/nothing",
	} {
		if status, _ := w.raw("GET", path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// submit sends a form like a browser, and returns the next page.
func (s *server) submit(path string, form url.Values, headers ...string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), "POST", s.url+path, strings.NewReader(form.Encode()))
	ok(s.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	for pair := range slices.Chunk(headers, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	response, err := http.DefaultClient.Do(request)
	ok(s.t, err)
	return response.StatusCode, bodyOf(s.t, response)
}

func TestTheInspectorMovesTheClock(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	before := server.Now()
	if status, body := server.submit("/_sandbox/control/clock", url.Values{"advance": {" 24h "}}); status != 200 || !strings.Contains(body, "2026-01-03 03:04:05") {
		t.Errorf("moving it: %d", status)
	}
	for _, wrong := range []string{"", "tomorrow", "-1h"} {
		if status, body := server.submit("/_sandbox/control/clock", url.Values{"advance": {wrong}}); status != 400 || !strings.Contains(body, "the clock moves forward") {
			t.Errorf("by %q: %d", wrong, status)
		}
	}
	if moved := server.Now().Sub(before); moved != 24*time.Hour {
		t.Errorf("it moved by %s", moved)
	}
}

func TestTheInspectorAddsAndTakesBackFaults(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	fault := url.Values{"kind": {"status_before"}, "operation": {"Inquiries.Get"}, "event": {""}, "status": {"503"}, "delay": {""}, "after": {"2"}, "times": {""}, "rate": {"0.25"}, "environment": {"production"}}
	if status, body := server.submit("/_sandbox/control/faults", fault); status != 200 || !strings.Contains(body, "rate 0.25") || !strings.Contains(body, "Inquiries.Get, in production") {
		t.Errorf("adding: %d", status)
	}
	if active := server.Faults(); len(active) != 1 || active[0].Status != 503 || active[0].After != 2 || active[0].Rate != 0.25 {
		t.Errorf("active: %+v", active)
	}
	if status, _ := server.submit("/_sandbox/control/faults/remove", url.Values{"id": {"1"}}); status != 200 || len(server.Faults()) != 0 {
		t.Errorf("taking it back: %d", status)
	}
	if status, body := server.submit("/_sandbox/control/faults/remove", url.Values{"id": {"1"}}); status != 400 || !strings.Contains(body, "gone already") {
		t.Errorf("taking it back again: %d", status)
	}
	server.submit("/_sandbox/control/faults", fault)
	server.submit("/_sandbox/control/faults", fault)
	if status, _ := server.submit("/_sandbox/control/faults/remove", url.Values{}); status != 200 || len(server.Faults()) != 0 {
		t.Errorf("taking all back: %d", status)
	}
	fault.Set("operation", `"><i>`)
	if status, body := server.submit("/_sandbox/control/faults", fault); status != 400 || !strings.Contains(body, "operation is not one") || !strings.Contains(body, `value="0.25"`) || strings.Contains(body, "<i>") {
		t.Errorf("a wrong one: %d", status)
	}
}

func TestTheInspectorResetsWhoeverIsSure(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	inquiry := newInquiry(t, server.client(), "").ID
	if status, _ := server.submit("/_sandbox/control/reset", url.Values{}); status != 400 {
		t.Errorf("unsure: %d", status)
	}
	server.page("/_sandbox/sandbox/object/" + inquiry)
	if status, _ := server.submit("/_sandbox/control/reset", url.Values{"sure": {"yes"}}); status != 200 {
		t.Errorf("sure: %d", status)
	}
	if status, _ := server.raw("GET", "/_sandbox/sandbox/object/"+inquiry); status != 404 {
		t.Errorf("after the reset: %d", status)
	}
}

func TestOtherSitesReachNothingOfTheInspector(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for _, path := range []string{"/_sandbox/control/clock", "/_sandbox/control/faults", "/_sandbox/control/faults/remove", "/_sandbox/control/reset"} {
		if status, _ := server.submit(path, url.Values{"advance": {"1h"}, "kind": {"lost_answer"}, "sure": {"yes"}}, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
			t.Errorf("%s from another site: %d", path, status)
		}
	}
	for host, want := range map[string]int{
		"rebound.example.com": 403, "127.0.0.1.example.com:8090": 403,
		"localhost:8090": 200, "sandbox.localhost": 200, "127.0.0.1": 200, "[::1]:8090": 200,
	} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", server.url+"/_sandbox/sandbox/", nil)
		ok(t, err)
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		ok(t, err)
		if bodyOf(t, response); response.StatusCode != want {
			t.Errorf("called as %q: %d", host, response.StatusCode)
		}
	}
}

// bodyOf returns the body of a response.
func bodyOf(t *testing.T, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ok(t, err)
	return string(body)
}
