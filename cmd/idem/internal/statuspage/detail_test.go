package statuspage

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// explain implements api.Explain.
func (w *world) explain(_ domain.Environment, d domain.Decision) (string, []policy.Trial, error) {
	if d.ID == "dec_broken" {
		return "", nil, errors.New("the facts cannot be read")
	}
	return "next", []policy.Trial{
		{Rule: "first " + d.ID, Result: policy.NotMatched, Parts: []policy.Part{{Text: `passed("selfie")`, Holds: true}, {Text: "clear(reports)"}, {Text: "a <b>", Problem: "there is no a"}}},
		{Rule: "second", Result: policy.NotTried},
	}, nil
}

// links returns the addresses that a page links to below /status/.
func links(t *testing.T, html string) (found []string) {
	t.Helper()
	for _, part := range strings.Split(html, `<a href="/status/`)[1:] {
		address, _, _ := strings.Cut(part, `"`)
		found = append(found, "/status/"+strings.ReplaceAll(address, "&amp;", "&"))
	}
	return found
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, word := range []string{"one", "a/b", "..", "50%2F", "x?y#z&w", "ü ", `"'><script>`} {
		w := newWorld(t)
		w.store(t, word, noon())
		seen, reached := map[string]bool{}, map[string]bool{}
		queue := links(t, w.get(t, "/"))
		for len(queue) > 0 {
			address := queue[0]
			if queue = queue[1:]; seen[address] {
				continue
			}
			seen[address] = true
			if parsed, err := url.Parse(address); err == nil {
				reached[parsed.Path+" "+parsed.Query().Get("id")+parsed.Query().Get("reference")] = true
			}
			rec := w.serve(httptest.NewRequest("GET", address, nil))
			if rec.Code != http.StatusOK && !(rec.Code == http.StatusNotFound && strings.HasPrefix(word, "ü")) { // no object has such an id
				t.Errorf("%s is answered with %d", address, rec.Code)
			}
			html := rec.Body.String()
			if strings.Contains(html, "<script") {
				t.Errorf("a row became markup at %s", address)
			}
			queue = append(queue, links(t, html)...)
		}
		for _, want := range []string{"/status/person user-" + word, "/status/object inq_" + word, "/status/decision dec_" + word} {
			if !reached[want] {
				t.Errorf("no link leads to %q", want)
			}
		}
	}
}

func TestAPersonHasOneTimeline(t *testing.T) {
	w := newWorld(t)
	w.store(t, "one", noon())
	w.store(t, "other", noon().Add(time.Second))
	html := w.get(t, "/status/person?reference=user-one")
	for _, want := range []string{"user-one", `<span class="badge open">review`, "inquiry.one", "rule one", "refused one", "subject.verdict_changed"} {
		if !strings.Contains(html, want) {
			t.Errorf("the timeline lacks %q", want)
		}
	}
	if strings.Contains(html, "other") {
		t.Error("it shows somebody else")
	}
	if html := w.get(t, "/status/person?reference=nobody"); !strings.Contains(html, "Nothing happened yet.") {
		t.Error("nobody has a timeline")
	}
}

func TestADecisionSaysWhyARuleDidNotMatch(t *testing.T) {
	w := newWorld(t)
	w.store(t, "one", noon())
	html := strings.Join(strings.Fields(w.get(t, "/status/decision?id=dec_one")), " ")
	for _, want := range []string{
		"first dec_one", `<span class="good">✓</span> <code>passed(&#34;selfie&#34;)</code>`, `<span class="bad">✗</span> <code>clear(reports)</code>`,
		`<span class="open">?</span> <code>a &lt;b&gt;</code> <small>there is no a</small>`, "These are the rules of the present version, next",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q:\n%s", want, html)
		}
	}
	for path, want := range map[string]int{"/status/decision?id=dec_none": 404, "/status/decision": 404} {
		if rec := w.serve(httptest.NewRequest("GET", path, nil)); rec.Code != want {
			t.Errorf("%s is answered with %d", path, rec.Code)
		}
	}
	w.store(t, "broken", noon())
	if rec := w.serve(httptest.NewRequest("GET", "/status/decision?id=dec_broken", nil)); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("facts that cannot be read are answered with %d", rec.Code)
	}
}

func TestThePageShowsEndpointsAndHealth(t *testing.T) {
	w := newWorld(t)
	html := w.get(t, "/")
	if !strings.Contains(html, `<span class="badge good">Healthy</span>`) {
		t.Error("an idle service is not healthy")
	}
	if err := w.db.CreateEndpoint(t.Context(), domain.Endpoint{Environment: domain.Sandbox, Name: "crm", URL: "https://host.example/hook", Disabled: "it answered 410"}, nil); err != nil {
		t.Fatal(err)
	}
	html = w.get(t, "/")
	for _, want := range []string{`<span class="badge open">Look at it</span>`, "crm", "https://host.example/hook", `<span class="badge bad">disabled</span> <small>it answered 410</small>`, "everything"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	soon := noon().Add(time.Minute)
	for name, c := range map[string]struct {
		e    api.Endpoint
		want endpoint
	}{
		"one that answers":    {api.Endpoint{Enabled: true}, endpoint{State: "enabled", Tone: "good"}},
		"one that failed":     {api.Endpoint{Enabled: true, Failures: 2}, endpoint{State: "enabled", Tone: "good", Why: "2 failures in a row"}},
		"one that is paused":  {api.Endpoint{Enabled: true, Failures: 7, PausedUntil: &soon}, endpoint{State: "paused", Tone: "open", Why: "7 failures in a row"}},
		"one that is retried": {api.Endpoint{Enabled: true, Failures: 7, PausedUntil: new(noon())}, endpoint{State: "enabled", Tone: "good", Why: "7 failures in a row"}},
	} {
		if got := stateOf(c.e, noon()); got.State != c.want.State || got.Tone != c.want.Tone || got.Why != c.want.Why {
			t.Errorf("%s is %+v, want %+v", name, got, c.want)
		}
	}
}
