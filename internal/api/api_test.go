package api

import (
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

func TestReasonsOfFailuresAreShown(t *testing.T) {
	if e := showEvent(domain.Event{Tries: 3, Reason: "not allowed: the key lacks inquiry.read"}); e.Tries != 3 || e.Reason == "" {
		t.Errorf("the event shows %+v", e)
	}
	if d := showDecision(domain.Decision{Result: domain.NotEvaluated, Rule: "approve what passed", Reason: "report.has_match is absent"}); d.Result != domain.NotEvaluated || d.Rule == "" || d.Reason == "" {
		t.Errorf("the decision shows %+v", d)
	}
	if a := showAction(domain.Action{Outcome: "refused", Said: "Record not valid"}); a.Outcome != "refused" || a.Said != "Record not valid" {
		t.Errorf("the action shows %+v", a)
	}
}
