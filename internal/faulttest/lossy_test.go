package faulttest

import (
	"fmt"
	"testing"
)

// injectLosses makes the sandbox lose, duplicate and reorder webhooks, and answer calls
// wrongly, partly or not at all.
func (w *world) injectLosses() {
	w.t.Helper()
	w.inject(
		"kind=lost_delivery,rate=0.1", "kind=duplicate_delivery,rate=0.2", "kind=reordered_delivery,delay=2s,rate=1",
		// After a 500 that hides a link, the link is created again, since nothing shows
		// that it exists. docs/guarantees.md says so.
		"kind=status_before,operation=Inquiries.GenerateOneTimeLink,status=503,rate=0.1",
		"kind=status_after,operation=Inquiries.GenerateOneTimeLink,status=502,rate=0.1",
		"kind=lost_answer,operation=Inquiries.GenerateOneTimeLink,rate=0.2",
	)
	for _, operation := range []string{ // only the service's calls, except for the reports
		"Inquiries.Approve", "Inquiries.MarkForReview", "Cases.SetStatus", "Inquiries.Get", "Cases.Get", "Cases.List", "Events.List",
		"Verifications.Get", "Reports.Get", "Accounts.Get", "InquirySessions.Get",
	} {
		for _, kind := range []string{"lost_answer", "rate_limited,delay=1s", "status_before,status=500", "status_after,status=503"} {
			w.inject(fmt.Sprintf("kind=%s,operation=%s,rate=0.05", kind, operation))
		}
	}
	w.inject("kind=partial_included,operation=Inquiries.Get,rate=0.3")
}

// TestLossyDeliveriesAndAnswers loses a tenth of the webhooks, duplicates a fifth and reorders the
// rest. A fifth of the calls get a wrong answer or none, and a third of the reads of
// inquiries get a partial one.
func TestLossyDeliveriesAndAnswers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		w.injectLosses()
		end := w.arrivals(usualPause)
		w.load(40)
		end()
		w.settle()
		for _, kind := range []string{"lost_delivery", "duplicate_delivery", "reordered_delivery", "lost_answer", "rate_limited", "status_before", "status_after", "partial_included"} {
			if w.happened()[kind] == 0 {
				t.Errorf("no %s happened", kind)
			}
		}
		if f := w.audit(); f.gaps == 0 || f.repeated == 0 {
			t.Errorf("no webhook was lost or duplicated: %v", f)
		}
	})
}
