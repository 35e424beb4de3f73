package contracttest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

// collect waits for pending webhooks and checks them.
func (p *player) collect() {
	p.t.Helper()
	p.sandbox.Advance(time.Hour)
	deadline := time.Now().Add(30 * time.Second)
	for p.pending() {
		if time.Now().After(deadline) {
			p.t.Fatal("webhooks are still on their way after 30 s")
		}
		time.Sleep(5 * time.Millisecond)
	}
	for _, delivery := range p.received.all() {
		got := exchange{what: delivery.event, body: delivery.body}
		secret := p.names[strings.TrimPrefix(delivery.path, "/")+"-secret"]
		if err := webhook.VerifyHeader(delivery.body, delivery.header, []string{secret}, webhook.WithTime(now())); err != nil {
			p.t.Errorf("%s: %v", delivery.event, err)
		}
		if slices.Contains(p.events, got.what) {
			p.check(got)
		}
		if delivery.path == "/plain" {
			p.seen.plain = append(p.seen.plain, got)
		} else {
			p.seen.full = append(p.seen.full, got)
		}
	}
}

// pending reports whether webhooks are pending. None may fail.
func (p *player) pending() bool {
	p.t.Helper()
	for _, delivery := range p.sandbox.Deliveries("sandbox") {
		switch delivery.State {
		case "completed":
		case "pending":
			return true
		default:
			p.t.Fatalf("a webhook of %s is %s", delivery.EventName, delivery.State)
		}
	}
	return false
}

// receiver receives webhooks.
type receiver struct {
	url string

	mu         sync.Mutex
	deliveries []delivery
}

type delivery struct {
	path, event string
	header      http.Header
	body        []byte
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the sandbox retries
	}
	envelope, _ := webhook.ParseEnvelope(body) // malformed ones are found when they are checked
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deliveries = append(r.deliveries, delivery{request.URL.Path, string(envelope.Name), request.Header.Clone(), body})
}

func (r *receiver) all() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.deliveries
}
