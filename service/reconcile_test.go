package service

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/reconcile"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

// reconcile runs a reconciliation, after the service's own one has ended.
func (w *world) reconcile() Reconciliation {
	w.t.Helper()
	var run Reconciliation
	w.eventually("the events are reconciled", func() bool {
		var err error
		run, err = w.service.Reconcile(w.t.Context(), Sandbox, ReconcileOptions{})
		if err != nil && !errors.Is(err, reconcile.ErrHeld) {
			w.t.Fatal(err)
		}
		return err == nil
	})
	return run
}

func testEventsWhoseWebhookNeverArrivedAreFoundAndDecidedOn(t *testing.T, database Secret) {
	w := newWorld(t, database, "account.created") // no inquiry events
	w.reconcile()
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.reconcile()
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	w.reconcile() // stores the events that the approval caused
	w.eventually("the subject is approved", func() bool {
		return get[api.Subject](w, "/v1/sandbox/subjects/user-1").Verdict == domain.VerdictApproved
	})
	if n := w.effects("inquiry.approved", inquiry); n != 1 {
		t.Errorf("the inquiry was approved %d times", n)
	}
	runs := get[listed[api.Reconciliation]](w, "/v1/sandbox/reconciliations").Data
	if len(runs) < 3 || runs[0].FinishedAt == nil || runs[0].FromEventID == "" {
		t.Errorf("the API shows %+v", runs)
	}
}

func testHistoryIsShownButNotDecidedOn(t *testing.T, database Secret) {
	w := newWorld(t, database, "account.created")
	w.reconcile()
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	taken := reconcile.New(w.service.db, map[Environment]reconcile.Deps{
		Sandbox: {Lister: reconcile.Persona{Client: w.client, RateLimiter: noLimiter{}}, Since: time.Now().Add(time.Hour)},
	}, w.service.metrics, w.service.logger, time.Now)
	if run, err := taken.Reconcile(t.Context(), Sandbox, reconcile.Options{}); err != nil || run.History == 0 || run.Missed != 0 {
		t.Errorf("it found %+v, error %v", run, err)
	}
	w.eventually("the inquiry is known", func() bool {
		return get[api.Subject](w, "/v1/sandbox/subjects/user-1").Verdict == domain.VerdictReview // its case is open
	})
	w.eventually("nothing waits", func() bool {
		backlog, err := w.service.db.Backlog(t.Context(), Sandbox)
		return err == nil && backlog.Waiting == 0 && len(get[listed[api.Action]](w, "/v1/sandbox/actions").Data) == 0
	})
	if got := w.caseStatus(kase); got != "Open" {
		t.Errorf("the case is %s", got)
	}
	if n := w.effects("inquiry.approved", inquiry); n != 0 {
		t.Error("history was decided on")
	}

	// An event that a late webhook delivers is not history.
	for event, err := range w.client.Events.List(t.Context(), persona.EventListParams{ObjectID: inquiry, Name: "inquiry.completed"}) {
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(map[string]json.RawMessage{"data": event.Raw})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.post("/webhooks/persona/sandbox", "application/json", webhook.Sign(body, time.Now(), w.secret), body); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
	}
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
}

type noLimiter struct{}

func (noLimiter) Remaining() (int, int) { return 0, 0 }
