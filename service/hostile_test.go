package service

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/hostile"
	"github.com/idemhq/idem/persona/webhook"
)

// outcome is the result of a hostile request: the status of the answer and the state of its
// event.
type outcome struct {
	status int
	state  domain.EventState
}

// Every hostile request is answered, and every stored event reaches a final state. Both are
// as the case says, and the same on both databases.
func TestHostileRequestsHaveTheSameOutcomeOnBothDatabases(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: hundreds of requests, one after the other")
	}
	cases := hostile.Cases()
	outcomes := map[string][]outcome{}
	for name, database := range map[string]func(*testing.T) Secret{
		"SQLite":     func(*testing.T) Secret { return "" },
		"PostgreSQL": func(t *testing.T) Secret { return Secret(server.Database(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, database(t))
			all := w.sendAll(cases)
			for i, c := range cases {
				if want := (outcome{c.Want.Status, c.Want.State}); all[i] != want {
					t.Errorf("%s: got %+v, want %+v", c.Name, all[i], want)
				}
			}
			outcomes[name] = all
		})
	}
	if sqlite, postgres := outcomes["SQLite"], outcomes["PostgreSQL"]; sqlite != nil && postgres != nil {
		for i, c := range cases {
			if sqlite[i] != postgres[i] {
				t.Errorf("%s: got %+v on SQLite, %+v on PostgreSQL", c.Name, sqlite[i], postgres[i])
			}
		}
	}
	t.Logf("%d hostile requests, on %d databases", len(cases), len(outcomes))
}

// sendAll sends all cases and returns their outcomes.
func (w *world) sendAll(cases []hostile.Case) []outcome {
	w.t.Helper()
	all := make([]outcome, len(cases))
	for i, c := range cases {
		id := fmt.Sprintf("h%03d", i)
		if c.Before != nil {
			if status := w.send(hostile.Case{Body: c.Before}, c.Before(id)); status != http.StatusOK {
				w.t.Errorf("%s: the preceding request was answered with %d", c.Name, status)
			}
			w.settled()
		}
		all[i].status = w.send(c, c.Body(id))
	}
	w.settled()
	for i, c := range cases {
		if all[i].status == http.StatusOK {
			envelope, err := webhook.ParseEnvelope(c.Body(fmt.Sprintf("h%03d", i)))
			if err != nil {
				w.t.Errorf("%s: it was stored: %v", c.Name, err)
				continue
			}
			all[i].state = get[api.EventDetail](w, "/v1/sandbox/events/"+url.PathEscape(envelope.ID)).State
		}
	}
	return all
}

// send sends a request and returns the status of the answer.
func (w *world) send(c hostile.Case, body []byte) int {
	w.t.Helper()
	var from io.Reader = bytes.NewReader(body)
	if c.Chunked {
		from = io.MultiReader(from) // hides the length from net/http
	}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/webhooks/persona/sandbox", from)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header[webhook.SignatureHeader] = c.Signature(body, time.Now(), w.secret)
	for name, values := range c.Headers {
		req.Header[name] = values
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return res.StatusCode
}
