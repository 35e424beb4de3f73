package faulttest

import (
	"testing"

	"github.com/idemhq/idem/persona"
)

// hide puts attributes on the blocklist of the service's API key. Without names it shows
// all attributes again.
func (w *world) hide(attributes ...string) {
	w.t.Helper()
	w.hidden = append(w.hidden, attributes...)
	if attributes == nil {
		attributes = []string{}
	}
	_, err := w.client.APIKeys.Update(w.t.Context(), w.key, persona.APIKeyUpdateParams{APIAttributesBlocklist: persona.Set(attributes)})
	if err != nil {
		w.t.Fatal(err)
	}
}

// withhold makes many answers omit included resources, and makes the calls that read them
// individually fail sometimes.
func (w *world) withhold() {
	w.t.Helper()
	w.inject(
		"kind=partial_included,operation=Inquiries.Get,rate=0.5",
		"kind=status_before,operation=Verifications.Get,status=503,rate=0.1",
		"kind=lost_answer,operation=Accounts.Get,rate=0.1",
		"kind=status_before,operation=InquirySessions.Get,status=500,rate=0.1",
	)
}

// TestWithheldFactsApproveNobody withholds facts from the service: included resources are
// missing, and for a while its API key does not show checks, or whether a report found a
// match. What can be read individually is read, and the outcome is the same. Otherwise the
// person is reviewed.
func TestWithheldFactsApproveNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		w.withhold()
		end := w.arrivals(usualPause)
		w.load(15)
		for _, attribute := range []string{"has-match", "checks"} {
			w.hide(attribute)
			w.load(15)
			w.hide()
			w.load(5)
		}
		end()
		w.settle()
		if w.happened()["partial_included"] == 0 {
			t.Error("nothing was left out")
		}
		if f := w.audit(); f.withheld == 0 {
			t.Errorf("no approval was withheld: %v", f)
		}
	})
}
