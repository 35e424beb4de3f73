package advance_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

const withAccount = `"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[]}`

// In an earlier version, the host was notified of the redaction, but the API said that
// nothing was known of the subject.
func TestARedactionThatRemovesTheReferenceIDChangesTheVerdict(t *testing.T) {
	approved := event(1, "approved")
	redacted := eventAbout(inquiry, 2, "inquiry.redacted", `"status":"approved","reference-id":null,"created-at":"2026-03-01T11:00:00.000Z","redacted-at":"2026-03-01T12:00:02.000Z"`, withAccount)
	for name, order := range map[string][]domain.Event{"after the approval": {approved, redacted}, "before it": {redacted, approved}, "together": nil} {
		t.Run("the redaction arrives "+name, func(t *testing.T) {
			s := newStage(t)
			if order == nil {
				s.receive(approved, redacted)
				s.advance()
			}
			for _, e := range order {
				s.receive(e)
				s.advance()
			}
			subject, err := s.Subject(t.Context(), domain.Sandbox, "user-1")
			if err != nil || subject.Verdict != domain.VerdictRedacted {
				t.Errorf("the verdict is %s, error %v", subject.Verdict, err)
			}
			if told := s.told("user-1"); len(told) == 0 || told[0] != domain.VerdictRedacted {
				t.Errorf("the notifications have %v", told)
			}
		})
	}
}

func TestAReferenceIDThatMovesToAnotherInquiryLeavesNoVerdict(t *testing.T) {
	s := newStage(t)
	s.receive(event(1, "approved"))
	s.advance()
	other := domain.Ref{Type: "inquiry", ID: "inq_2"}
	s.receive(
		eventAbout(inquiry, 2, "inquiry.updated-tags", `"status":"approved","reference-id":null,"created-at":"2026-03-01T11:00:00.000Z"`, withAccount),
		eventAbout(other, 3, "inquiry.created", `"status":"created","reference-id":"user-1","created-at":"2026-03-01T11:30:00.000Z"`, withAccount),
	)
	for _, ref := range []domain.Ref{inquiry, other} {
		if err := s.work(ref); err != nil {
			t.Fatal(err)
		}
	}
	subject, err := s.Subject(t.Context(), domain.Sandbox, "user-1")
	if err != nil || subject.Verdict != domain.VerdictPending || subject.Object != other {
		t.Errorf("the subject is %+v, error %v", subject, err)
	}
	if told := s.told("user-1"); len(told) == 0 || told[0] != domain.VerdictPending {
		t.Errorf("the notifications have %v", told)
	}
}

// A decision can be explained and reproduced without Persona.
func TestADecisionCanBeReproducedFromItsFacts(t *testing.T) {
	s := newStage(t)
	s.receive(event(1, "completed"))
	s.advance()
	page, err := s.Decisions(t.Context(), domain.Sandbox, store.Filter{})
	if err != nil || len(page.Rows) != 1 {
		t.Fatal(page.Rows, err)
	}
	d, err := s.Decision(t.Context(), domain.Sandbox, page.Rows[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	var facts policy.Facts
	if err := json.Unmarshal(d.Facts, &facts); err != nil {
		t.Fatal(err)
	}
	second := s.policy.Decide(facts)
	var actions []domain.ActionSpec
	for _, a := range second.Actions {
		actions = append(actions, a.Spec)
	}
	if second.Result != d.Result || second.Rule != d.Rule || second.Explanation != d.Explanation || !reflect.DeepEqual(actions, d.Actions) {
		t.Errorf("the decision was %+v, now %+v", d, second)
	}
}

// The database rejects one event's value. Other events of the object, and other objects,
// are not delayed, and the event is marked as poison with a reason.
func TestAnEventWithAValueThatTheDatabaseRejectsBecomesPoison(t *testing.T) {
	s := newStage(t)
	if _, err := s.Writer().ExecContext(t.Context(), `CREATE TRIGGER strict BEFORE INSERT ON objects WHEN NEW.status = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END;
		CREATE TRIGGER strict_too BEFORE UPDATE ON objects WHEN NEW.status = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END`); err != nil {
		t.Fatal(err)
	}
	other := domain.Ref{Type: "inquiry", ID: "inq_2"}
	s.receive(event(1, "created"), event(2, "pending"), event(3, "bad"), eventAbout(other, 4, "inquiry.created", `"status":"created","reference-id":"user-2","created-at":"2026-03-01T11:30:00.000Z"`, withAccount))
	for tries := 0; ; tries++ {
		err := s.advancer.Advance(t.Context(), domain.Sandbox, []domain.Ref{inquiry, other})
		if o, err := s.Object(t.Context(), domain.Sandbox, other); err != nil || o.Status != "created" {
			t.Fatalf("the other object is %+v, error %v", o, err)
		}
		if err == nil {
			break
		}
		if tries > 10 {
			t.Fatalf("it is retried forever: %v", err)
		}
	}
	s.wantEvent("evt_3", domain.EventPoison)
	if e, err := s.Event(t.Context(), domain.Sandbox, "evt_3"); err != nil || e.Reason == "" || e.Tries == 0 {
		t.Errorf("the event is %+v, error %v", e, err)
	}
	if got := s.status(); got != "pending" {
		t.Errorf("the object is %s", got)
	}
}

func TestAnEventFromTheFutureDoesNotBlockItsObject(t *testing.T) {
	s := newStage(t)
	future := event(1, "created")
	far := start.AddDate(70, 0, 0)
	future.Body = fmt.Appendf(nil, `{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.created","created-at":%q,"payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"created","reference-id":"user-1","created-at":"2026-03-01T11:00:00.000Z"},"relationships":{%s}}}}}}`,
		far.Format(time.RFC3339), withAccount)
	future.CreatedAt = far
	s.receive(future)
	s.advance()
	s.receive(event(2, "pending"))
	s.advance()
	if got := s.status(); got != "pending" {
		t.Errorf("the object stays %s", got)
	}
}
