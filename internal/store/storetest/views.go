package storetest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// ExampleQuery returns the query in docs/sql.md.
func ExampleQuery(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/sql.md")
	must(t, err)
	_, query, found := strings.Cut(string(page), "```sql\nSELECT")
	query, _, closed := strings.Cut(query, "```")
	if !found || !closed {
		t.Fatal("docs/sql.md has no query")
	}
	return "SELECT" + query
}

// view returns a view by its name.
func view(t *testing.T, name string) store.View {
	t.Helper()
	for _, v := range store.Views() {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("there is no view %s", name)
	return store.View{}
}

// readView returns the rows of a view as maps.
func readView(t *testing.T, s store.Store, name string, since time.Time) (rows []map[string]any) {
	t.Helper()
	v, total := view(t, name), int64(-1)
	err := s.ReadView(t.Context(), domain.Sandbox, v, since, func(n int64) error { total = n; return nil }, func(values []any) error {
		row := map[string]any{}
		for i, column := range v.Columns {
			row[column.Name] = values[i]
		}
		rows = append(rows, row)
		return nil
	})
	must(t, err)
	if total != int64(len(rows)) {
		t.Errorf("the view %s has %d rows, and %d were announced", name, len(rows), total)
	}
	return rows
}

func wantRow(t *testing.T, got map[string]any, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(value) || (got[name] == nil) != (value == nil) {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
}

// viewsOfObjects saves objects and reads them through their views.
func viewsOfObjects(t *testing.T, s store.Store, _ *Jobs) {
	inquiry := object("inquiry", "inq_1", "user-1")
	inquiry.Relationships = map[string][]domain.Ref{"account": {{Type: "account", ID: "act_1"}}, "inquiry-template": {{Type: "inquiry-template", ID: "itmpl_1"}}}
	inquiry.Attributes["created-at"] = json.RawMessage(`"2026-03-01T11:00:00.000Z"`)
	inquiry.Attributes["completed-at"] = json.RawMessage(`"2026-03-01T11:59:00.000Z"`)
	// JSON that a text of PostgreSQL cannot contain, and an escaped backslash before what
	// only looks like it.
	inquiry.Attributes["fields"] = json.RawMessage(`{"a":"\u0000 \ud800 \\ud800 \\\ud83d\ude00 \u00e9 \\\\ud800","completed-at":"no"}`)
	verification := object("verification/government-id", "ver_1", "")
	verification.Status, verification.Relationships = "passed", map[string][]domain.Ref{"inquiry": {{Type: "inquiry", ID: "inq_1"}}}
	report := object("report/watchlist", "rep_1", "")
	report.Status, report.Attributes["has-match"] = "ready", json.RawMessage("true")
	pending := object("report/watchlist", "rep_2", "")
	kase := object("case", "case_1", "user-1", inquiry.Ref)
	kase.Status, kase.AsOf = "Open", start.Add(time.Hour)
	for _, o := range []domain.Object{inquiry, verification, report, pending, kase} {
		_, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{{Objects: []domain.Object{o}}}, store.Verdicts{
			Rules: "1", Now: start, Of: func([]domain.Object) domain.Subject {
				return domain.Subject{Verdict: domain.VerdictReview, Object: inquiry.Ref, Status: "completed"}
			},
		})
		must(t, err)
	}
	if rows := readView(t, s, "inquiries", time.Time{}); len(rows) != 1 {
		t.Errorf("there are %d inquiries", len(rows))
	} else {
		wantRow(t, rows[0], map[string]any{"environment": "sandbox", "inquiry_id": "inq_1", "reference": "user-1", "status": "completed", "account_id": "act_1", "template_id": "itmpl_1",
			"completed_at": "2026-03-01T11:59:00.000Z", "failed_at": nil, "redacted_at": nil, "as_of": start, "event_id": "evt_1", "created_at": time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)})
	}
	if rows := readView(t, s, "verifications", time.Time{}); len(rows) != 1 {
		t.Errorf("there are %d verifications", len(rows))
	} else {
		wantRow(t, rows[0], map[string]any{"verification_id": "ver_1", "kind": "government-id", "status": "passed", "inquiry_id": "inq_1", "created_at": nil})
	}
	reports := map[any]map[string]any{}
	for _, row := range readView(t, s, "reports", time.Time{}) {
		reports[row["report_id"]] = row
	}
	wantRow(t, reports["rep_1"], map[string]any{"kind": "watchlist", "has_match": true})
	wantRow(t, reports["rep_2"], map[string]any{"has_match": nil})
	if rows := readView(t, s, "cases", start.Add(time.Hour)); len(rows) != 1 || rows[0]["case_id"] != "case_1" {
		t.Errorf("the cases since then are %v", rows)
	}
	if rows := readView(t, s, "inquiries", start.Add(time.Microsecond)); len(rows) != 0 {
		t.Errorf("the inquiries since then are %v", rows)
	}
	if rows := readView(t, s, "subjects", time.Time{}); len(rows) != 1 {
		t.Errorf("the subjects are %v", rows)
	} else {
		wantRow(t, rows[0], map[string]any{"reference": "user-1", "verdict": "review", "object_type": "inquiry", "object_id": "inq_1", "object_status": "completed", "version": 1})
	}
	if rows := readView(t, s, "relations", start); len(rows) == 0 {
		t.Error("there are no relations")
	}
}

// viewsOfWork saves a decision with an action, and an event, and reads them through their
// views.
func viewsOfWork(t *testing.T, s store.Store, _ *Jobs) {
	appendEvents(t, s, event("evt_1", start))
	decision := domain.Decision{
		ID: "dec_1", Environment: domain.Sandbox, Object: inquiry, Transition: domain.Transition{Object: inquiry, From: "pending", To: "completed", At: start, EventID: "evt_1", Event: "inquiry.completed"},
		Result: domain.NoRule, PolicyVersion: "1", DecidedAt: start,
	}
	_, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{{Objects: []domain.Object{object("inquiry", "inq_1", "user-1")}, Decisions: []domain.Decision{decision}, Actions: []domain.Action{action("axn_1", "dec_1")}}},
		store.Verdicts{Rules: "1", Now: start, Of: func([]domain.Object) domain.Subject { return domain.Subject{Verdict: domain.VerdictPending} }})
	must(t, err)
	for name, want := range map[string]map[string]any{
		"decisions": {"decision_id": "dec_1", "object_id": "inq_1", "from_status": "pending", "to_status": "completed", "event_id": "evt_1", "result": "no_rule_matched", "rule": nil, "decided_at": start},
		"actions":   {"action_id": "axn_1", "decision_id": "dec_1", "kind": "set_case_status", "object_type": "case", "arguments": `{"status":"Approved"}`, "state": "waiting", "attempts": 0, "finished_at": nil},
		"events":    {"event_id": "evt_1", "name": "inquiry.completed", "via": "webhook", "state": "waiting", "tries": 0, "reason": nil, "received_at": start.Add(time.Second)},
	} {
		rows := readView(t, s, name, start)
		if len(rows) != 1 {
			t.Errorf("the %s are %v", name, rows)
			continue
		}
		wantRow(t, rows[0], want)
		if rows := readView(t, s, name, start.Add(time.Hour)); len(rows) != 0 {
			t.Errorf("later there are %d %s", len(rows), name)
		}
	}
}

// viewSnapshot reads a view while rows are added.
func viewSnapshot(t *testing.T, s store.Store, _ *Jobs) {
	for i := range 3 {
		appendEvents(t, s, event(fmt.Sprintf("evt_%d", i), start))
	}
	rows := 0
	err := s.ReadView(t.Context(), domain.Sandbox, view(t, "events"), time.Time{}, func(total int64) error {
		appendEvents(t, s, event("evt_late", start))
		return nil
	}, func([]any) error {
		rows++
		return nil
	})
	must(t, err)
	if rows != 3 {
		t.Errorf("%d rows were read, want those of the beginning", rows)
	}
	broken := fmt.Errorf("the disk is full")
	if err := s.ReadView(t.Context(), domain.Sandbox, view(t, "events"), time.Time{}, func(int64) error { return nil }, func([]any) error { return broken }); err == nil {
		t.Error("the error of a row is dropped")
	}
	if err := s.ReadView(t.Context(), domain.Production, view(t, "events"), time.Time{}, func(total int64) error {
		if total != 0 {
			t.Errorf("%d rows of another environment", total)
		}
		return nil
	}, func([]any) error { return nil }); err != nil {
		t.Fatal(err)
	}
}
