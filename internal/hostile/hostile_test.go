package hostile

import (
	"bytes"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/persona/webhook"
)

func TestTheCasesMatchTheirNames(t *testing.T) {
	cases := Cases()
	if len(cases) < 200 {
		t.Errorf("there are %d cases", len(cases))
	}
	names, bodies := map[string]bool{}, map[string]string{}
	sound := swap()("1")
	for _, c := range cases {
		if names[c.Name] {
			t.Errorf("%s: there are two of that name", c.Name)
		}
		names[c.Name] = true
		body := c.Body("1")
		if plain := c.Sign == nil && c.Headers == nil && !c.Chunked && c.Before == nil; plain {
			if bytes.Equal(body, sound) {
				t.Errorf("%s: it is the sound event", c.Name)
			}
			if other := bodies[string(body)]; other != "" {
				t.Errorf("%s: it is the same as %s", c.Name, other)
			}
			bodies[string(body)] = c.Name
		}
		if (c.Want.Status == http.StatusOK) != (c.Want.State != "") || (c.Want.State == domain.EventPoison) != (c.Want.Reason != "") {
			t.Errorf("%s: it wants %+v", c.Name, c.Want)
		}
		envelope, err := webhook.ParseEnvelope(body)
		if c.Want.State != "" && (err != nil || envelope.ID == "") {
			t.Errorf("%s: it is stored, and has no envelope: %v", c.Name, err)
		}
	}
}

func TestStoredEventsAreReadAsTheCasesExpect(t *testing.T) {
	for _, c := range Cases() {
		body := c.Body("1")
		envelope, err := webhook.ParseEnvelope(body)
		if err != nil || c.Sign != nil {
			continue
		}
		e := domain.Event{
			Environment: domain.Sandbox, ID: envelope.ID, Name: string(envelope.Name), CreatedAt: envelope.CreatedAt,
			Object: domain.Ref{Type: envelope.ObjectType, ID: envelope.ObjectID}, Body: body, ReceivedAt: time.Now(),
		}
		if err := e.Check(); err != nil {
			if c.Want.Status == http.StatusOK {
				t.Errorf("%s: %v", c.Name, err)
			}
			continue
		}
		if c.Want.State == domain.EventUnhandled {
			if fold.Keeps(e) {
				t.Errorf("%s: an object is kept for it", c.Name)
			}
			continue
		}
		_, err = fold.Read(e)
		reason := fold.Reason("")
		if unreadable := (*fold.UnreadableError)(nil); errors.As(err, &unreadable) {
			reason = unreadable.Reason
		}
		if c.Want.Status == http.StatusOK && reason != c.Want.Reason {
			t.Errorf("%s: %v, want %q", c.Name, err, c.Want.Reason)
		}
	}
}
