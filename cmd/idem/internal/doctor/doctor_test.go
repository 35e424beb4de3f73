package doctor

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/service"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// response is an answer of Persona with headers.
func response(headers ...string) *persona.Response {
	r := &persona.Response{Header: http.Header{}}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func TestAClockIsComparedWithPersonas(t *testing.T) {
	for name, c := range map[string]struct {
		skew, tolerance time.Duration
		want            Level
	}{
		"the same":                           {0, 0, OK},
		"half a minute ahead":                {30 * time.Second, 0, OK},
		"two minutes behind":                 {-2 * time.Minute, 0, Warning},
		"five minutes ahead":                 {5 * time.Minute, 0, Problem},
		"two minutes ahead, one is accepted": {2 * time.Minute, time.Minute, Problem},
	} {
		f := clock(response("Date", noon.Format(http.TimeFormat)), noon.Add(c.skew), c.tolerance)
		if f.Level != c.want || (f.Do == "") != (f.Level == OK) {
			t.Errorf("%s: %+v, want %s", name, f, c.want)
		}
	}
	if f := clock(response(), noon, 0); f.Level != Skipped {
		t.Errorf("without a time: %+v", f)
	}
}

func TestARateLimitThatIsNearlyUsedUpIsAWarning(t *testing.T) {
	for remaining, want := range map[string]Level{"300": OK, "45": OK, "44": Warning, "0": Warning, "": Skipped} {
		if f := rate(response("RateLimit-Limit", "300", "RateLimit-Remaining", remaining)); f.Level != want {
			t.Errorf("%q left: %+v, want %s", remaining, f, want)
		}
	}
}

// found is what is expected of a finding.
type found struct {
	level Level
	says  string
}

// findingsOf checks a service that is ready and has metrics. The findings are by environment
// and check.
func findingsOf(t *testing.T, metrics string) map[string]Finding {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			_, _ = w.Write([]byte(metrics))
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	}))
	defer server.Close()
	o := Options{Environments: []service.Environment{service.Sandbox, service.Production}, ServiceURL: server.URL, HTTP: server.Client()}
	got := map[string]Finding{}
	o.process(t.Context(), func(f Finding) { got[f.Environment+" "+f.Check] = f })
	return got
}

func compareFindings(t *testing.T, got map[string]Finding, want map[string]found) {
	t.Helper()
	for check, want := range want {
		if f := got[check]; f.Level != want.level || !strings.Contains(f.Found, want.says) {
			t.Errorf("%s: %+v, want %s %q", check, f, want.level, want.says)
		}
	}
}

func TestTheBacklogIsReadFromTheMetrics(t *testing.T) {
	got := findingsOf(t, `# TYPE idem_inbox_events gauge
# TYPE idem_inbox_oldest_waiting_seconds gauge
# TYPE idem_actions gauge
idem_inbox_events{environment="sandbox",state="waiting"} 7
idem_inbox_events{environment="sandbox",state="poison"} 2
idem_inbox_oldest_waiting_seconds{environment="sandbox"} 90
idem_actions{environment="sandbox",state="waiting"} 4
idem_actions{environment="sandbox",state="dead"} 1
idem_inbox_events{environment="production",state="waiting"} 1
idem_inbox_oldest_waiting_seconds{environment="production"} 3600
`)
	compareFindings(t, got, map[string]found{
		" service":                  {OK, "is ready"},
		"sandbox oldest waiting":    {Warning, "7 waiting events, the oldest for 1m30s"},
		"sandbox poison events":     {Warning, "2 events cannot be processed"},
		"sandbox dead actions":      {Problem, "1 action was given up"},
		"production oldest waiting": {Problem, "1 waiting event, the oldest for 1h0m0s"},
		"production dead actions":   {OK, "none"},
	})
	away := findingsOf(t, "# TYPE idem_store_up gauge\nidem_store_up{environment=\"sandbox\"} 0\n")
	compareFindings(t, away, map[string]found{"sandbox oldest waiting": {Problem, "cannot read its database"}})
}

func TestAServiceThatIsNotReadyIsAProblem(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the database rejects writes", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	var first Finding
	Options{ServiceURL: server.URL, HTTP: server.Client()}.process(t.Context(), func(f Finding) {
		if first.Check == "" {
			first = f
		}
	})
	if first.Level != Problem || !strings.Contains(first.Found, "the database rejects writes") {
		t.Errorf("it finds %+v", first)
	}
}

// hook is a webhook with secrets, of which those that begin with "old" expired.
func hook(secrets ...string) *persona.WebhookWithSecret {
	h := &persona.WebhookWithSecret{}
	h.ID = "wbh_1"
	for _, value := range secrets {
		secret := persona.WebhookWithSecretSecret{Value: value}
		if strings.HasPrefix(value, "old") {
			secret.ExpiresAt = persona.Time{Time: noon.Add(-time.Minute)}
		}
		h.Attributes.Secrets = append(h.Attributes.Secrets, secret)
	}
	return h
}

func TestTheSecretsOfTheWebhookMustBeKnown(t *testing.T) {
	a := account{settings: service.EnvironmentConfig{WebhookSecrets: []service.Secret{"one", "two"}}}
	for name, c := range map[string]struct {
		secrets []string
		want    Level
	}{
		"all are known":                    {[]string{"one", "two"}, OK},
		"the one there is":                 {[]string{"two"}, OK},
		"one of two, during a rotation":    {[]string{"new", "one"}, Warning},
		"none":                             {[]string{"new"}, Problem},
		"none but one that has expired":    {[]string{"new", "old"}, Problem},
		"all but one that has expired":     {[]string{"one", "old"}, OK},
		"none is shown":                    {nil, Skipped},
		"the old one alone, which is over": {[]string{"old"}, Skipped},
	} {
		f := a.secrets(hook(c.secrets...), noon)
		if f.Level != c.want {
			t.Errorf("%s: %+v, want %s", name, f, c.want)
		}
		for _, secret := range c.secrets {
			if strings.Contains(f.Found+f.Do, `"`+secret+`"`) {
				t.Errorf("%s: it tells a secret: %+v", name, f)
			}
		}
	}
}

func TestAWebhookMustBringWhatLeadsToDecisions(t *testing.T) {
	a := account{environment: service.Sandbox}
	var inquiriesAndCases, all []string
	for _, name := range webhook.Documented() {
		all = append(all, string(name))
		if kind, _, _ := strings.Cut(string(name), "."); kind == "inquiry" || kind == "case" {
			inquiriesAndCases = append(inquiriesAndCases, string(name))
		}
	}
	for name, c := range map[string]struct {
		events []string
		want   Level
	}{
		"everything":                   {[]string{"*"}, OK},
		"everything by name":           {all, OK},
		"inquiries and cases":          {inquiriesAndCases, Warning},
		"all but one":                  {inquiriesAndCases[1:], Problem},
		"nothing that the service has": {[]string{"list-item.created"}, Problem},
	} {
		h := hook()
		h.Attributes.EnabledEvents = c.events
		if f := a.subscribed(h); f.Level != c.want {
			t.Errorf("%s: %+v, want %s", name, f, c.want)
		}
	}
}

func TestAMissingWebhookIsAProblemUnlessTheSandboxGetsItsEventsOtherwise(t *testing.T) {
	for name, c := range map[string]struct {
		account
		want Level
		do   string
	}{
		"the sandbox without events":   {account{environment: service.Sandbox}, Problem, "idem listen"},
		"the sandbox with idem listen": {account{environment: service.Sandbox, accepted: 3}, Warning, "from Persona itself"},
		"production without a webhook": {account{environment: service.Production, accepted: 3}, Problem, "idem webhook apply"},
	} {
		if f := c.noWebhook(); f.Level != c.want || !strings.Contains(f.Do, c.do) {
			t.Errorf("%s: %v: %s", name, f.Level, f.Do)
		}
	}
}

func TestProductionNeedsHTTPS(t *testing.T) {
	for address, want := range map[string]Level{
		"https://idem.example.com/webhooks/persona/production":  OK,
		"https://idem.example.com/webhooks/persona/production/": OK,
		"http://idem.example.com/webhooks/persona/production":   Problem,
		"https://idem.example.com/hooks":                        Warning,
		"":                                                      Problem,
	} {
		h := hook()
		h.Attributes.URL = address
		if f := (account{environment: service.Production}).address(h); f.Level != want {
			t.Errorf("%q: %+v, want %s", address, f, want)
		}
	}
}

func TestWhatAnswersAtTheAddressMustBeTheService(t *testing.T) {
	service := http.NewServeMux()
	service.HandleFunc("POST /webhooks/persona/sandbox", func(http.ResponseWriter, *http.Request) { t.Error("it was sent something") })
	for name, c := range map[string]struct {
		handler http.Handler
		want    Level
	}{"the service": {service, OK}, "another program": {http.NotFoundHandler(), Warning}} {
		server := httptest.NewServer(c.handler)
		f := account{http: server.Client()}.reachable(t.Context(), server.URL+"/webhooks/persona/sandbox")
		if f.Level != c.want {
			t.Errorf("%s: %+v, want %s", name, f, c.want)
		}
		server.Close()
		if f := (account{http: server.Client()}).reachable(t.Context(), server.URL); f.Level != Warning {
			t.Errorf("nobody: %+v", f)
		}
	}
}
