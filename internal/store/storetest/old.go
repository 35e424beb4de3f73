package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Old returns statements that insert rows into a database of the first release, for RunOld:
// an inquiry that was notified as approved and was declined since without a notification,
// its case, an action, a decision and a waiting event.
func Old() []string {
	at := start.UnixMicro()
	attributes := `{"note":"a\u0000b","status":"declined","reference-id":"user-1","created-at":"2026-03-01T11:00:00.123Z"}`
	return []string{
		fmt.Sprintf(`INSERT INTO objects (environment, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, version)
			VALUES ('sandbox', 'inquiry', 'inq_1', 'declined', 'user-1', '%s', '{"reviewer":[{"type":"user","id":"user_1"}]}', %d, 'evt_1', 0, 3)`, attributes, at),
		fmt.Sprintf(`INSERT INTO objects (environment, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, version)
			VALUES ('sandbox', 'inquiry', 'inq_2', 'created', 'user-2', '{"created-at":null}', '{}', %d, 'evt_2', 0, 1)`, at),
		fmt.Sprintf(`INSERT INTO objects (environment, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, version)
			VALUES ('sandbox', 'inquiry', 'inq_3', 'created', '', '{"created-at":"2026-13-41T11:00:00Z","note":"a\\u0000b"}', '{}', %d, 'evt_3', 0, 1)`, at),
		fmt.Sprintf(`INSERT INTO objects (environment, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, version)
			VALUES ('sandbox', 'inquiry', 'inq_before', 'failed', '', '{"created-at":"2026-03-01T11:00:00.900Z"}', '{}', %d, 'evt_4', 0, 1),
				('sandbox', 'inquiry', 'inq_after', 'failed', '', '{"created-at":"2026-03-01T11:00:01Z"}', '{}', %d, 'evt_5', 0, 1),
				('sandbox', 'case', 'case_1', 'Approved', '', '{"note":"a\u0000b","fields":{"resolved-at":"2026-01-01T00:00:00Z"},"resolved-at":"2026-03-01T11:00:00.100Z"}', '{}', %d, 'evt_6', 0, 1),
				('sandbox', 'case', 'case_2', 'Waived', '', '{"resolved-at":null}', '{}', %d, 'evt_7', 0, 1),
				('sandbox', 'case', 'case_3', 'Open', '', '{"resolved-at":"2026-13-41T11:00:00Z"}', '{}', %d, 'evt_8', 0, 1)`, at, at, at, at, at),
		`INSERT INTO relations (environment, from_type, from_id, to_type, to_id)
			VALUES ('sandbox', 'case', 'case_1', 'inquiry', 'inq_before'), ('sandbox', 'case', 'case_1', 'inquiry', 'inq_after'), ('sandbox', 'case', 'case_1', 'account', 'act_1'),
				('sandbox', 'case', 'case_1', 'inquiry', 'inq_unknown'), ('sandbox', 'case', 'case_2', 'inquiry', 'inq_after'), ('sandbox', 'case', 'case_1', 'report/watchlist', 'rep_1')`,
		fmt.Sprintf(`INSERT INTO notifications (environment, id, name, subject, object_type, object_id, verdict, event_id, created_at)
			VALUES ('sandbox', 'ntf_1', 'verdict.changed', 'user-1', 'inquiry', 'inq_1', 'pending', 'evt_0', %d), ('sandbox', 'ntf_2', 'verdict.changed', 'user-1', 'inquiry', 'inq_1', 'approved', 'evt_0', %d)`, at, at+1),
		fmt.Sprintf(`INSERT INTO decisions (environment, id, object_type, object_id, transition, rule, policy_version, explanation, actions, decided_at)
			VALUES ('sandbox', 'dec_1', 'inquiry', 'inq_1', '{}', 'approve', '1', 'it passed', '[]', %d)`, at),
		fmt.Sprintf(`INSERT INTO actions (environment, id, decision_id, kind, object_type, object_id, arguments, expects, derived_key, idempotency_key, key_made_at, state, attempts, next_attempt_at, outcome, request_id, result, created_at, finished_at)
			VALUES ('sandbox', 'axn_1', 'dec_1', 'approve_inquiry', 'inquiry', 'inq_1', '{}', '', 'key', 'key', %d, 'waiting', 1, 0, '', '', '', %d, 0)`, at, at),
		fmt.Sprintf(`INSERT INTO events (environment, id, name, created_at, object_type, object_id, body, headers, via, received_at, state)
			VALUES ('sandbox', 'evt_1', 'inquiry.declined', %d, 'inquiry', 'inq_1', '', 'null', 'webhook', %d, 'waiting')`, at, at),
	}
}

// RunOld checks how the current version treats the rows of Old.
func RunOld(t *testing.T, s store.Store) {
	o, err := s.Object(t.Context(), domain.Sandbox, inquiry)
	must(t, err)
	if o.Version != 3 || o.LastReferenceID != "user-1" || !o.LastReferenceAt.Equal(start) {
		t.Errorf("the object is %+v", o)
	}
	summary, err := s.SubjectObjects(t.Context(), domain.Sandbox, "user-1")
	must(t, err)
	if len(summary) != 1 || reviewer(summary[0]) != "user" || string(summary[0].Attributes["created-at"]) != `"2026-03-01T11:00:00.123Z"` {
		t.Errorf("its verdict is computed from %+v", summary)
	}
	for id, want := range map[string][]string{"case_1": {"act_1", "inq_before"}, "case_2": {"inq_after"}, "case_3": nil} {
		kase, err := s.Object(t.Context(), domain.Sandbox, domain.Ref{Type: "case", ID: id})
		must(t, err)
		var about []string
		for _, ref := range kase.Coverage.About {
			about = append(about, ref.ID)
		}
		slices.Sort(about)
		if c := kase.Coverage; !slices.Equal(about, want) || c.Status != kase.Status || !c.At.Equal(start) || c.EventID != kase.EventID || c.Resolved != (id == "case_1") {
			t.Errorf("%s covers %+v, want %q", id, c, want)
		}
	}
	told, err := s.Subject(t.Context(), domain.Sandbox, "user-1")
	must(t, err)
	if told.Verdict != "approved" || told.Notification == 0 || told.Notified != 2 || !told.Since.Equal(start.Add(time.Microsecond)) {
		t.Errorf("the subject is %+v", told)
	}
	var before []string
	for _, n := range notifications(t, s) {
		before = append(before, fmt.Sprintf("%s %d", n.Type, n.SubjectSequence))
	}
	if want := []string{"subject.verdict_changed 1", "subject.verdict_changed 2"}; !slices.Equal(before, want) {
		t.Errorf("what was told before is %q, want %q", before, want)
	}
	_, again, err := s.Reevaluate(t.Context(), domain.Sandbox, verdicts("1"), all, "")
	must(t, err)
	got := map[string]domain.Verdict{}
	for _, n := range again {
		if n.Subject == "user-1" && n.SubjectSequence != 3 {
			t.Errorf("the next notification has the number %d", n.SubjectSequence)
		}
		got[n.Subject] = n.Verdict
	}
	if len(got) != 2 || got["user-1"] != "declined" || got["user-2"] != "created" {
		t.Errorf("when the service starts the host is told %v", got)
	}
	d, err := s.Decision(t.Context(), domain.Sandbox, "dec_1")
	must(t, err)
	if d.Result != domain.Decided || len(d.Facts) != 0 {
		t.Errorf("the decision is %+v", d)
	}
	a, err := s.Action(t.Context(), domain.Sandbox, "axn_1")
	must(t, err)
	a.State, a.FinishedAt = domain.ActionDone, start
	if _, err := s.SaveAction(t.Context(), a, nil, nil); err != nil {
		t.Errorf("the action cannot be saved: %v", err)
	}
	if n, err := s.Backlog(t.Context(), domain.Sandbox); err != nil || n.Waiting != 1 {
		t.Errorf("the backlog is %+v, error %v", n, err)
	}
}

func reviewer(o domain.Object) string {
	for _, ref := range o.Relationships["reviewer"] {
		return ref.Type
	}
	return ""
}
