package faulttest

import (
	"testing"

	"github.com/idemhq/idem/persona"
)

// hide keeps attributes from the service: its key's blocklist names them. Without names
// it shows everything again.
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

// withhold lets many answers lack resources that the service asked to be included, and
// lets the calls that read them one by one fail now and then.
func (w *world) withhold() {
	w.t.Helper()
	w.inject(
		"kind=partial_included,operation=Inquiries.Get,rate=0.5",
		"kind=status_before,operation=Verifications.Get,status=503,rate=0.1",
		"kind=lost_answer,operation=Accounts.Get,rate=0.1",
		"kind=status_before,operation=InquirySessions.Get,status=500,rate=0.1",
	)
}

// TestWithheldFactsApproveNobody keeps facts from the service: resources that should be
// included are not, and for a while its key shows no checks, or does not show whether a
// report found a match. What can be read by itself is read, and the outcome is the same.
// Else a person must look.
func TestWithheldFactsApproveNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		w.withhold()
		end := w.crowd(crowded)
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
