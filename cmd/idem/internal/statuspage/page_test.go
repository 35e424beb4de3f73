package statuspage

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
)

// noon is when everything in these tests begins.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// world is a page over the API of a real store.
type world struct {
	db      *sqlite.DB
	page    http.Handler
	applied []string // reference ids and outcomes
	refuse  error    // of the sandbox
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "idem.db"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{db: db}
	t.Cleanup(func() { db.Close() })
	mux := http.NewServeMux()
	api.Register(mux, api.Deps{Store: db, Environments: []domain.Environment{domain.Sandbox}, Token: "token", Logger: slog.New(slog.DiscardHandler), Now: noon, Explain: w.explain})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.page = New(remote.Client{URL: server.URL, Token: "token", Environment: "sandbox"}, w, []Address{{"Sandbox", "http://127.0.0.1:8090", true}, {"API", "http://127.0.0.1:8091", false}}, slog.New(slog.DiscardHandler))
	return w
}

// Apply implements Applicants.
func (w *world) Apply(_ context.Context, reference string, outcome Outcome) error {
	w.applied = append(w.applied, reference+" "+string(outcome))
	return w.refuse
}

// store saves one row of each kind, each text of which is made of the word.
func (w *world) store(t *testing.T, word string, at time.Time) {
	t.Helper()
	ref := domain.Ref{Type: "inquiry", ID: "inq_" + word}
	event := domain.Event{
		Environment: domain.Sandbox, ID: "evt_" + word, Name: "inquiry." + word, CreatedAt: at, Object: ref, Body: []byte("{}"),
		Via: domain.ViaWebhook, ReceivedAt: at, State: domain.EventWaiting,
	}
	if _, err := w.db.AppendEvents(t.Context(), []domain.Event{event}); err != nil {
		t.Fatal(err)
	}
	_, err := w.db.Save(t.Context(), domain.Sandbox, []store.Advance{{
		Events: []store.EventMark{{ID: event.ID, ReceivedAt: event.ReceivedAt, State: domain.EventApplied}},
		Objects: []domain.Object{{
			Environment: domain.Sandbox, Ref: ref, Status: "status_" + word, ReferenceID: "user-" + word, AsOf: at, EventID: event.ID,
		}},
		Decisions: []domain.Decision{{
			ID: "dec_" + word, Environment: domain.Sandbox, Object: ref, Transition: domain.Transition{Object: ref, To: "to_" + word},
			Rule: "rule " + word, Explanation: "because " + word, DecidedAt: at,
		}},
		Actions: []domain.Action{{
			ID: "axn_" + word, Environment: domain.Sandbox, DecisionID: "dec_" + word, DerivedKey: word, State: domain.ActionDead, Attempts: 3,
			Spec:    domain.ActionSpec{Kind: domain.TagInquiry, Target: ref, Arguments: map[string]string{"tag": "tag " + word}},
			Outcome: "refused " + word, CreatedAt: at,
		}},
	}}, store.Verdicts{Now: at, Of: func([]domain.Object) domain.Subject {
		return domain.Subject{Verdict: domain.VerdictReview, Object: ref, Status: "status_" + word}
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) serve(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.page.ServeHTTP(rec, r)
	return rec
}

func (w *world) get(t *testing.T, path string) string {
	t.Helper()
	rec := w.serve(httptest.NewRequest("GET", path, nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

func TestThePageShowsEachKindNewestFirst(t *testing.T) {
	w := newWorld(t)
	w.store(t, "older", noon())
	w.store(t, "newer", noon().Add(time.Second))
	html := w.get(t, "/")
	for kind, text := range map[string]string{
		"people":                "user-%",
		"decisions":             "because %",
		"actions":               "refused %, 3 attempts",
		"arguments":             "<b>tag %</b>",
		"objects":               "status %",
		"events":                "inquiry.%",
		"what became":           "to %",
		"the rule":              "rule %",
		"the address of a page": `<a href="http://127.0.0.1:8090">`,
		"the address of an API": "<dd><code>http://127.0.0.1:8091</code>",
	} {
		newer, older := strings.Index(html, strings.ReplaceAll(text, "%", "newer")), strings.LastIndex(html, strings.ReplaceAll(text, "%", "older"))
		if newer < 0 || older < newer {
			t.Errorf("%s: the newer is at %d, the older at %d", kind, newer, older)
		}
	}
	if !strings.Contains(html, `<time datetime="2026-11-23T12:00:01.000Z"`) {
		t.Error("the time is not shown")
	}
}

func TestAnEmptyServiceSaysWhatToDo(t *testing.T) {
	if html := newWorld(t).get(t, "/"); !strings.Contains(html, "Nobody yet. Create an applicant") {
		t.Errorf("the page does not say what to do:\n%s", html)
	}
}

func TestNothingOfARowBecomesMarkup(t *testing.T) {
	const hostile = `"'><script>alert(1)</script>`
	w := newWorld(t)
	w.store(t, hostile, noon())
	html := w.get(t, "/")
	if strings.Contains(html, "<script") || strings.Contains(html, `"'>`) {
		t.Errorf("a row became markup:\n%s", html)
	}
	if n := strings.Count(html, "&lt;script&gt;"); n < 10 {
		t.Errorf("the hostile text is on the page %d times: is every row shown?", n)
	}
}

func TestAnyReferenceIdIsShown(t *testing.T) {
	for _, word := range []string{"a/b", "../..", "50%2F", "x?y#z", "ü", " "} {
		w := newWorld(t)
		w.store(t, word, noon())
		if html := w.get(t, "/"); !strings.Contains(html, ">user-"+word+"</a></td><td><span class=\"badge open\">review<") {
			t.Errorf("user-%s is not shown with the verdict", word)
		}
	}
}

func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	w := newWorld(t)
	rec := w.serve(httptest.NewRequest("GET", "/", nil))
	if policy := rec.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; form-action 'self'") {
		t.Errorf("the content security policy is %q", policy)
	}
	if css := w.get(t, "/status/page.css"); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style sheet asks for something else")
	}
}

func TestThePageRefreshesItselfOnlyWhereItIsToldTo(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{"/": "", "/?watch=1": "2"} {
		if got := w.serve(httptest.NewRequest(http.MethodGet, path, nil)).Header().Get("Refresh"); got != want {
			t.Errorf("%s is read again after %q", path, got)
		}
	}
}

func TestAPageThatCannotBeReadSaysSo(t *testing.T) {
	w := newWorld(t)
	w.db.Close()
	rec := w.serve(httptest.NewRequest("GET", "/", nil))
	if rec.Code != http.StatusServiceUnavailable || strings.Contains(rec.Body.String(), "sql") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestTheForm(t *testing.T) {
	for name, test := range map[string]struct {
		form    url.Values
		headers map[string]string
		refuse  error
		want    int
		applied string // a prefix
	}{
		"makes an applicant who passes":            {form: url.Values{"outcome": {"pass"}, "reference": {" user-1 "}}, want: 303, applied: "user-1 pass"},
		"makes one who is doubtful":                {form: url.Values{"outcome": {"review"}, "reference": {"user-1"}}, want: 303, applied: "user-1 review"},
		"makes one who fails":                      {form: url.Values{"outcome": {"fail"}, "reference": {"user-1"}}, want: 303, applied: "user-1 fail"},
		"makes up a reference id":                  {form: url.Values{"outcome": {"pass"}}, want: 303, applied: "user_"},
		"takes a form of its own page":             {form: url.Values{"outcome": {"pass"}}, headers: map[string]string{"Sec-Fetch-Site": "same-origin"}, want: 303, applied: "user_"},
		"takes the form of an older browser":       {form: url.Values{"outcome": {"pass"}}, headers: map[string]string{"Origin": "http://example.com"}, want: 303, applied: "user_"},
		"refuses a form of another site":           {form: url.Values{"outcome": {"pass"}}, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}, want: 403},
		"refuses one of another origin":            {form: url.Values{"outcome": {"pass"}}, headers: map[string]string{"Origin": "https://attacker.example"}, want: 403},
		"refuses an unknown outcome":               {form: url.Values{"outcome": {"approve"}}, want: 400},
		"refuses none":                             {want: 400},
		"refuses a reference id that is too long":  {form: url.Values{"outcome": {"pass"}, "reference": {strings.Repeat("x", 101)}}, want: 400},
		"refuses a body that is too large":         {form: url.Values{"outcome": {"pass"}, "more": {strings.Repeat("x", 5000)}}, want: 400},
		"says when the sandbox makes no applicant": {form: url.Values{"outcome": {"pass"}, "reference": {"user-1"}}, refuse: errors.New("refused"), want: 502, applied: "user-1 pass"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.refuse = test.refuse
			r := httptest.NewRequest("POST", "http://example.com/status/applicants", strings.NewReader(test.form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for key, value := range test.headers {
				r.Header.Set(key, value)
			}
			rec := w.serve(r)
			if rec.Code != test.want {
				t.Errorf("answered %d: %s", rec.Code, rec.Body)
			}
			if rec.Code == http.StatusSeeOther && rec.Header().Get("Location") != "/?watch=1" {
				t.Errorf("goes to %q", rec.Header().Get("Location"))
			}
			if applied := strings.Join(w.applied, ", "); !strings.HasPrefix(applied, test.applied) || (applied == "") != (test.applied == "") {
				t.Errorf("made %q", applied)
			}
		})
	}
}
