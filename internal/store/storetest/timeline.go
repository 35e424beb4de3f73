package storetest

import (
	"slices"
	"testing"

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
	whole, err := s.Timeline(t.Context(), domain.Sandbox, "user-1", related, store.Happening{}, 100)
	if err != nil || len(whole) < 2 {
		t.Fatalf("%d entries, error %v", len(whole), err)
	}
	var paged []store.Happening
	last := store.Happening{}
	for range len(whole) + 1 { // several have the same time
		page, err := s.Timeline(t.Context(), domain.Sandbox, "user-1", related, last, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		paged, last = append(paged, page...), page[0]
	}
	if !slices.Equal(paged, whole) {
		t.Errorf("in pages: %+v\nat once: %+v", paged, whole)
	}
	if cases, err := s.Objects(t.Context(), domain.Sandbox, store.Filter{Cases: true}); err != nil || len(cases.Rows) != 0 {
		t.Errorf("%d cases, error %v", len(cases.Rows), err)
	}
}
