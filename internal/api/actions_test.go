package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

func TestAnActionIsRequestedByHandWithAReason(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	support := w.token("support", "", "act", "read").Secret
	got := w.call(support, "POST", "/v1/sandbox/actions", `{"kind":"approve_inquiry","target":"inq_1","reason":"checked\nby phone"}`)
	if got.Code != 201 {
		t.Fatalf("answered %d %s", got.Code, got.Body)
	}
	var list struct{ Data []api.Action }
	w.want(200, &list, "GET", "/v1/sandbox/actions?object=inq_1", "")
	if len(list.Data) != 1 || list.Data[0].State != domain.ActionWaiting || list.Data[0].DecisionID != "" || list.Data[0].IdempotencyKey == "" {
		t.Fatalf("the actions are %+v", list.Data)
	}
	id := list.Data[0].ID
	if got := w.last(); got != "api:support action.requested inq_1 "+id+" approve_inquiry: checked by phone" {
		t.Errorf("the audit trail ends with %q", got)
	}
	stored, err := w.db.Action(t.Context(), domain.Sandbox, id)
	if err != nil || stored.Spec.Expects != "completed" {
		t.Errorf("it expects %q, error %v", stored.Spec.Expects, err)
	}
	var detail api.ActionDetail
	if w.want(200, &detail, "GET", "/v1/sandbox/actions/"+id, ""); len(detail.Audit) != 1 || detail.Audit[0].Actor != "api:support" {
		t.Errorf("its audit entries are %+v", detail.Audit)
	}
}

func TestActionsOfPeopleDoNotWaitForEachOther(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	decisions := map[string]bool{}
	for i := range 3 {
		w.want(201, nil, "POST", "/v1/sandbox/actions", fmt.Sprintf(`{"kind":"tag_inquiry","argument":"T%d","target":"inq_1","reason":"a good customer"}`, i))
	}
	page, err := w.db.Actions(t.Context(), domain.Sandbox, store.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range page.Rows {
		decisions[a.DecisionID] = true
	}
	if len(decisions) != 3 {
		t.Errorf("three actions follow each other in %d groups", len(decisions))
	}
}

func TestARequestedActionIsRejectedWhen(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	for name, test := range map[string]struct {
		path, body string
		status     int
		want       string
	}{
		"its kind is misspelled":           {"sandbox", `{"kind":"aprove_inquiry","target":"inq_1","reason":"a reason"}`, 422, `did you mean \"approve_inquiry\"?`},
		"its target is unknown":            {"sandbox", `{"kind":"approve_inquiry","target":"inq_2","reason":"a reason"}`, 404, "not-found"},
		"its target is of another type":    {"sandbox", `{"kind":"tag_case","argument":"VIP","target":"inq_1","reason":"a reason"}`, 422, "body.target"},
		"its target is elsewhere":          {"production", `{"kind":"approve_inquiry","target":"inq_1","reason":"a reason"}`, 404, "not-found"},
		"its target leads elsewhere":       {"sandbox", `{"kind":"approve_inquiry","target":"../x y","reason":"a reason"}`, 422, "body.target"},
		"its argument is missing":          {"sandbox", `{"kind":"tag_inquiry","target":"inq_1","reason":"a reason"}`, 422, "body.argument"},
		"its argument is blank":            {"sandbox", `{"kind":"tag_inquiry","argument":" ","target":"inq_1","reason":"a reason"}`, 422, "body.argument"},
		"its argument has a NUL":           {"sandbox", `{"kind":"tag_inquiry","argument":"a\u0000","target":"inq_1","reason":"a reason"}`, 422, "body.argument"},
		"it has an argument too much":      {"sandbox", `{"kind":"approve_inquiry","argument":"x","target":"inq_1","reason":"a reason"}`, 422, "body.argument"},
		"it has no reason":                 {"sandbox", `{"kind":"approve_inquiry","target":"inq_1"}`, 422, "reason"},
		"it simulates in production":       {"production", `{"kind":"simulate_inquiry","argument":"start_inquiry","target":"inq_1","reason":"a reason"}`, 422, "sandbox only"},
		"it has a field that nobody knows": {"sandbox", `{"kind":"approve_inquiry","target":"inq_1","reason":"a reason","force":true}`, 422, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.call("token", "POST", "/v1/"+test.path+"/actions", test.body); got.Code != test.status || !strings.Contains(got.Body.String(), test.want) {
				t.Errorf("answered %d %s, want %d with %s", got.Code, got.Body, test.status, test.want)
			}
		})
	}
	if page, err := w.db.Actions(t.Context(), domain.Sandbox, store.Filter{}); err != nil || len(page.Rows) != 0 {
		t.Errorf("%d actions were stored, error %v", len(page.Rows), err)
	}
}

func TestADeadActionIsDiscarded(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	w.dead("axn_1", "inq_1")
	var detail api.ActionDetail
	w.want(200, &detail, "POST", "/v1/sandbox/actions/axn_1/discard", `{"reason":"approved in the dashboard"}`)
	if detail.State != domain.ActionDiscarded {
		t.Errorf("it is %s", detail.State)
	}
	var backlog api.Backlog
	if w.want(200, &backlog, "GET", "/v1/sandbox/backlog", ""); backlog.ActionsDead != 0 {
		t.Errorf("%d actions are dead", backlog.ActionsDead)
	}
	w.want(409, nil, "POST", "/v1/sandbox/actions/axn_1/discard", `{"reason":"once more"}`)
	w.want(409, nil, "POST", "/v1/sandbox/actions/axn_1/replay", `{}`)
	w.want(404, nil, "POST", "/v1/sandbox/actions/axn_2/discard", `{"reason":"a mistake"}`)
	w.want(422, nil, "POST", "/v1/sandbox/actions/axn_1/discard", `{}`)
}

func TestAnActionWithoutATargetShowsNone(t *testing.T) {
	w := newWorld(t)
	spec := domain.ActionSpec{Kind: domain.SetCaseStatus}
	w.save(store.Advance{
		Decisions: []domain.Decision{{ID: "dec_1", Environment: domain.Sandbox, Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, Result: domain.Decided, Actions: []domain.ActionSpec{spec}}},
		Actions:   []domain.Action{{ID: "axn_1", Environment: domain.Sandbox, DecisionID: "dec_1", Spec: spec, DerivedKey: "k", IdempotencyKey: "k", State: domain.ActionWaiting}},
	})
	for _, path := range []string{"decisions/dec_1", "actions/axn_1"} {
		if got := w.want(200, nil, "GET", "/v1/sandbox/"+path, "").Body.String(); strings.Contains(got, `"target"`) || !strings.Contains(got, "set_case_status") {
			t.Errorf("%s: %s", path, got)
		}
	}
}
