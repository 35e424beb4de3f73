package persona_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
)

// pageOf is a page of inquiries with a relative link to the next.
func pageOf(next string, ids ...string) reply {
	var items []string
	for _, id := range ids {
		items = append(items, fmt.Sprintf(`{"type":"inquiry","id":%q,"attributes":{"status":"created"}}`, id))
	}
	link := "null"
	if next != "" {
		link = `"/api/v1/inquiries?page%5Bafter%5D=` + next + `"`
	}
	return ok(`{"data":[` + strings.Join(items, ",") + `],"included":[{"type":"account","id":"act_1"}],"links":{"prev":null,"next":` + link + `}}`)
}

func TestAListGoesThroughAllPagesWithItsFiltersAndOptions(t *testing.T) {
	s := &script{replies: []reply{pageOf("inq_2", "inq_1", "inq_2"), pageOf("inq_3", "inq_3"), pageOf("", "inq_4")}}
	var ids []string
	for inquiry, err := range s.client(t).Inquiries.List(t.Context(), persona.InquiryListParams{Status: "created,pending", Size: 2}, persona.WithHeader("X-Trace", "1")) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, inquiry.ID)
		if len(inquiry.Included) != 1 {
			t.Errorf("%s came with %d related resources", inquiry.ID, len(inquiry.Included))
		}
	}
	if got := strings.Join(ids, " "); got != "inq_1 inq_2 inq_3 inq_4" {
		t.Errorf("listed %s", got)
	}
	for i, after := range []string{"", "inq_2", "inq_3"} {
		q := s.requests[i].URL.Query()
		if q.Get("page[after]") != after || q.Get("filter[status]") != "created,pending" || q.Get("page[size]") != "2" || s.requests[i].Header.Get("X-Trace") != "1" {
			t.Errorf("page %d was asked for with %v", i, q)
		}
	}
}

func TestFiltersAreSentAsPersonaWritesThem(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for name, test := range map[string]struct {
		params persona.InquiryListParams
		want   string
	}{
		"nothing":          {persona.InquiryListParams{}, ""},
		"one status":       {persona.InquiryListParams{Status: persona.InquiryStatusNeedsReview}, "filter[status]=needs_review"},
		"several statuses": {persona.InquiryListParams{Status: persona.AnyOf(persona.InquiryStatusCreated, persona.InquiryStatusPending)}, "filter[status]=created,pending"},
		"several ids":      {persona.InquiryListParams{InquiryID: persona.AnyOf("inq_1", "inq_2")}, "filter[inquiry-id]=inq_1,inq_2"},
		"no status at all": {persona.InquiryListParams{Status: persona.AnyOf[persona.InquiryStatus]()}, ""},
		"times in UTC": {
			persona.InquiryListParams{CreatedAtStart: time.Date(2026, 3, 1, 13, 0, 0, 0, zone), CreatedAtEnd: time.Date(2026, 3, 1, 12, 30, 0, 5e6, time.UTC)},
			"filter[created-at-end]=2026-03-01T12:30:00.005Z&filter[created-at-start]=2026-03-01T12:00:00.000Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{pageOf("")}}
			if _, err := s.client(t).Inquiries.ListPage(t.Context(), test.params); err != nil {
				t.Fatal(err)
			}
			if got, err := url.QueryUnescape(s.requests[0].URL.RawQuery); err != nil || got != test.want {
				t.Errorf("asked for %s, want %s", got, test.want)
			}
		})
	}
}

func TestAListIsResumedFromACursor(t *testing.T) {
	s := &script{replies: []reply{pageOf("", "inq_8")}}
	for _, err := range s.client(t).Inquiries.List(t.Context(), persona.InquiryListParams{After: "inq_7"}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := s.requests[0].URL.Query().Get("page[after]"); got != "inq_7" {
		t.Errorf("requested the page after %q", got)
	}
}

func TestBreakingOutOfAListFetchesNoMorePages(t *testing.T) {
	s := &script{replies: []reply{pageOf("inq_2", "inq_1", "inq_2")}}
	for range s.client(t).Inquiries.List(t.Context(), persona.InquiryListParams{}) {
		break
	}
	if len(s.requests) != 1 {
		t.Errorf("%d pages were fetched", len(s.requests))
	}
}

func TestAListEndsWithTheErrorOfAPage(t *testing.T) {
	s := &script{replies: []reply{pageOf("inq_1", "inq_1"), refused(403, nil)}}
	var seen int
	var last error
	for inquiry, err := range s.client(t).Inquiries.List(t.Context(), persona.InquiryListParams{}) {
		if last = err; err == nil {
			seen++
		} else if inquiry != nil {
			t.Error("an error was returned with an inquiry")
		}
	}
	if seen != 1 || !errors.Is(last, persona.ErrForbidden) {
		t.Errorf("saw %d, then %v", seen, last)
	}
}

func TestAListWhoseCursorDoesNotAdvanceEnds(t *testing.T) {
	s := &script{replies: []reply{pageOf("inq_1", "inq_1")}}
	var last error
	for _, err := range s.client(t).Inquiries.List(t.Context(), persona.InquiryListParams{}) {
		last = err
	}
	if last == nil || len(s.requests) != 2 {
		t.Errorf("error %v after %d pages", last, len(s.requests))
	}
}

func TestAListWhoseCursorsRepeatEnds(t *testing.T) {
	replies := []reply{pageOf("inq_1", "inq_1")}
	for range 50 {
		replies = append(replies, pageOf("inq_2"), pageOf("inq_3"), pageOf("inq_4"))
	}
	s := &script{replies: replies}
	var last error
	for _, err := range s.client(t).Inquiries.List(t.Context(), persona.InquiryListParams{}) {
		last = err
	}
	if last == nil || len(s.requests) > 10 {
		t.Errorf("error %v after %d pages", last, len(s.requests))
	}
}

func TestASearchPostsItsBodyWithEveryPage(t *testing.T) {
	next := `"/api/v1/inquiries/search?page%5Bafter%5D=inq_1&page%5Bsize%5D=10"`
	s := &script{replies: []reply{ok(`{"data":[{"type":"inquiry","id":"inq_1"}],"links":{"prev":null,"next":` + next + `}}`), pageOf("", "inq_2")}}
	params := persona.InquirySearchParams{
		Query: persona.Set(persona.And(persona.Where("status", "eq", "approved"), persona.Not(persona.Or(persona.Where("reference_id", "eq", "a"), persona.Where("created_at", "gt", 0))))),
		Sort:  persona.Set(persona.Sort{Attribute: "created_at", Direction: "asc"}),
	}
	for _, err := range s.client(t).Inquiries.Search(t.Context(), params) {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := `{"query":{"and":[{"attribute":"status","operator":"eq","value":"approved"},{"not":{"or":[{"attribute":"reference_id","operator":"eq","value":"a"},{"attribute":"created_at","operator":"gt","value":0}]}}]},"sort":{"attribute":"created_at","direction":"asc"}}`
	for i, body := range s.bodies {
		if body != want {
			t.Errorf("page %d: body %s", i, body)
		}
		if s.requests[i].Header.Get("Idempotency-Key") != "" {
			t.Error("a search changes nothing and needs no key")
		}
	}
	if got := s.requests[1].URL.Query().Get("page[after]"); got != "inq_1" {
		t.Errorf("the second page is after %q", got)
	}
}

func TestOnePage(t *testing.T) {
	s := &script{replies: []reply{pageOf("inq_2", "inq_1", "inq_2")}}
	page, err := s.client(t).Inquiries.ListPage(t.Context(), persona.InquiryListParams{})
	if err != nil || len(page.Data) != 2 || page.Next != "inq_2" || page.Prev != "" || len(page.Included) != 1 {
		t.Errorf("page %+v, error %v", page, err)
	}
}

func TestRelationsAreOfSeveralKinds(t *testing.T) {
	s := &script{replies: []reply{ok(`{"data":[{"type":"account","id":"act_2"},{"type":"transaction","id":"txn_1"},{"type":"spaceship","id":"x"}],"links":{"prev":null,"next":null}}`)}}
	var kinds []string
	for related, err := range s.client(t).Accounts.ListRelations(t.Context(), "act_1", persona.AccountListRelationsParams{Key: "children"}) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, fmt.Sprintf("%T", related))
	}
	if got := strings.Join(kinds, " "); got != "*persona.Account *persona.Transaction *persona.Unknown" {
		t.Errorf("related: %s", got)
	}
}

func TestAFurtherPageIsRequestedOnlyWithItsOwnCursor(t *testing.T) {
	s := &script{replies: []reply{
		ok(`{"data":[{"type":"inquiry","id":"inq_1"}],"links":{"next":"/api/v1/inquiries?page%5Bafter%5D=inq_1"}}`),
		ok(`{"data":[],"links":{"next":null}}`),
	}}
	for _, err := range s.client(t).Inquiries.List(t.Context(), persona.InquiryListParams{Before: "inq_9", Status: "completed"}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(s.requests) != 2 {
		t.Fatalf("%d requests", len(s.requests))
	}
	if q := s.requests[1].URL.Query(); q.Get("page[after]") != "inq_1" || q.Has("page[before]") || q.Get("filter[status]") != "completed" {
		t.Errorf("the second page is asked for by %v", q)
	}
}

func TestAPageKeepsWhatHasNoField(t *testing.T) {
	const body = `{"data":[{"type":"inquiry","id":"inq_1"}],"links":{"prev":null,"next":null},"meta":{"total":1}}`
	s := &script{replies: []reply{ok(body)}}
	page, err := s.client(t).Inquiries.ListPage(t.Context(), persona.InquiryListParams{})
	if err != nil || string(page.Raw) != body {
		t.Errorf("%s, error %v", page.Raw, err)
	}
}
