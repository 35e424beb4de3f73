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

// fate is what became of a hostile request: the status of the answer, and the state of
// its event.
type fate struct {
	status int
	state  domain.EventState
}

// Every hostile request is answered, and every event that is stored comes to an end, as
// the case says and the same on both databases.
func TestHostileRequestsComeToTheSameEndOnBothDatabases(t *testing.T) {
	cases := hostile.Cases()
	fates := map[string][]fate{}
	for name, database := range map[string]func(*testing.T) Secret{
		"SQLite":     func(*testing.T) Secret { return "" },
		"PostgreSQL": func(t *testing.T) Secret { return Secret(server.Database(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, database(t))
			all := w.endure(cases)
			for i, c := range cases {
				if want := (fate{c.Want.Status, c.Want.State}); all[i] != want {
					t.Errorf("%s: came to %+v, want %+v", c.Name, all[i], want)
				}
			}
			fates[name] = all
		})
	}
	if sqlite, postgres := fates["SQLite"], fates["PostgreSQL"]; sqlite != nil && postgres != nil {
		for i, c := range cases {
			if sqlite[i] != postgres[i] {
				t.Errorf("%s: came to %+v on SQLite, %+v on PostgreSQL", c.Name, sqlite[i], postgres[i])
			}
		}
	}
	t.Logf("%d hostile requests, on %d databases", len(cases), len(fates))
}

// endure sends all cases, and returns what became of each.
func (w *world) endure(cases []hostile.Case) []fate {
	w.t.Helper()
	all := make([]fate, len(cases))
	for i, c := range cases {
		id := fmt.Sprintf("h%03d", i)
		if c.Before != nil {
			if status := w.attack(hostile.Case{Body: c.Before}, c.Before(id)); status != http.StatusOK {
				w.t.Errorf("%s: what comes before was answered with %d", c.Name, status)
			}
			w.settled()
		}
		all[i].status = w.attack(c, c.Body(id))
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

// attack sends a request, and returns the status of the answer.
func (w *world) attack(c hostile.Case, body []byte) int {
	w.t.Helper()
	var from io.Reader = bytes.NewReader(body)
	if c.Chunked {
		from = io.MultiReader(from) // net/http does not know how long it is
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
