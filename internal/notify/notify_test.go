package notify_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
)

var (
	start   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	inquiry = domain.Ref{Type: "inquiry", ID: "inq_1"}
)

// samples are notifications as the stages make them, one of each type.
func samples() []domain.Notification {
	a := domain.Action{Environment: domain.Sandbox, ID: "axn_1", Spec: domain.ActionSpec{Target: inquiry}, Outcome: "Persona accepted the call", FinishedAt: start}
	done, dead := a, a
	done.State, dead.State = domain.ActionDone, domain.ActionDead
	accepted, _ := notify.Finished(done)
	given, _ := notify.Finished(dead)
	transition := domain.Transition{Object: domain.Ref{Type: "case", ID: "case_1"}, From: "Open", To: "Approved", EventID: "evt_1"}
	return []domain.Notification{
		{ID: "ntf_1", Type: domain.NotifyVerdictChanged, Environment: domain.Sandbox, Subject: "user-1", SubjectSequence: 1, Object: inquiry, Status: "approved", Verdict: domain.VerdictApproved, EventID: "evt_1", CreatedAt: start},
		notify.CaseChanged(domain.Sandbox, transition, start),
		accepted, given,
		notify.PolicyError(domain.Decision{Environment: domain.Sandbox, ID: "dec_1", Object: inquiry, Transition: domain.Transition{To: "completed", EventID: "evt_1"}, Reason: "a report is missing", DecidedAt: start}),
		notify.Poison(domain.Event{Environment: domain.Sandbox, ID: "evt_1", Object: inquiry}, "it cannot be read", start),
		notify.EndpointDisabled(domain.Sandbox, "crm", "the endpoint answered 410", start),
	}
}

func TestEachTypeHasThePropertiesThatItIsSaidToHave(t *testing.T) {
	types := notify.Types()
	for i, n := range samples() {
		typ := types[i]
		if n.Type != typ.Name {
			t.Fatalf("a sample of %s stands where one of %s should", n.Type, typ.Name)
		}
		body, err := notify.Body(n)
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Type      string
			Timestamp time.Time
			Data      map[string]any
		}
		if err := json.Unmarshal(body, &m); err != nil || m.Type != n.Type || !m.Timestamp.Equal(start) {
			t.Errorf("the body is %s, error %v", body, err)
		}
		for _, name := range slices.Concat(notify.Always(), typ.Required) {
			if _, there := m.Data[name]; !there {
				t.Errorf("%s has no %s: %s", n.Type, name, body)
			}
		}
		for name := range m.Data {
			if !slices.Contains(slices.Concat(notify.Always(), typ.Required, typ.Optional), name) {
				t.Errorf("%s has a %s that is not described", n.Type, name)
			}
		}
	}
	if len(types) != len(samples()) {
		t.Errorf("%d types have %d samples", len(types), len(samples()))
	}
}

func TestNobodyIsToldOfAnActionThatGoesOn(t *testing.T) {
	for _, state := range []domain.ActionState{domain.ActionWaiting, domain.ActionAlreadyDone, domain.ActionDropped, domain.ActionSkipped} {
		if n, told := notify.Finished(domain.Action{State: state}); told {
			t.Errorf("of one that is %s is told %+v", state, n)
		}
	}
}

func TestATypeThatThereIsNotIsRefusedWithTheNearest(t *testing.T) {
	for name, want := range map[string]string{"action.done": "", "action.don": `did you mean "action.done"?`, "verdict.changed": "there is subject.verdict_changed", "": "there is ", "everything": "there is subject.verdict_changed"} {
		err := notify.CheckType(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
}
