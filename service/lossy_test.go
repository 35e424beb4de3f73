package service

import (
	"fmt"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// testALossyWorldSettles loses, doubles and reorders webhooks, and answers of calls:
// in the end every case is decided, once.
func testALossyWorldSettles(t *testing.T, database Secret) {
	w := newWorld(t, database)
	for _, text := range []string{
		"kind=lost_delivery,rate=0.1", "kind=duplicate_delivery,rate=0.2", "kind=truncated_delivery,rate=0.1", "kind=reordered_delivery,rate=1",
		"kind=lost_answer,operation=Inquiries.Approve,rate=0.2", "kind=status_after,operation=Cases.SetStatus,status=503,rate=0.2",
		"kind=truncated_answer,operation=Inquiries.Get,rate=0.1", "kind=rate_limited,operation=Inquiries.Approve,delay=1s,rate=0.2",
	} {
		fault, err := sandbox.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.sandbox.AddFault(fault); err != nil {
			t.Fatal(err)
		}
	}
	w.reconcile()
	var inquiries, cases []string
	for i := range 8 {
		inquiry, kase := w.applicant(fmt.Sprintf("user-%d", i))
		w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
		inquiries, cases = append(inquiries, inquiry), append(cases, kase)
	}
	for i, kase := range cases {
		w.eventually("case "+kase+" is Approved", func() bool {
			if w.caseStatus(kase) == "Approved" {
				return true
			}
			w.sandbox.Advance(time.Minute) // what is late or to be tried again comes
			w.reconcile()                  // and what was lost
			return false
		})
		if approved, resolved := w.effects("inquiry.approved", inquiries[i]), w.effects("case.resolved", kase); approved != 1 || resolved != 1 {
			t.Errorf("inquiry %s was approved %d times, its case resolved %d times", inquiries[i], approved, resolved)
		}
	}
	happened := 0
	for _, fault := range w.sandbox.Faults() {
		happened += fault.Happened
	}
	if happened < 20 {
		t.Errorf("only %d faults happened", happened)
	}
}
