package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

func timelineInPages(t *testing.T, s store.Store, _ *Jobs) {
	inquiry, report := object("inquiry", "inq_1", "user-1"), object("report/watchlist", "rep_1", "")
	inquiry.Relationships = map[string][]domain.Ref{"reports": {report.Ref}}
	log := []audit.Entry{
		{Environment: domain.Sandbox, At: start, Actor: "idem", What: "object.moved", About: inquiry.Ref},
		{Environment: domain.Sandbox, At: start, Actor: "api", What: "object.read", About: report.Ref},
		{Environment: domain.Sandbox, At: start, Actor: "api", What: "endpoint.created"},
	}
	for _, a := range []store.Advance{{Objects: []domain.Object{inquiry}, Audit: log}, {Objects: []domain.Object{report}}, {Objects: []domain.Object{object("inquiry", "inq_2", "user-2")}}} {
		if err := saving(t, s, a); err != nil {
			t.Fatal(err)
		}
	}
	related, err := s.RelatedObjects(t.Context(), domain.Sandbox, "user-1")
	if err != nil || !slices.Equal(related, []string{"inq_1", "rep_1"}) {
		t.Fatalf("related are %v, error %v", related, err)
	}
	if none, err := s.RelatedObjects(t.Context(), domain.Sandbox, "nobody"); err != nil || len(none) != 0 {
		t.Errorf("nobody has %v, error %v", none, err)
	}
	whole := timeline(t, s, "user-1", related, 100, nil)
	if len(whole) < 2 {
		t.Fatalf("%d entries", len(whole))
	}
	paged := timeline(t, s, "user-1", related, 1, nil) // several have the same time
	if !slices.Equal(paged, whole) {
		t.Errorf("in pages: %+v\nat once: %+v", paged, whole)
	}
	if cases, err := s.Objects(t.Context(), domain.Sandbox, store.Filter{Cases: true}); err != nil || len(cases.Rows) != 0 {
		t.Errorf("%d cases, error %v", len(cases.Rows), err)
	}
}

// timeline reads a whole timeline in pages, and calls between after each.
func timeline(t *testing.T, s store.Store, reference string, objects []string, size int, between func()) (whole []store.Happening) {
	t.Helper()
	var from *store.TimelinePlace
	for range 10_000 {
		page, err := s.Timeline(t.Context(), domain.Sandbox, reference, objects, from, size)
		must(t, err)
		if len(page.Rows) > size || len(page.Rows) == 0 && page.Next != nil {
			t.Fatalf("a page of %d has %d entries, and the next begins at %+v", size, len(page.Rows), page.Next)
		}
		if whole, from = append(whole, page.Rows...), page.Next; from == nil {
			return whole
		}
		if between != nil {
			between()
		}
	}
	t.Fatal("the timeline has no end")
	return nil
}

// history adds rows of every source of a timeline, at random.
type history struct {
	t    *testing.T
	s    store.Store
	draw *rand.Rand
	now  time.Time
	rows int
}

// objects are the ids that the rows of a history are about.
func (h *history) objects() []string { return []string{"inq_0", "inq_1", "inq_2", "inq_3", "inq_4"} }

// add adds a row about one of the objects, or about somebody else. Some rows have the same time.
func (h *history) add() {
	h.t.Helper()
	h.rows++
	h.now = h.now.Add(time.Duration(h.draw.IntN(3)) * time.Millisecond)
	about := domain.Ref{Type: "inquiry", ID: fmt.Sprintf("inq_%d", h.draw.IntN(6))} // inq_5 is somebody else's
	id := fmt.Sprintf("%06d", h.rows)
	switch h.draw.IntN(6) {
	case 0, 1:
		e := event("evt_"+id, h.now)
		e.Object, e.ReceivedAt = about, h.now
		appendEvents(h.t, h.s, e)
	case 2:
		must(h.t, saving(h.t, h.s, store.Advance{Audit: []audit.Entry{{Environment: domain.Sandbox, At: h.now, Actor: "api", What: "object.read", About: about}}}))
	case 3:
		transition := domain.Transition{Object: about, To: "completed", EventID: "evt_" + id, At: h.now}
		decision := domain.Decision{ID: "dec_" + id, Environment: domain.Sandbox, Object: about, Transition: transition, Result: domain.Decided, DecidedAt: h.now}
		requested := action("axn_"+id, decision.ID)
		requested.Spec.Target, requested.CreatedAt = about, h.now
		must(h.t, saving(h.t, h.s, store.Advance{Decisions: []domain.Decision{decision}, Actions: []domain.Action{requested}}))
	case 4:
		tell(h.t, h.s, domain.NotifyActionDone, fmt.Sprintf("user-%d", 1+h.draw.IntN(2)))
	case 5: // deliveries of notifications, which may have been stored long ago
		_, err := h.s.Expand(h.t.Context(), domain.Sandbox, "crm", 2, h.now)
		must(h.t, err)
	}
}

func timelineWhileRowsAreAdded(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("crm"))
	h := &history{t: t, s: s, draw: rand.New(rand.NewPCG(1, 2)), now: start}
	for range 150 {
		h.add()
	}
	for _, size := range []int{1, 2, 3, 7, 40} {
		before := timeline(t, s, "user-1", h.objects(), 1000, nil)
		if at := slices.IndexFunc(before, func(row store.Happening) bool { return row.Object.ID == "inq_5" }); at >= 0 {
			t.Errorf("%s %s is about somebody else", before[at].Kind, before[at].ID)
		}
		paged := timeline(t, s, "user-1", h.objects(), size, h.add)
		seen := map[string]bool{}
		var old []store.Happening
		for _, row := range paged {
			if key := row.Kind + " " + row.ID; seen[key] {
				t.Errorf("in pages of %d %s comes twice", size, key)
			} else {
				seen[key] = true
			}
			if slices.Contains(before, row) {
				old = append(old, row)
			} else if row.Kind != "delivery" {
				t.Errorf("in pages of %d %s %s comes, which was added later", size, row.Kind, row.ID)
			}
		}
		if !slices.Equal(old, before) {
			t.Errorf("in pages of %d there are %d of %d entries, or in another order", size, len(old), len(before))
		}
	}
}
