package fold

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/internal/domain"
)

// inquiryOf returns an inquiry that was created on a day of March. Day 0 means without
// creation time.
func inquiryOf(id, status string, day int) domain.Object {
	o := domain.Object{Ref: domain.Ref{Type: "inquiry", ID: id}, Status: status, Attributes: map[string]json.RawMessage{}}
	if day > 0 {
		o.Attributes["created-at"] = json.RawMessage(fmt.Sprintf(`"2026-03-%02dT00:00:00Z"`, day))
	}
	return o
}

func caseOf(id, status string, inquiries ...string) domain.Object {
	o := domain.Object{Ref: domain.Ref{Type: "case", ID: id}, Status: status, Relationships: map[string][]domain.Ref{}}
	for _, inquiry := range inquiries {
		o.Relationships["inquiries"] = append(o.Relationships["inquiries"], domain.Ref{Type: "inquiry", ID: inquiry})
	}
	return coveringOf(o, inquiries...)
}

// coveringOf returns a case that was about these inquiries when it got its status, and about
// the account of [accountsOf].
func coveringOf(o domain.Object, inquiries ...string) domain.Object {
	o.Coverage = domain.Coverage{Status: o.Status, At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), EventID: "evt_1", About: []domain.Ref{accountsOf()[0].Ref}}
	for _, inquiry := range inquiries {
		o.Coverage.About = append(o.Coverage.About, domain.Ref{Type: "inquiry", ID: inquiry})
	}
	return o
}

func accountsOf() []domain.Object {
	return []domain.Object{{Ref: domain.Ref{Type: "account", ID: "act_1"}, ReferenceID: "user-1"}}
}

func undatedOf(o domain.Object) domain.Object {
	o.Attributes = maps.Clone(o.Attributes)
	delete(o.Attributes, "created-at")
	return o
}

func redactedOf(o domain.Object) domain.Object {
	o.RedactedAt = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	return o
}

// reviewedBy returns an inquiry with a reviewer of a type.
func reviewedBy(o domain.Object, typ string) domain.Object {
	o.Relationships = map[string][]domain.Ref{"reviewer": {{Type: typ, ID: "rev_1"}}}
	return o
}

func statuses() map[string]domain.Verdict {
	return map[string]domain.Verdict{
		"Open": domain.VerdictReview, "Approved": domain.VerdictApproved, "Declined": domain.VerdictDeclined, "Waiting on owner": domain.VerdictPending,
	}
}

func TestVerdict(t *testing.T) {
	type objects = []domain.Object
	for name, test := range map[string]struct {
		inquiries, cases objects
		want             domain.Verdict
		from             string // the id of the object that the verdict is based on
	}{
		"nothing known":                  {nil, nil, domain.VerdictNone, ""},
		"completed is not approved":      {objects{inquiryOf("a", "completed", 1)}, nil, domain.VerdictReview, "a"},
		"an unknown status means review": {objects{inquiryOf("a", "on_the_moon", 1)}, nil, domain.VerdictReview, "a"},
		"approved":                       {objects{inquiryOf("a", "approved", 1)}, nil, domain.VerdictApproved, "a"},
		"declined":                       {objects{inquiryOf("a", "declined", 1)}, nil, domain.VerdictDeclined, "a"},
		"redacted":                       {objects{redactedOf(inquiryOf("a", "approved", 1))}, nil, domain.VerdictRedacted, "a"},
		"declined and redacted":          {objects{redactedOf(inquiryOf("a", "declined", 1))}, nil, domain.VerdictRedacted, "a"},
		"an open case outranks an approved inquiry":                         {objects{inquiryOf("a", "approved", 1)}, objects{caseOf("c", "Open", "a")}, domain.VerdictReview, "c"},
		"a custom case status is mapped to a verdict":                       {objects{inquiryOf("a", "completed", 1)}, objects{caseOf("c", "Waiting on owner", "a")}, domain.VerdictPending, "c"},
		"an unknown case status means review":                               {objects{inquiryOf("a", "approved", 1)}, objects{caseOf("c", "Fine", "a")}, domain.VerdictReview, "c"},
		"a case of another inquiry does not count":                          {objects{inquiryOf("a", "approved", 1)}, objects{caseOf("c", "Open", "b")}, domain.VerdictApproved, "a"},
		"a redacted case that approved does not count":                      {objects{inquiryOf("a", "completed", 1)}, objects{redactedOf(caseOf("c", "Approved", "a"))}, domain.VerdictReview, "a"},
		"a redacted case that did not approve keeps its verdict":            {objects{inquiryOf("a", "approved", 1)}, objects{redactedOf(caseOf("c", "Open", "a"))}, domain.VerdictReview, "c"},
		"an approval before a decline that was redacted does not count":     {objects{inquiryOf("a", "approved", 1), redactedOf(inquiryOf("b", "declined", 2))}, nil, domain.VerdictDeclined, "b"},
		"a case without a creation time counts as the newest":               {objects{inquiryOf("a", "approved", 1)}, objects{undatedOf(caseOf("c", "Open", "a")), caseOf("d", "Approved", "a")}, domain.VerdictReview, "c"},
		"a case that approves without a creation time counts as the oldest": {objects{inquiryOf("a", "approved", 1)}, objects{undatedOf(caseOf("c", "Approved", "a")), caseOf("d", "Open", "a")}, domain.VerdictReview, "d"},
		"a case without an inquiry":                                         {nil, objects{caseOf("c", "Approved")}, domain.VerdictApproved, "c"},
		"the newest inquiry counts":                                         {objects{inquiryOf("a", "approved", 1), inquiryOf("b", "completed", 2)}, nil, domain.VerdictReview, "b"},
		"the order of the list does not count":                              {objects{inquiryOf("b", "completed", 2), inquiryOf("a", "approved", 1)}, nil, domain.VerdictReview, "b"},
		"an expired retry leaves the decision":                              {objects{inquiryOf("a", "approved", 1), inquiryOf("b", "expired", 2)}, nil, domain.VerdictApproved, "a"},
		"a redacted retry leaves the decision":                              {objects{inquiryOf("a", "declined", 1), redactedOf(inquiryOf("b", "approved", 2))}, nil, domain.VerdictDeclined, "a"},
		"of two of the same second the one that does not approve counts":    {objects{inquiryOf("a", "completed", 1), inquiryOf("b", "approved", 1)}, nil, domain.VerdictReview, "a"},
		"of two cases of the same second the one that does not approve counts": {objects{inquiryOf("a", "approved", 1)}, objects{caseOf("d", "Approved", "a"), caseOf("c", "Open", "a")},
			domain.VerdictReview, "c"},
		"two of the same second that do not approve are ordered by id": {objects{inquiryOf("b", "completed", 1), inquiryOf("a", "pending", 1)}, nil, domain.VerdictReview, "b"},
		"an approval without a creation time counts as the oldest":     {objects{inquiryOf("b", "approved", 0), inquiryOf("a", "completed", 1)}, nil, domain.VerdictReview, "a"},
		"a decline without a creation time counts as the newest":       {objects{inquiryOf("b", "declined", 0), inquiryOf("a", "approved", 1)}, nil, domain.VerdictDeclined, "b"},
		"a review without a creation time counts as the newest":        {objects{inquiryOf("b", "completed", 0), inquiryOf("a", "approved", 1)}, nil, domain.VerdictReview, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Verdict(test.inquiries, accountsOf(), test.cases, VerdictRules{CaseStatuses: statuses()})
			if got.Verdict != test.want || got.Object.ID != test.from {
				t.Errorf("%s from %q, want %s from %q", got.Verdict, got.Object.ID, test.want, test.from)
			}
		})
	}
}

// A reviewer who approves a case sees what it is about then. What is added later was looked at
// by nobody.
func TestACaseApprovesOnlyWhatItWasAboutWhenItGotItsStatus(t *testing.T) {
	type objects = []domain.Object
	statusOf := func(c domain.Object, status string) domain.Object { c.Status = status; return c }
	for name, test := range map[string]struct {
		inquiries, cases objects
		want             domain.Verdict
		from             string
	}{
		"a pending inquiry that was added later":   {objects{inquiryOf("b", "pending", 2)}, objects{coveringOf(caseOf("c", "Approved", "a", "b"), "a")}, domain.VerdictPending, "b"},
		"a completed inquiry that was added later": {objects{inquiryOf("b", "completed", 2)}, objects{coveringOf(caseOf("c", "Approved", "a", "b"), "a")}, domain.VerdictReview, "b"},
		"a failed inquiry that was added later":    {objects{inquiryOf("b", "failed", 2)}, objects{coveringOf(caseOf("c", "Approved", "a", "b"), "a")}, domain.VerdictReview, "b"},
		"a declined inquiry that was added later":  {objects{inquiryOf("b", "declined", 2)}, objects{coveringOf(caseOf("c", "Approved", "a", "b"), "a")}, domain.VerdictDeclined, "b"},
		"an approved inquiry that was added later": {objects{inquiryOf("b", "approved", 2)}, objects{coveringOf(caseOf("c", "Approved", "a", "b"), "a")}, domain.VerdictApproved, "b"},
		"an older inquiry that was added later":    {objects{inquiryOf("b", "failed", 1)}, objects{coveringOf(caseOf("c", "Approved", "b"))}, domain.VerdictReview, "b"},
		"a newer inquiry of the person was added later": {objects{inquiryOf("a", "failed", 1), inquiryOf("b", "pending", 2)}, objects{coveringOf(caseOf("c", "Approved", "a", "b"), "a")},
			domain.VerdictPending, "b"},
		"an older inquiry of the person was added later, and the newer one is approved": {objects{inquiryOf("a", "declined", 1), inquiryOf("b", "approved", 2)},
			objects{coveringOf(caseOf("c", "Approved", "a", "b"), "b")}, domain.VerdictReview, "c"},
		"a failed inquiry that was in the case":                     {objects{inquiryOf("a", "failed", 1)}, objects{coveringOf(caseOf("c", "Approved", "a", "b"), "a")}, domain.VerdictApproved, "c"},
		"a failed inquiry, and no event showed the approval":        {objects{inquiryOf("a", "failed", 1)}, objects{unseenOf(caseOf("c", "Approved", "a"))}, domain.VerdictReview, "a"},
		"a failed inquiry, and events show only an earlier status":  {objects{inquiryOf("a", "failed", 1)}, objects{statusOf(caseOf("c", "Open", "a"), "Approved")}, domain.VerdictReview, "a"},
		"a case that declined before the inquiry was added":         {objects{inquiryOf("b", "approved", 2)}, objects{coveringOf(caseOf("c", "Declined", "a", "b"), "a")}, domain.VerdictDeclined, "c"},
		"a case for review, to which the inquiry was added later":   {objects{inquiryOf("b", "approved", 2)}, objects{coveringOf(caseOf("c", "Open", "a", "b"), "a")}, domain.VerdictReview, "c"},
		"the newest case approved before, and an older one decides": {objects{inquiryOf("b", "completed", 2)}, objects{coveringOf(caseOf("d", "Approved", "b")), caseOf("c", "Declined", "b")}, domain.VerdictDeclined, "c"},
		"no inquiry, and the account was in the case":               {nil, objects{caseOf("c", "Approved")}, domain.VerdictApproved, "c"},
		"no inquiry, and the account was added later":               {nil, objects{unseenOf(caseOf("c", "Approved"))}, domain.VerdictReview, "c"},
		"no inquiry, and the account was added to a declined case":  {nil, objects{unseenOf(caseOf("c", "Declined"))}, domain.VerdictDeclined, "c"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Verdict(test.inquiries, accountsOf(), test.cases, VerdictRules{CaseStatuses: statuses()})
			if got.Verdict != test.want || got.Object.ID != test.from {
				t.Errorf("%s from %q, want %s from %q", got.Verdict, got.Object.ID, test.want, test.from)
			}
		})
	}
}

// unseenOf returns a case whose status no event has shown.
func unseenOf(c domain.Object) domain.Object {
	c.Coverage = domain.Coverage{}
	return c
}

func TestTheVerdictOnANewerInquiryAfterADecline(t *testing.T) {
	type objects = []domain.Object
	const declined, review, approved, pending, expired = domain.VerdictDeclined, domain.VerdictReview, domain.VerdictApproved, domain.VerdictPending, domain.VerdictExpired
	old := inquiryOf("old", "declined", 1)
	for name, test := range map[string]struct {
		inquiries, cases                objects
		deny, review, allow             domain.Verdict
		denyFrom, reviewFrom, allowFrom string
	}{
		"approved by the API": {objects{old, inquiryOf("new", "approved", 2)}, nil, declined, review, approved, "old", "new", "new"},
		"approved by a workflow": {objects{old, reviewedBy(inquiryOf("new", "approved", 2), "workflow-run")}, nil,
			declined, review, approved, "old", "new", "new"},
		"approved by a person": {objects{old, reviewedBy(inquiryOf("new", "approved", 2), "user")}, nil, declined, approved, approved, "old", "new", "new"},
		"completed":            {objects{old, inquiryOf("new", "completed", 2)}, nil, declined, review, review, "old", "new", "new"},
		"pending":              {objects{old, inquiryOf("new", "pending", 2)}, nil, declined, declined, pending, "old", "old", "new"},
		"expired":              {objects{old, inquiryOf("new", "expired", 2)}, nil, declined, declined, declined, "old", "old", "old"},
		"declined":             {objects{old, inquiryOf("new", "declined", 2)}, nil, declined, declined, declined, "old", "new", "new"},
		"redacted":             {objects{old, redactedOf(inquiryOf("new", "approved", 2))}, nil, declined, declined, declined, "old", "old", "old"},
		"approved, the older redacted": {objects{redactedOf(old), inquiryOf("new", "approved", 2)}, nil,
			declined, review, approved, "old", "new", "new"},
		"expired, the older redacted": {objects{redactedOf(old), inquiryOf("new", "expired", 2)}, nil, declined, declined, expired, "old", "old", "new"},
		"approved, the older declined by its case": {objects{inquiryOf("old", "completed", 1), inquiryOf("new", "approved", 2)}, objects{caseOf("c", "Declined", "old")},
			declined, review, approved, "c", "new", "new"},
		"approved, the older declined by a redacted case": {objects{inquiryOf("old", "completed", 1), inquiryOf("new", "approved", 2)}, objects{redactedOf(caseOf("c", "Declined", "old"))},
			declined, review, approved, "c", "new", "new"},
		"approved, the older declined with an open case": {objects{old, inquiryOf("new", "approved", 2)}, objects{caseOf("c", "Open", "old")},
			declined, review, approved, "old", "new", "new"},
		"approved, the older declined by one of its cases": {objects{inquiryOf("old", "completed", 1), inquiryOf("new", "approved", 2)}, objects{caseOf("c", "Declined", "old"), caseOf("d", "Open", "old")},
			declined, review, approved, "c", "new", "new"},
		"approved, the older approved by its case": {objects{old, inquiryOf("new", "approved", 2)}, objects{caseOf("c", "Approved", "old")},
			approved, approved, approved, "new", "new", "new"},
		"approved by its case": {objects{old, inquiryOf("new", "completed", 2)}, objects{caseOf("c", "Approved", "new")},
			declined, review, approved, "old", "c", "c"},
		"approved, with an older one that expired": {objects{inquiryOf("old", "expired", 1), inquiryOf("new", "approved", 2)}, nil,
			approved, approved, approved, "new", "new", "new"},
		"approved, with one between": {objects{old, inquiryOf("middle", "expired", 2), inquiryOf("new", "approved", 3)}, nil,
			declined, review, approved, "old", "new", "new"},
		"approved, and the decline is newer": {objects{inquiryOf("a", "approved", 1), inquiryOf("b", "declined", 2)}, nil, declined, declined, declined, "b", "b", "b"},
		"approved, and declined one created in the same second with a lesser id": {objects{inquiryOf("a", "declined", 1), inquiryOf("b", "approved", 1)}, nil,
			declined, declined, declined, "a", "a", "a"},
		"approved, and declined one created in the same second with a greater id": {objects{inquiryOf("b", "declined", 1), inquiryOf("a", "approved", 1)}, nil,
			declined, declined, declined, "b", "b", "b"},
		"all redacted": {objects{redactedOf(old), redactedOf(inquiryOf("new", "approved", 2))}, nil,
			domain.VerdictRedacted, domain.VerdictRedacted, domain.VerdictRedacted, "new", "new", "new"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, is := range []struct {
				reapply Reapply
				want    domain.Verdict
				from    string
			}{{ReapplyDeny, test.deny, test.denyFrom}, {ReapplyReview, test.review, test.reviewFrom}, {"", test.review, test.reviewFrom}, {ReapplyAllow, test.allow, test.allowFrom}} {
				got := Verdict(test.inquiries, accountsOf(), test.cases, VerdictRules{statuses(), is.reapply})
				if got.Verdict != is.want || got.Object.ID != is.from {
					t.Errorf("%q: %s from %q, want %s from %q", is.reapply, got.Verdict, got.Object.ID, is.want, is.from)
				}
			}
		})
	}
}

func TestAVerdictDoesNotDependOnTheOrderOfItsObjects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inquiries, cases := drawObjects(t)
		rules := VerdictRules{statuses(), rapid.SampledFrom([]Reapply{ReapplyDeny, ReapplyReview, ReapplyAllow}).Draw(t, "reapply")}
		want := Verdict(inquiries, nil, cases, rules)
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		order.Shuffle(len(inquiries), func(i, j int) { inquiries[i], inquiries[j] = inquiries[j], inquiries[i] })
		order.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
		if got := Verdict(inquiries, nil, cases, rules); got != want {
			t.Errorf("%v, in another order %v", want, got)
		}
	})
}

func TestOnlyAPersonsApprovalOverridesAnOlderDecline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inquiries, _ := drawObjects(t)
		for i := range inquiries {
			inquiries[i].Relationships = nil // nobody reviewed it
		}
		got := Verdict(inquiries, nil, nil, VerdictRules{CaseStatuses: statuses()})
		if got.Verdict != domain.VerdictApproved {
			return
		}
		approved := inquiries[slices.IndexFunc(inquiries, func(o domain.Object) bool { return o.Ref == got.Object })]
		for _, o := range inquiries {
			if o.Status == "declined" && !CreatedAfter(o, approved) {
				t.Errorf("%v, and %s was declined before", got, o.Ref)
			}
		}
	})
}

func TestAnotherInquiryWasDeclinedBeforeUnlessItIsKnownToBeNewer(t *testing.T) {
	for name, test := range map[string]struct {
		day, declinedOn int // 0 means without creation time
		want            bool
	}{
		"created earlier":                      {2, 1, true},
		"created in the same second":           {1, 1, true},
		"created later":                        {1, 2, false},
		"without a creation time":              {1, 0, true},
		"the inquiry without a creation time":  {0, 1, true},
		"both of them without a creation time": {0, 0, true},
	} {
		for _, ids := range [][2]string{{"a", "b"}, {"b", "a"}} {
			inquiry, declined := inquiryOf(ids[0], "completed", test.day), inquiryOf(ids[1], "declined", test.declinedOn)
			if got := DeclinedBefore(inquiry, []domain.Object{inquiry, declined}, nil, VerdictRules{}); got != test.want {
				t.Errorf("%s, %s before %s: %t, want %t", name, ids[1], ids[0], got, test.want)
			}
		}
	}
}

func drawObjects(t *rapid.T) (inquiries, cases []domain.Object) {
	status := rapid.SampledFrom([]string{"created", "pending", "completed", "failed", "expired", "needs_review", "approved", "declined"})
	for i := range rapid.IntRange(0, 5).Draw(t, "inquiries") {
		o := inquiryOf(fmt.Sprint(i), status.Draw(t, "status"), rapid.IntRange(0, 3).Draw(t, "day"))
		if rapid.Bool().Draw(t, "by a person") {
			o = reviewedBy(o, "user")
		}
		if rapid.IntRange(0, 4).Draw(t, "redacted") == 0 {
			o = redactedOf(o)
		}
		inquiries = append(inquiries, o)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "cases") {
		c := caseOf("c"+fmt.Sprint(i), rapid.SampledFrom([]string{"Open", "Approved", "Declined", "Unheard of"}).Draw(t, "case status"), fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "of")))
		if rapid.IntRange(0, 2).Draw(t, "added later") == 0 {
			c = coveringOf(c)
		}
		if rapid.IntRange(0, 4).Draw(t, "case redacted") == 0 {
			c = redactedOf(c)
		}
		cases = append(cases, c)
	}
	return inquiries, cases
}
