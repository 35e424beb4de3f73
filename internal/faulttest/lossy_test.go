package faulttest

import (
	"fmt"
	"testing"
)

// loseThings lets webhooks be lost, doubled and reordered, and calls of the service be
// answered wrongly, in part or not at all, from now on.
func (w *world) loseThings() {
	w.t.Helper()
	w.inject(
		"kind=lost_delivery,rate=0.1", "kind=duplicate_delivery,rate=0.2", "kind=reordered_delivery,delay=2s,rate=1",
		// A link leaves no trace that could be read afterwards: after a 500 that hides
		// one it is made again, which docs/guarantees.md says.
		"kind=status_before,operation=Inquiries.GenerateOneTimeLink,status=503,rate=0.1",
		"kind=status_after,operation=Inquiries.GenerateOneTimeLink,status=502,rate=0.1",
		"kind=lost_answer,operation=Inquiries.GenerateOneTimeLink,rate=0.2",
	)
	for _, operation := range []string{ // none of those that people call, but for the reports
		"Inquiries.Approve", "Inquiries.MarkForReview", "Cases.SetStatus", "Inquiries.Get", "Cases.Get", "Cases.List", "Events.List",
		"Verifications.Get", "Reports.Get", "Accounts.Get", "InquirySessions.Get",
	} {
		for _, kind := range []string{"lost_answer", "rate_limited,delay=1s", "status_before,status=500", "status_after,status=503"} {
			w.inject(fmt.Sprintf("kind=%s,operation=%s,rate=0.05", kind, operation))
		}
	}
	w.inject("kind=partial_included,operation=Inquiries.Get,rate=0.3")
}

// TestALossyWorldSettles loses a tenth of the webhooks, doubles a fifth and reorders the
// rest. A fifth of the calls are answered wrongly or not at all, and a third of the reads
// of inquiries in part.
func TestALossyWorldSettles(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		w.loseThings()
		end := w.crowd(crowded)
		w.load(40)
		end()
		w.settle()
		for _, kind := range []string{"lost_delivery", "duplicate_delivery", "reordered_delivery", "lost_answer", "rate_limited", "status_before", "status_after", "partial_included"} {
			if w.happened()[kind] == 0 {
				t.Errorf("no %s happened", kind)
			}
		}
		if f := w.audit(); f.gaps == 0 || f.repeated == 0 {
			t.Errorf("nothing was lost or doubled on the way: %v", f)
		}
	})
}
