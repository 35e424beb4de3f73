package statuspage

import (
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

func TestThePageShowsWhatIsStuckAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	w.store(t, "one", noon()) // its action is dead
	var events []domain.Event
	for _, id := range []string{"evt_fresh", "evt_failed", "evt_bad"} {
		events = append(events, domain.Event{
			Environment: domain.Sandbox, ID: id, Name: "inquiry." + id, CreatedAt: noon(), Object: domain.Ref{Type: "inquiry", ID: "inq_" + id}, Body: []byte("{}"),
			Via: domain.ViaWebhook, ReceivedAt: noon(), State: domain.EventWaiting,
		})
	}
	if _, err := w.db.AppendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	err := w.db.Tx(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE events SET tries = 3, reason = 'not allowed: the key lacks inquiry.read', state = CASE id WHEN 'evt_bad' THEN 'poison' ELSE state END WHERE id IN ('evt_failed', 'evt_bad')")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	html := w.get(t, "/")
	for _, want := range []string{"Something is stuck", "2 events waiting, the oldest since", "1 being retried; 1 poison; 0 actions waiting; 1 dead"} {
		if !strings.Contains(strings.Join(strings.Fields(html), " "), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	section, _, _ := strings.Cut(html[strings.Index(html, "<h2>Stuck"):], "</section>")
	for _, want := range []string{
		"not allowed: the key lacks inquiry.read", "a 403 means that the API key lacks a permission",
		"POST /v1/sandbox/events/evt_bad/replay", "POST /v1/sandbox/actions/axn_one/replay", "refused one",
	} {
		if !strings.Contains(section, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(section, "evt_fresh") {
		t.Error("an event that has just come is shown as stuck")
	}
}

func TestAPoisonEventWithoutAnObjectIsNotSaidToBeReplayable(t *testing.T) {
	got := concerns(nil, []api.Event{{ID: "evt_1", State: domain.EventPoison, Reason: "too large: it was read without its payload"}}, nil, nil)
	if len(got) != 1 || strings.Contains(got[0].Request, "replay") || !strings.Contains(got[0].Request, "evt_1") {
		t.Errorf("the concerns are %+v", got)
	}
}

func TestNothingStuckIsNotShown(t *testing.T) {
	if html := newWorld(t).get(t, "/"); strings.Contains(html, "<h2>Stuck") || !strings.Contains(html, "Healthy") {
		t.Error("the page shows an empty list of what is stuck")
	}
}

func TestADecisionThatFailedIsAConcern(t *testing.T) {
	got := concerns(nil, nil, []api.Action{{ID: "axn_1", State: domain.ActionDead, Outcome: "refused", Said: "Record not valid"}}, []api.Decision{
		{Result: domain.Decided}, {Result: domain.NoRule},
		{Result: domain.Incomplete, Reason: "report rep_1 could not be read"}, {Result: domain.NotEvaluated, Reason: "inquiry.fields has no key birthdate"},
	})
	if len(got) != 3 || got[0].Why != "refused: Record not valid" || got[1].State != "incomplete" || got[2].Why != "inquiry.fields has no key birthdate" {
		t.Errorf("the concerns are %+v", got)
	}
}
