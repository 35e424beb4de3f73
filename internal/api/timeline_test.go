package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// decided stores two subjects, the first with a decision, an action and what led to them.
func (w *world) decided() {
	w.Helper()
	inquiry, other := w.inquiry("inq_1", "user-1", "completed"), w.inquiry("inq_2", "user-2", "created")
	verification := domain.Object{
		Environment: domain.Sandbox, Ref: domain.Ref{Type: "verification/government-id", ID: "ver_1"}, Status: "failed", AsOf: w.now,
		Relationships: map[string][]domain.Ref{"inquiry": {inquiry.Ref}},
		Attributes: map[string]json.RawMessage{
			"name-first": json.RawMessage(`"Ada"`), "created-at": json.RawMessage(`"2026-11-23T12:00:00Z"`),
			"checks": json.RawMessage(`[{"name":"id_expired_detection","status":"failed","requirement":"required","metadata":{"x":"Ada"}}]`),
		},
	}
	match := domain.Object{Ref: domain.Ref{Type: "report/watchlist", ID: "rep_1"}, Status: "ready", Attributes: map[string]json.RawMessage{"has-match": json.RawMessage("true")}}
	facts, err := json.Marshal(policy.Facts{Inquiries: []domain.Object{inquiry}, Verifications: []domain.Object{verification}, Reports: []domain.Object{match}})
	if err != nil {
		w.Fatal(err)
	}
	transition := domain.Transition{Object: inquiry.Ref, From: "pending", To: "completed", At: w.now, EventID: "evt_1", Event: "inquiry.completed"}
	spec := domain.ActionSpec{Kind: domain.MarkInquiryForReview, Target: inquiry.Ref}
	at := func(n int) time.Time { return w.now.Add(time.Duration(n) * time.Second) }
	events := []domain.Event{{
		Environment: domain.Sandbox, ID: "evt_1", Name: "inquiry.completed", CreatedAt: at(0), Object: inquiry.Ref, Body: []byte("{}"), Via: domain.ViaWebhook, ReceivedAt: at(0), State: domain.EventApplied,
	}, {
		Environment: domain.Sandbox, ID: "evt_2", Name: "inquiry.created", CreatedAt: at(0), Object: other.Ref, Body: []byte("{}"), Via: domain.ViaWebhook, ReceivedAt: at(0), State: domain.EventApplied,
	}, {
		Environment: domain.Sandbox, ID: "evt_3", Name: "verification.failed", CreatedAt: at(0), Object: verification.Ref, Body: []byte("{}"), Via: domain.ViaWebhook, ReceivedAt: at(0), State: domain.EventApplied,
	}}
	if _, err := w.db.AppendEvents(w.Context(), events); err != nil {
		w.Fatal(err)
	}
	w.save(store.Advance{
		Objects: []domain.Object{inquiry, verification},
		Decisions: []domain.Decision{{
			ID: "dec_1", Environment: domain.Sandbox, Object: inquiry.Ref, Transition: transition, Result: domain.Decided, Rule: "review what failed", PolicyVersion: "1", Explanation: "a check failed", Actions: []domain.ActionSpec{spec}, Facts: facts, DecidedAt: at(2),
		}},
		Actions: []domain.Action{{ID: "axn_1", Environment: domain.Sandbox, DecisionID: "dec_1", Spec: spec, DerivedKey: "k", IdempotencyKey: "k", State: domain.ActionWaiting, CreatedAt: at(3)}},
		Audit:   []audit.Entry{{Environment: domain.Sandbox, At: at(0), Actor: "idem", What: "object.moved", About: inquiry.Ref, Detail: "pending to completed"}},
	})
	w.save(store.Advance{Objects: []domain.Object{other}})
}

func TestATimelineHasEverythingOfOneSubject(t *testing.T) {
	w := newWorld(t)
	w.decided()
	var whole api.Timeline
	w.want(200, &whole, "GET", "/v1/sandbox/subjects/user-1/timeline", "")
	var kinds, ids []string
	for i, h := range whole.Data {
		kinds, ids = append(kinds, h.Kind), append(ids, h.Kind+" "+h.ID)
		if i > 0 && h.At.After(whole.Data[i-1].At) {
			t.Errorf("%s %s is newer than the entry before", h.Kind, h.ID)
		}
		if h.Object != nil && h.Object.ID == "inq_2" {
			t.Errorf("%s %s is about somebody else", h.Kind, h.ID)
		}
	}
	for _, kind := range []string{"event", "transition", "decision", "action", "notification", "audit"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("there is no %s: %v", kind, kinds)
		}
	}
	if !slices.Contains(ids, "event evt_3") {
		t.Errorf("the event of the verification is missing: %v", ids)
	}
	for _, size := range []int{1, 2, 3} {
		var paged []string
		next := ""
		for range 20 {
			var page api.Timeline
			w.want(200, &page, "GET", fmt.Sprintf("/v1/sandbox/subjects/user-1/timeline?limit=%d%s", size, next), "")
			for _, h := range page.Data {
				paged = append(paged, h.Kind+" "+h.ID)
			}
			if next = "&before=" + page.Next; page.Next == "" {
				break
			}
		}
		if !slices.Equal(paged, ids) {
			t.Errorf("in pages of %d: %v, want %v", size, paged, ids)
		}
	}
	var nobody api.Timeline
	if got := w.want(200, &nobody, "GET", "/v1/sandbox/subjects/nobody/timeline", ""); len(nobody.Data) != 0 || !strings.Contains(got.Body.String(), `"data":[]`) {
		t.Errorf("the timeline of nobody is %s", got.Body)
	}
	w.want(200, &nobody, "GET", "/v1/production/subjects/user-1/timeline", "")
	if len(nobody.Data) != 0 {
		t.Errorf("the other environment shows %v", nobody.Data)
	}
	for _, bad := range []string{"x", "e30", "%00", strings.Repeat("A", 401)} {
		w.want(422, nil, "GET", "/v1/sandbox/subjects/user-1/timeline?before="+bad, "")
	}
}

func TestEvidenceNamesChecksAndReportsWithoutPersonalData(t *testing.T) {
	w := newWorld(t)
	w.decided()
	var e api.Evidence
	got := w.want(200, &e, "GET", "/v1/sandbox/subjects/user-1/evidence", "")
	if strings.Contains(got.Body.String(), "Ada") {
		t.Errorf("it shows a name: %s", got.Body)
	}
	if e.Subject.Verdict != domain.VerdictReview || e.Reason != "the inquiry inq_1 is completed" || len(e.Reasons) != 1 {
		t.Fatalf("the evidence is %s", got.Body)
	}
	r := e.Reasons[0]
	if r.Rule != "review what failed" || !slices.Equal(r.FailedChecks, []string{"id_expired_detection"}) || len(r.Verifications) != 1 || r.Verifications[0].Checks[0].Status != "failed" {
		t.Errorf("the reason is %+v", r)
	}
	if len(r.Reports) != 1 || r.Reports[0].HasMatch == nil || !*r.Reports[0].HasMatch {
		t.Errorf("the reports are %+v", r.Reports)
	}
	if w.want(200, &e, "GET", "/v1/sandbox/subjects/nobody/evidence", ""); e.Subject.Verdict != domain.VerdictNone {
		t.Errorf("nobody is %s", e.Subject.Verdict)
	}
}

func TestAnObjectIsShownWithItsAttributesAndTheReadIsRecorded(t *testing.T) {
	w := newWorld(t)
	w.decided()
	kase := domain.Object{Environment: domain.Sandbox, Ref: domain.Ref{Type: "case", ID: "case_1"}, Status: "Open", AsOf: w.now, Relationships: map[string][]domain.Ref{"inquiries": {{Type: "inquiry", ID: "inq_1"}}}}
	w.save(store.Advance{Objects: []domain.Object{kase}})
	var detail api.ObjectDetail
	if w.want(200, &detail, "GET", "/v1/sandbox/objects/inq_1", ""); string(detail.Attributes["name-first"]) != `"Ada"` || detail.Status != "completed" {
		t.Errorf("the object is %+v", detail)
	}
	if got := w.last(); got != "api object.read inq_1 " {
		t.Errorf("the audit trail ends with %q", got)
	}
	var list struct{ Data []api.Object }
	if w.want(200, &list, "GET", "/v1/sandbox/cases", ""); len(list.Data) != 1 || list.Data[0].Object.ID != "case_1" {
		t.Errorf("the cases are %+v", list.Data)
	}
	w.want(200, nil, "GET", "/v1/sandbox/cases/case_1", "")
	w.want(404, nil, "GET", "/v1/sandbox/cases/inq_1", "")
	w.want(404, nil, "GET", "/v1/sandbox/objects/inq_9", "")
}

func TestEnvironmentsAreShownWithTheirHealth(t *testing.T) {
	w := newWorld(t)
	var list struct{ Data []api.EnvironmentHealth }
	if w.want(200, &list, "GET", "/v1/environments", ""); len(list.Data) != 2 || !list.Data[0].Healthy || list.Data[0].LastEvent != nil {
		t.Errorf("at first: %+v", list.Data)
	}
	w.decided()
	w.dead("axn_2", "inq_1")
	sandbox := w.token("sandbox", `,"environment":"sandbox"`, "read").Secret
	got := w.call(sandbox, "GET", "/v1/environments", "")
	if err := json.Unmarshal(got.Body.Bytes(), &list); err != nil || len(list.Data) != 1 {
		t.Fatalf("a token of the sandbox sees %s", got.Body)
	}
	if h := list.Data[0]; h.Name != "sandbox" || h.Healthy || h.ActionsDead != 1 || len(h.Concerns) != 1 || h.LastEvent == nil {
		t.Errorf("the sandbox is %+v", h)
	}
}
