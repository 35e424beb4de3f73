package doctor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/service"
)

func TestASignedRequestTestsTheWayToTheService(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    Level
		says    string
	}{
		"a service that knows the secret": {answerTo("one"), OK, "accepts a signed request"},
		"a service with another secret":   {answerTo("two"), Problem, "rejects what is signed"},
		"a proxy that changes bodies": {func(w http.ResponseWriter, r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(`{ "idem": "doctor" }`))
			answerTo("one")(w, r)
		}, Problem, "rejects what is signed"},
		"something else": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }, Warning, "answered with 200"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			h := hook("one")
			h.Attributes.URL = server.URL
			f := account{environment: service.Sandbox, http: server.Client()}.signed(t.Context(), h)
			if f.Level != c.want || !strings.Contains(f.Found, c.says) || (f.Do == "") != (f.Level == OK) {
				t.Errorf("%+v, want %s with %q", f, c.want, c.says)
			}
		})
	}
}

// answerTo answers as the service does.
func answerTo(secret string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || webhook.VerifyHeader(body, r.Header, []string{secret}) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
	}
}

func TestDeliveriesTellWhetherWebhooksAreAccepted(t *testing.T) {
	for name, c := range map[string]struct {
		received map[string]float64
		want     Level
		says     string
	}{
		"none yet":                 {nil, OK, "0 webhooks accepted"},
		"all accepted":             {map[string]float64{"accepted": 7, "duplicate": 1}, OK, "8 webhooks accepted"},
		"some unsigned":            {map[string]float64{"accepted": 7, "signature_missing": 2}, OK, "2 requests without a valid signature"},
		"some with another secret": {map[string]float64{"accepted": 7, "signature_mismatch": 2}, Warning, "7 webhooks accepted"},
		"all with another secret":  {map[string]float64{"signature_mismatch": 2}, Problem, "0 webhooks accepted"},
	} {
		f := deliveries(func(outcome string) float64 { return c.received[outcome] })
		if f.Level != c.want || !strings.Contains(f.Found, c.says) || (f.Do == "") != (f.Level == OK) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.want, c.says)
		}
	}
}

func TestWhatTheMetricsSayIsReported(t *testing.T) {
	got := findingsOf(t, `# TYPE idem_config_last_reload_successful gauge
idem_config_last_reload_successful 0
# TYPE idem_endpoint_enabled gauge
idem_endpoint_enabled{endpoint="crm",environment="sandbox"} 1
idem_endpoint_enabled{endpoint="old",environment="sandbox"} 0
idem_endpoint_enabled{endpoint="crm",environment="production"} 1
# TYPE idem_endpoint_paused gauge
idem_endpoint_paused{endpoint="crm",environment="production"} 1
# TYPE idem_webhooks_received_total counter
idem_webhooks_received_total{environment="sandbox",outcome="accepted"} 3
`)
	compareFindings(t, got, map[string]found{
		" reload":              {Problem, "goes on with the one before"},
		"sandbox endpoints":    {Warning, "1 notification endpoint enabled; disabled: old"},
		"production endpoints": {Warning, "paused: crm"},
		"sandbox deliveries":   {OK, "3 webhooks accepted"},
	})
}
