package advance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// eventAbout returns an event about an object, dated a number of seconds after the start.
func eventAbout(ref domain.Ref, second int, name, attributes, relationships string) domain.Event {
	at := start.Add(time.Duration(second) * time.Second)
	id := fmt.Sprintf("evt_%d", second)
	body := fmt.Sprintf(`{"data":{"type":"event","id":%q,"attributes":{"name":%q,"created-at":%q,"payload":{"data":{"type":%q,"id":%q,"attributes":{%s},"relationships":{%s}}}}}}`,
		id, name, at.Format("2006-01-02T15:04:05.000Z"), ref.Type, ref.ID, attributes, relationships)
	return domain.Event{Environment: domain.Sandbox, ID: id, Name: name, CreatedAt: at, Object: ref, Body: []byte(body), Via: domain.ViaWebhook, ReceivedAt: at, State: domain.EventWaiting}
}

// told returns the verdicts in a subject's notifications, newest first.
func (s *stage) told(subject string) (verdicts []domain.Verdict) {
	s.t.Helper()
	n, err := s.Notifications(s.t.Context(), domain.Sandbox, store.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, row := range n.Rows {
		if row.Subject == subject && row.Verdict != "" {
			verdicts = append(verdicts, row.Verdict)
		}
	}
	return verdicts
}

func TestNotificationsDoNotDependOnTheOrderOfACaseAndItsAccount(t *testing.T) {
	kase := eventAbout(domain.Ref{Type: "case", ID: "case_7"}, 1, "case.resolved", `"status":"Approved","created-at":"2026-03-01T11:00:00.000Z"`,
		`"inquiries":{"data":[]},"accounts":{"data":[{"type":"account","id":"act_1"}]}`)
	owner := eventAbout(account, 2, "account.created", `"reference-id":"user-7"`, "")
	for name, order := range map[string][]domain.Event{"the account": {owner, kase}, "the case": {kase, owner}} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			for _, e := range order {
				s.receive(e)
				if err := s.work(e.Object); err != nil {
					t.Fatal(err)
				}
			}
			if told := s.told("user-7"); len(told) != 1 || told[0] != domain.VerdictApproved {
				t.Errorf("the notifications have %v", told)
			}
		})
	}
}
