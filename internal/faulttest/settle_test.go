package faulttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// settle waits until all work is done: every webhook has arrived or was given up, every
// lost event is recovered, and every inquiry and case has its final status.
func (w *world) settle() {
	w.t.Helper()
	w.program.awaitReady()
	left := ""
	what := func() string {
		return fmt.Sprintf("everything is done: %s; there wait %+v; the log of idem serve ends with\n%s", left, w.waiting(), w.program.tail())
	}
	within := 2 * time.Minute
	for pending := w.pending(); pending > 0; {
		before := pending
		eventually(w.t, within, func() bool {
			w.sandbox.Advance(30 * time.Second) // to the next attempts
			time.Sleep(time.Second)
			pending = w.pending()
			left = fmt.Sprintf("%d webhooks are pending", pending)
			return pending < before
		}, what)
	}
	// A killed process holds its reconciliation for two minutes.
	if err := w.db.exec(w.t.Context(), "UPDATE reconciliations SET held_until = 0"); err != nil {
		w.t.Fatal(err)
	}
	w.reconciled()
	// A job whose node lost its connection is rescued 70 s after it began, at the next of the
	// rounds that the leader makes every 30 s. Electing a new leader takes up to 15 s, and its
	// first round is 30 s later. Then the job waits for its next attempt.
	const rescued = 4 * time.Minute
	for _, a := range w.applicants {
		eventually(w.t, rescued, func() bool {
			left = w.unsettled(a)
			return left == ""
		}, what)
	}
	w.idle(&left, what)
	w.reconciled() // stores the events of the actions
	w.idle(&left, what)
	w.told(&left, what)
}

// unsettled returns what an applicant is still waiting for, or "".
func (w *world) unsettled(a applicant) string {
	inquiry, err := w.client.Inquiries.Get(w.t.Context(), a.inquiry)
	if err != nil {
		return err.Error() // a fault can affect this call too
	}
	status, kase := string(inquiry.Attributes.Status), ""
	if a.kase != "" {
		got, err := w.client.Cases.Get(w.t.Context(), a.kase)
		if err != nil {
			return err.Error()
		}
		kase = got.Attributes.Status
	}
	if status == a.wantStatus() && (a.noCase || kase == a.wantCase()) {
		return ""
	}
	if len(w.hidden) > 0 && status == "needs_review" && kase != "Approved" {
		return "" // the ledger checks whether facts were missing
	}
	return fmt.Sprintf("inquiry %s of somebody who %s is %q, and its case %q", a.inquiry, a.name, status, kase)
}

// waiting returns some waiting events and actions.
func (w *world) waiting() (some []any) {
	type row struct {
		ID, Name, Kind, Reason, Outcome string
		Object                          domain.Ref
		Tries, Attempts                 int
	}
	for _, kind := range []string{"events", "actions"} {
		rows, err := get[row](w, kind+"?state=waiting&limit=5")
		some = append(some, kind, rows, err)
	}
	return some
}

// pending returns the number of pending webhooks.
func (w *world) pending() (n int) {
	for _, d := range w.sandbox.Deliveries("sandbox") {
		if d.State == "pending" {
			n++
		}
	}
	return n
}

// idle waits until no event and no action is waiting.
func (w *world) idle(left *string, what func() string) {
	w.t.Helper()
	eventually(w.t, 4*time.Minute, func() bool { // longer than a lost job takes to be retried
		for _, kind := range []string{"events", "actions"} {
			waiting, err := get[json.RawMessage](w, kind+"?state=waiting&limit=1")
			if *left = fmt.Sprintf("of the %s wait %s, error %v", kind, waiting, err); err != nil || len(waiting) > 0 {
				return false
			}
		}
		return true
	}, what)
}

// reconciled waits until a reconciliation has started and finished. It recognizes a new one
// by its id, since the clocks of nodes may differ.
func (w *world) reconciled() {
	w.t.Helper()
	type run struct {
		ID         string     `json:"id"`
		FinishedAt *time.Time `json:"finished_at"`
	}
	var before []run
	eventually(w.t, time.Minute, func() (ok bool) {
		var err error
		before, err = get[run](w, "reconciliations?limit=1")
		return err == nil
	}, func() string {
		return "the reconciliations can be listed; the log of idem serve ends with\n" + w.program.tail()
	})
	eventually(w.t, 2*time.Minute, func() bool {
		runs, err := get[run](w, "reconciliations?limit=2")
		if err != nil {
			return false
		}
		if at := slices.IndexFunc(runs, func(r run) bool { return len(before) > 0 && r.ID == before[0].ID }); at >= 0 {
			runs = runs[:at]
		}
		return slices.ContainsFunc(runs, func(r run) bool { return r.FinishedAt != nil })
	}, func() string {
		return "the events are reconciled; the log of idem serve ends with\n" + w.program.tail()
	})
}

// get reads a list from the service's API.
func get[T any](w *world, path string) ([]T, error) {
	address := w.program.listens()
	if address == "" {
		return nil, errors.New("the service is not listening")
	}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+address+"/v1/sandbox/"+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %d %w", path, res.StatusCode, err)
	}
	var list struct{ Data []T }
	err = json.Unmarshal(body, &list)
	return list.Data, err
}
