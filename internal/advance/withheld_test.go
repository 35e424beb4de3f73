package advance_test

import (
	"fmt"
	"testing"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
)

// A case declined its inquiry. Another event of the case does not show what the case is about,
// because the webhook's blocklist withholds it, and the API key may not read cases.
func TestACaseWhoseInquiriesAreWithheldStillCounts(t *testing.T) {
	kase := domain.Ref{Type: "case", ID: "case_7"}
	about := fmt.Sprintf(`"inquiries":{"data":[{"type":"inquiry","id":%q}]},"accounts":{"data":[]}`, inquiry.ID)
	approved := eventAbout(inquiry, 1, "inquiry.approved", `"status":"approved","reference-id":"user-7","created-at":"2026-03-01T11:00:00.000Z","redacted-at":null`,
		`"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[]}`)
	status := `"status":"Declined","created-at":"2026-03-01T11:00:00.000Z"`
	shown := eventAbout(kase, 2, "case.status-updated", status, about)
	for name, withheld := range map[string]domain.Event{
		"the relationship": eventAbout(kase, 3, "case.updated", status, ""),
		"its data":         eventAbout(kase, 3, "case.updated", status, `"inquiries":{}`),
	} {
		for order, cases := range map[string][]domain.Event{"later": {shown, withheld}, "earlier, by a late event": {withheld, shown}} {
			t.Run(name+" "+order, func(t *testing.T) {
				s := newStage(t)
				for _, e := range append([]domain.Event{approved}, cases...) {
					s.persona.say("approved", nil)
					if e.Object == kase {
						s.persona.say("", advance.ErrCannotRead)
					}
					s.receive(e)
					if err := s.work(e.Object); err != nil {
						t.Fatal(err)
					}
				}
				subject, err := s.Subject(t.Context(), domain.Sandbox, "user-7")
				if err != nil || subject.Verdict != domain.VerdictDeclined {
					t.Errorf("the verdict is %s, error %v; told %v", subject.Verdict, err, s.told("user-7"))
				}
			})
		}
	}
}
