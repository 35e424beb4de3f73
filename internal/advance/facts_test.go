package advance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	sdk "github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// world is an HTTP server that answers reads as Persona does, with the resources of a test.
type world struct {
	t      *testing.T
	client *sdk.Client

	mu        sync.Mutex
	resources map[string]resource // by id
	refused   map[string]int      // HTTP status by id or path
	bodies    map[string]string   // answers instead of a resource, by id
	includes  bool                // whether inquiries include the requested resources
	asked     []string            // the paths of the requests
	inFlight  int                 // concurrent requests
	maxSeen   int                 // the maximum of inFlight
}

// resource is a resource in Persona's JSON form.
type resource struct {
	Type          string         `json:"type"`
	ID            string         `json:"id"`
	Attributes    map[string]any `json:"attributes"`
	Relationships map[string]any `json:"relationships,omitempty"`
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, resources: map[string]resource{}, refused: map[string]int{}, bodies: map[string]string{}}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	client, err := sdk.NewClient(sdk.WithAPIKey("persona_sandbox_test"), sdk.WithBaseURL(server.URL), sdk.WithMaxRetries(0), sdk.WithHTTPClient(server.Client()))
	if err != nil {
		t.Fatal(err)
	}
	w.client = client
	// An inquiry of a person who passed, with a report that found a match.
	w.add("inquiry", "inq_1", map[string]any{"status": "completed", "created-at": "2026-03-01T11:00:00.000Z", "reference-id": "user-1"}, map[string]any{
		"account": to("account/act_1"), "verifications": toMany("verification/selfie/ver_1"), "reports": toMany("report/watchlist/rep_1"), "sessions": toMany("inquiry-session/iqse_1"),
	})
	w.add("account", "act_1", map[string]any{"reference-id": "user-1"}, nil)
	w.add("verification/selfie", "ver_1", map[string]any{"status": "passed", "created-at": "2026-03-01T11:01:00.000Z", "checks": []any{
		map[string]any{"name": "selfie_liveness_detection", "status": "passed", "requirement": "required"},
	}}, nil)
	w.add("report/watchlist", "rep_1", map[string]any{"status": "ready", "has-match": true}, nil)
	w.add("inquiry-session", "iqse_1", map[string]any{"status": "expired"}, nil)
	w.add("case", "case_1", map[string]any{"status": "Open", "created-at": "2026-03-01T11:02:00.000Z"}, map[string]any{"inquiries": toMany("inquiry/inq_1")})
	return w
}

func (w *world) add(typ, id string, attributes, relationships map[string]any) {
	w.resources[id] = resource{typ, id, attributes, relationships}
}

// to and toMany return relationships to resources, named as type/id.
func to(name string) map[string]any {
	i := strings.LastIndexByte(name, '/')
	return map[string]any{"data": map[string]any{"type": name[:i], "id": name[i+1:]}}
}

func toMany(names ...string) map[string]any {
	data := []any{}
	for _, name := range names {
		data = append(data, to(name)["data"])
	}
	return map[string]any{"data": data}
}

// ServeHTTP answers GET /kind/id and GET /kind.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.inFlight++
	w.maxSeen = max(w.maxSeen, w.inFlight)
	w.asked = append(w.asked, strings.TrimPrefix(r.URL.Path, "/"))
	w.mu.Unlock()
	time.Sleep(time.Millisecond) // so that requests overlap
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFlight--
	path := strings.TrimPrefix(r.URL.Path, "/")
	_, id, single := strings.Cut(path, "/")
	if !single {
		id = path
	}
	switch status, body := w.refused[id], w.bodies[id]; {
	case status != 0:
		rw.WriteHeader(status)
		fmt.Fprint(rw, `{"errors":[{"title":"refused","details":"user-1 may not be seen"}]}`)
	case body != "":
		fmt.Fprint(rw, body)
	case !single:
		w.list(rw, path, r.URL.Query().Get("filter[account-id]"))
	case w.resources[id].ID == "":
		rw.WriteHeader(http.StatusNotFound)
		fmt.Fprint(rw, `{"errors":[{"title":"Record not found"}]}`)
	default:
		w.write(rw, map[string]any{"data": w.resources[id], "included": w.included(r.URL.Query().Get("include"))})
	}
}

func (w *world) list(rw http.ResponseWriter, kind, account string) {
	all := []resource{}
	for _, r := range w.resources {
		of := map[string]any{"data": map[string]any{"type": "account", "id": account}}
		if kind == "cases" && r.Type == "case" || kind == "reports" && strings.HasPrefix(r.Type, "report/") && fmt.Sprint(r.Relationships["account"]) == fmt.Sprint(of) {
			all = append(all, r)
		}
	}
	w.write(rw, map[string]any{"data": all, "links": map[string]any{"next": nil}})
}

func (w *world) included(names string) []resource {
	all := []resource{}
	for _, r := range w.resources {
		family, _, _ := strings.Cut(r.Type, "/")
		if w.includes && names != "" && family != "inquiry" && family != "case" {
			all = append(all, r)
		}
	}
	return all
}

func (w *world) write(rw http.ResponseWriter, v any) {
	if err := json.NewEncoder(rw).Encode(v); err != nil {
		w.t.Error(err)
	}
}

func (w *world) facts(ref domain.Ref, accountReports bool) policy.Facts {
	w.t.Helper()
	f, err := w.read(ref, accountReports)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) read(ref domain.Ref, accountReports bool) (policy.Facts, error) {
	return advance.Persona{Client: w.client, Environment: domain.Sandbox}.Facts(w.t.Context(), ref, accountReports)
}

// decide returns the rule of the built-in policy that decides on the inquiry.
func (w *world) decide() string {
	w.t.Helper()
	f := w.facts(inquiry, false)
	f.Transition = domain.Transition{Object: inquiry, From: "pending", To: "completed"}
	name, source := policy.Default()
	p, err := policy.Load(name, source, domain.Sandbox)
	if err != nil {
		w.t.Fatal(err)
	}
	o := p.Decide(f)
	return string(o.Result) + " " + o.Rule
}

func ids(objects []domain.Object) string {
	var all []string
	for _, o := range objects {
		all = append(all, o.Ref.ID)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// summarize lists the objects in facts.
func summarize(f policy.Facts) string {
	var account []domain.Object
	if f.Account != nil {
		account = []domain.Object{*f.Account}
	}
	return strings.Join([]string{ids(f.Inquiries), ids(account), ids(f.Cases), ids(f.Verifications), ids(f.Reports), ids(f.AccountReports), ids(f.Sessions)}, " | ")
}

func TestFactsContainEveryObjectThatTheInquiryNames(t *testing.T) {
	for name, includes := range map[string]bool{"with what is included": true, "with nothing included": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.includes = includes
			w.add("report/watchlist", "rep_of_another", map[string]any{"status": "ready", "has-match": false}, nil)
			f := w.facts(inquiry, false)
			if got, want := summarize(f), "inq_1 | act_1 | case_1 | ver_1 | rep_1 |  | iqse_1"; got != want || len(f.Missing) > 0 {
				t.Errorf("read %s, want %s; missing %q", got, want, f.Missing)
			}
			if f.Inquiry == nil || f.Inquiry.Ref != inquiry || f.Environment != domain.Sandbox {
				t.Errorf("the inquiry is %v, of the %s", f.Inquiry, f.Environment)
			}
			if got := slices.Contains(w.asked, "reports/rep_1"); got == includes {
				t.Errorf("asked for %q", w.asked)
			}
		})
	}
}

// At commit 546fd2a the inquiry was approved, since its report was not included in the
// answer.
func TestAReportThatIsNotIncludedCounts(t *testing.T) {
	w := newWorld(t)
	if got := w.decide(); got != "decided review the rest" {
		t.Error(got)
	}
	w.resources["rep_1"].Attributes["has-match"] = false
	if got := w.decide(); got != "decided approve what passed" {
		t.Error(got)
	}
}

func TestUnreadableFactsAreMissing(t *testing.T) {
	other := func(typ, id string) string {
		return fmt.Sprintf(`{"data":{"type":%q,"id":%q,"attributes":{"status":"passed","created-at":"2026-03-01T11:00:00.000Z","checks":[],"has-match":false}}}`, typ, id)
	}
	for name, test := range map[string]struct {
		change func(*world)
		want   string
	}{
		"a report that may not be read":        {func(w *world) { w.refused["rep_1"] = 403 }, "report/watchlist rep_1 (403 Forbidden)"},
		"a report that is gone":                {func(w *world) { delete(w.resources, "rep_1") }, "report/watchlist rep_1 (404 Not Found)"},
		"a verification that is gone":          {func(w *world) { delete(w.resources, "ver_1") }, "verification/selfie ver_1 (404 Not Found)"},
		"an account that may not be read":      {func(w *world) { w.refused["act_1"] = 403 }, "account act_1 (403 Forbidden)"},
		"a session that may not be read":       {func(w *world) { w.refused["iqse_1"] = 403 }, "inquiry-session iqse_1 (403 Forbidden)"},
		"a call that Persona refuses":          {func(w *world) { w.refused["ver_1"] = 422 }, "verification/selfie ver_1 (422 Unprocessable Entity)"},
		"cases that may not be listed":         {func(w *world) { w.refused["cases"] = 403 }, "cases of inquiry inq_1 (403 Forbidden)"},
		"an answer that is not JSON":           {func(w *world) { w.bodies["rep_1"] = "<html>" }, "report/watchlist rep_1 (cannot be read)"},
		"an answer without a resource":         {func(w *world) { w.bodies["ver_1"] = "{}" }, "verification/selfie ver_1 (cannot be read)"},
		"an answer with another resource":      {func(w *world) { w.bodies["rep_1"] = other("report/watchlist", "rep_2") }, "report/watchlist rep_1 (cannot be read)"},
		"an answer with another type":          {func(w *world) { w.bodies["rep_1"] = other("report/profile", "rep_1") }, "report/watchlist rep_1 (cannot be read)"},
		"a list that is not an array":          {func(w *world) { w.bodies["cases"] = `{"data":{}}` }, "cases of inquiry inq_1 (cannot be read)"},
		"a relationship with an empty id":      {func(w *world) { w.resources["inq_1"].Relationships["reports"] = toMany("report/watchlist/") }, "inquiry inq_1 (cannot be read)"},
		"a relationship to another kind":       {func(w *world) { w.resources["inq_1"].Relationships["verifications"] = toMany("report/watchlist/rep_1") }, "inquiry inq_1: relationships.verifications"},
		"a relationship with an id that is ..": {func(w *world) { w.resources["inq_1"].Relationships["reports"] = toMany("report/watchlist/..") }, "inquiry inq_1 (cannot be read)"},
		"a relationship that is a string":      {func(w *world) { w.resources["inq_1"].Relationships["reports"] = "rep_1" }, "inquiry inq_1 (cannot be read)"},
		"a relationship that is null":          {func(w *world) { w.resources["inq_1"].Relationships["reports"] = map[string]any{"data": nil} }, "inquiry inq_1: relationships.reports"},
		"the inquiry may not be read":          {func(w *world) { w.refused["inq_1"] = 403 }, "inquiry inq_1 (403 Forbidden)"},
		"the inquiry is gone":                  {func(w *world) { delete(w.resources, "inq_1") }, "inquiry inq_1 (404 Not Found)"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.resources["rep_1"].Attributes["has-match"] = false
			test.change(w)
			f := w.facts(inquiry, false)
			if got := strings.Join(f.Missing, "; "); got != test.want {
				t.Errorf("missing %q, want %q", got, test.want)
			}
			if got := w.decide(); strings.HasPrefix(got, "decided approve") {
				t.Error(got)
			}
		})
	}
}

func TestWithheldFactsAreMissing(t *testing.T) {
	without := func(id string, names ...string) func(*world) {
		return func(w *world) {
			for _, name := range names {
				delete(w.resources[id].Attributes, name)
				delete(w.resources[id].Relationships, name)
			}
		}
	}
	set := func(id, name string, value any) func(*world) {
		return func(w *world) { w.resources[id].Attributes[name] = value }
	}
	check := func(without string) []any {
		c := map[string]any{"name": "a", "status": "passed", "requirement": "required"}
		delete(c, without)
		return []any{c}
	}
	for name, test := range map[string]struct {
		change func(*world)
		want   string
	}{
		"nothing":                                   {func(*world) {}, ""},
		"a report's match":                          {without("rep_1", "has-match"), "report/watchlist rep_1: has-match"},
		"a ready report's match is null":            {set("rep_1", "has-match", nil), "report/watchlist rep_1: has-match"},
		"a report's match is a string":              {set("rep_1", "has-match", "false"), "report/watchlist rep_1: has-match"},
		"a report's status":                         {without("rep_1", "status"), "report/watchlist rep_1: status"},
		"a verification's status":                   {without("ver_1", "status"), "verification/selfie ver_1: status"},
		"a verification's status is a number":       {set("ver_1", "status", 7), "verification/selfie ver_1: status"},
		"a verification's creation time":            {without("ver_1", "created-at"), "verification/selfie ver_1: created-at"},
		"a verification's creation time is invalid": {set("ver_1", "created-at", "today"), "verification/selfie ver_1: created-at"},
		"a verification's checks":                   {without("ver_1", "checks"), "verification/selfie ver_1: checks"},
		"a verification's checks are null":          {set("ver_1", "checks", nil), "verification/selfie ver_1: checks"},
		"a verification's checks are a string":      {set("ver_1", "checks", "passed"), "verification/selfie ver_1: checks"},
		"a check's name":                            {set("ver_1", "checks", check("name")), "verification/selfie ver_1: checks"},
		"a check's status":                          {set("ver_1", "checks", check("status")), "verification/selfie ver_1: checks"},
		"a check's requirement":                     {set("ver_1", "checks", check("requirement")), "verification/selfie ver_1: checks"},
		"a check with two statuses":                 {set("ver_1", "checks", []any{map[string]any{"name": "a", "status": "failed", "STATUS": "passed", "requirement": "required"}}), "verification/selfie ver_1: checks"},
		"an inquiry's status and creation time":     {without("inq_1", "status", "created-at"), "inquiry inq_1: created-at; inquiry inq_1: status"},
		"an inquiry's reference id":                 {without("inq_1", "reference-id"), "inquiry inq_1: reference-id"},
		"an inquiry's relationships": {without("inq_1", "account", "verifications", "reports", "sessions"),
			"inquiry inq_1: relationships.account; inquiry inq_1: relationships.reports; inquiry inq_1: relationships.sessions; inquiry inq_1: relationships.verifications"},
		"a case's status":                  {without("case_1", "status"), "case case_1: status"},
		"a case's inquiries":               {without("case_1", "inquiries"), "case case_1: relationships.inquiries"},
		"a report that is redacted":        {set("rep_1", "redacted-at", "2026-03-02T00:00:00.000Z"), "report/watchlist rep_1: redacted"},
		"an account that is redacted":      {set("act_1", "redacted-at", "2026-03-02T00:00:00.000Z"), "account act_1: redacted"},
		"an attribute that is given twice": {set("rep_1", "has_match", true), "report/watchlist rep_1 (cannot be read)"},
		"a key with other capitals":        {set("ver_1", "Status", "failed"), ""}, // not one of Persona's casings
	} {
		t.Run(name, func(t *testing.T) {
			for _, includes := range []bool{true, false} {
				w := newWorld(t)
				w.includes = includes
				w.resources["rep_1"].Attributes["has-match"] = false
				test.change(w)
				f := w.facts(inquiry, false)
				if got := strings.Join(f.Missing, "; "); got != test.want {
					t.Errorf("missing %q, want %q", got, test.want)
				}
				if got := w.decide(); strings.HasPrefix(got, "decided approve") != (test.want == "") {
					t.Error(got)
				}
			}
		})
	}
}

func TestOptionalFactsAreNotMissing(t *testing.T) {
	w := newWorld(t)
	w.resources["inq_1"].Attributes["reference-id"] = nil
	w.resources["inq_1"].Relationships["account"] = map[string]any{"data": nil}
	w.resources["inq_1"].Relationships["verifications"] = toMany("verification/government-id-nfc/ver_2")
	w.resources["rep_1"].Attributes["status"], w.resources["rep_1"].Attributes["has-match"] = "pending", nil
	w.add("verification/government-id-nfc", "ver_2", map[string]any{"status": "passed", "created-at": "2026-03-01T11:01:00.000Z", "checks": []any{
		map[string]any{"name": "id_chip", "status": "passed"},
	}}, nil)
	if f := w.facts(inquiry, true); len(f.Missing) > 0 {
		t.Errorf("missing %q", f.Missing)
	}
}

func TestReadingFactsFailsIfARetryMaySucceed(t *testing.T) {
	for name, change := range map[string]func(*world){
		"the inquiry, while Persona is failing":           func(w *world) { w.refused["inq_1"] = 500 },
		"a report, while Persona is failing":              func(w *world) { w.refused["rep_1"] = 503 },
		"a verification, when the rate limit is exceeded": func(w *world) { w.refused["ver_1"] = 429 },
		"the account, with a rejected API key":            func(w *world) { w.refused["act_1"] = 401 },
		"the cases, while Persona is failing":             func(w *world) { w.refused["cases"] = 502 },
		"the reports of the account":                      func(w *world) { w.refused["reports"] = 502 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			change(w)
			if f, err := w.read(inquiry, true); err == nil {
				t.Errorf("read %s, missing %q", summarize(f), f.Missing)
			} else if strings.Contains(err.Error(), "user-1") {
				t.Errorf("the error names a person: %v", err)
			}
		})
	}
	t.Run("when the network is gone", func(t *testing.T) {
		w := newWorld(t)
		client, err := sdk.NewClient(sdk.WithAPIKey("persona_sandbox_test"), sdk.WithBaseURL("http://127.0.0.1:1"), sdk.WithMaxRetries(0))
		if err != nil {
			t.Fatal(err)
		}
		w.client = client
		if _, err := w.read(inquiry, false); err == nil {
			t.Error("no error")
		}
	})
	t.Run("when the context ends", func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := (advance.Persona{Client: w.client}).Facts(ctx, inquiry, false); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestFactsOfACaseAreThoseOfAllItsInquiries(t *testing.T) {
	w := newWorld(t)
	w.add("inquiry", "inq_2", map[string]any{"status": "completed", "created-at": "2026-03-02T11:00:00.000Z", "reference-id": "user-2"}, map[string]any{
		"account": to("account/act_2"), "verifications": toMany("verification/document/ver_2"), "reports": toMany("report/profile/rep_2", "report/watchlist/rep_1"), "sessions": toMany(),
	})
	w.add("account", "act_2", map[string]any{"reference-id": "user-2"}, nil)
	w.add("verification/document", "ver_2", map[string]any{"status": "passed", "created-at": "2026-03-02T11:01:00.000Z", "checks": []any{}}, nil)
	w.add("report/profile", "rep_2", map[string]any{"status": "ready", "has-match": false}, nil)
	w.add("report/profile", "rep_3", map[string]any{"status": "ready", "has-match": true}, map[string]any{"account": to("account/act_1")})
	w.add("report/profile", "rep_4", map[string]any{"status": "ready", "has-match": true}, nil)
	w.resources["case_1"].Relationships["inquiries"] = toMany("inquiry/inq_1", "inquiry/inq_2")
	w.resources["case_1"].Relationships["reports"] = toMany("report/profile/rep_4", "report/profile/rep_2")
	theCase := domain.Ref{Type: "case", ID: "case_1"}
	f := w.facts(theCase, true)
	if got, want := summarize(f), "inq_1 inq_2 | act_2 | case_1 | ver_1 ver_2 | rep_1 rep_2 rep_4 | rep_3 | iqse_1"; got != want || len(f.Missing) > 0 {
		t.Errorf("read %s, want %s; missing %q", got, want, f.Missing)
	}
	if f.Inquiry.Ref.ID != "inq_2" || f.Inquiries[0].Ref.ID != "inq_2" {
		t.Errorf("the newest inquiry is %s, of %s", f.Inquiry.Ref, ids(f.Inquiries))
	}

	w.refused["inq_1"] = 404
	if f := w.facts(theCase, false); strings.Join(f.Missing, "; ") != "inquiry inq_1 (404 Not Found)" || ids(f.Inquiries) != "inq_2" || len(f.AccountReports) > 0 {
		t.Errorf("read %s, missing %q", summarize(f), f.Missing)
	}
	w.refused["case_1"] = 403
	if f := w.facts(theCase, false); strings.Join(f.Missing, "; ") != "case case_1 (403 Forbidden)" || len(f.Cases) > 0 || f.Inquiry != nil {
		t.Errorf("read %s, missing %q", summarize(f), f.Missing)
	}
}

func TestTheAccountsReportsAreReadOnRequest(t *testing.T) {
	w := newWorld(t)
	w.add("report/watchlist", "rep_9", map[string]any{"status": "ready"}, map[string]any{"account": to("account/act_1")})
	if f := w.facts(inquiry, false); len(f.AccountReports) > 0 || slices.Contains(w.asked, "reports") {
		t.Errorf("read %s by %q", summarize(f), w.asked)
	}
	if f := w.facts(inquiry, true); ids(f.AccountReports) != "rep_9" || strings.Join(f.Missing, "; ") != "report/watchlist rep_9: has-match" {
		t.Errorf("read %s, missing %q", summarize(f), f.Missing)
	}
	w.refused["reports"] = 403
	if f := w.facts(inquiry, true); strings.Join(f.Missing, "; ") != "reports of account act_1 (403 Forbidden)" {
		t.Errorf("missing %q", f.Missing)
	}
}

func TestAnObjectThatIsNamedTwiceIsOneFact(t *testing.T) {
	w := newWorld(t)
	w.resources["case_1"].Relationships["inquiries"] = toMany("inquiry/inq_1", "inquiry/inq_1")
	one, err := json.Marshal(w.resources["case_1"])
	if err != nil {
		t.Fatal(err)
	}
	w.bodies["cases"] = fmt.Sprintf(`{"data":[%s,%s],"links":{"next":null,"prev":null}}`, one, one)
	if f := w.facts(inquiry, false); len(f.Cases) != 1 {
		t.Errorf("the inquiry is in %d cases", len(f.Cases))
	}
	if f := w.facts(domain.Ref{Type: "case", ID: "case_1"}, false); len(f.Inquiries) != 1 {
		t.Errorf("the case is about %d inquiries", len(f.Inquiries))
	}
}

func TestACaseThatDoesNotNameTheInquiryIsNoFact(t *testing.T) {
	w := newWorld(t)
	w.add("case", "case_2", map[string]any{"status": "Open"}, map[string]any{"inquiries": toMany("inquiry/inq_2")})
	if f := w.facts(inquiry, false); ids(f.Cases) != "case_1" {
		t.Errorf("read %s", summarize(f))
	}
}

func TestConcurrentCallsAreLimited(t *testing.T) {
	w := newWorld(t)
	var reports []string
	for i := range 30 {
		id := fmt.Sprintf("rep_%d", i)
		reports = append(reports, "report/watchlist/"+id)
		w.add("report/watchlist", id, map[string]any{"status": "ready", "has-match": false}, nil)
	}
	w.resources["inq_1"].Relationships["reports"] = toMany(reports...)
	if f := w.facts(inquiry, false); len(f.Reports) != 30 || len(f.Missing) > 0 {
		t.Errorf("read %s, missing %q", summarize(f), f.Missing)
	}
	if w.maxSeen > 4 {
		t.Errorf("there were %d concurrent calls", w.maxSeen)
	}
}

func TestFactsReadFromTheSandboxAreComplete(t *testing.T) {
	server := sandbox.NewServer(t)
	client := server.Client()
	created, err := client.Inquiries.Create(t.Context(), sdk.InquiryCreateParams{
		InquiryTemplateID: sdk.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: sdk.Set("user-1"), AutoCreateInquirySession: sdk.Set(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	simulate := func(typ, template string) {
		t.Helper()
		action := sdk.SimulateAction{Type: typ}
		if template != "" {
			action.Data = sdk.Set(sdk.SimulateActionData{VerificationTemplateID: template})
		}
		if _, err := client.Inquiries.PerformSimulateActions(t.Context(), created.ID, sdk.InquiryPerformSimulateActionsParams{SimulateActions: []sdk.SimulateAction{action}}); err != nil {
			t.Fatal(err)
		}
		server.Sandbox.Advance(time.Minute)
	}
	simulate("start_inquiry", "")
	simulate("create_failed_verification", sandbox.GovernmentIDTemplateID)
	simulate("create_passed_verification", sandbox.GovernmentIDTemplateID)
	simulate("complete_inquiry", "")
	if _, err := client.Cases.Create(t.Context(), sdk.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: sdk.Set([]string{created.ID})}); err != nil {
		t.Fatal(err)
	}
	f, err := advance.Persona{Client: client, Environment: domain.Sandbox}.Facts(t.Context(), domain.Ref{Type: "inquiry", ID: created.ID}, true)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Missing) > 0 || len(f.Verifications) != 2 || len(f.Cases) != 1 || f.Account == nil || len(f.Sessions) == 0 {
		t.Errorf("read %s, missing %q", summarize(f), f.Missing)
	}
	if failed := policy.FailedChecks(f.Verifications); len(failed) > 0 {
		t.Errorf("the earlier attempt counts: %q", failed)
	}
}
