package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func newCase(t *testing.T, client *persona.Client, objects ...string) *persona.Case {
	t.Helper()
	made, err := client.Cases.Create(t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set(append([]string{}, objects...))})
	ok(t, err)
	return made
}

func TestTheStatusesOfACase(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{}).client()
	c := newCase(t, client)
	for _, step := range []struct {
		status   string
		resolved bool
		events   []string
	}{
		{"Pending", false, []string{"case.status-updated"}},
		{"Approved", true, []string{"case.status-updated", "case.resolved"}},
		{"Declined", true, []string{"case.status-updated"}},
		{"Declined", true, nil},
		{"Open", false, []string{"case.status-updated", "case.reopened"}},
	} {
		before := len(events(t, client))
		got, err := client.Cases.SetStatus(t.Context(), c.ID, persona.CaseSetStatusParams{Status: step.status})
		ok(t, err)
		if got.Attributes.Status != step.status || got.Attributes.ResolvedAt.IsZero() == step.resolved {
			t.Errorf("%s: the case is %s, resolved at %v", step.status, got.Attributes.Status, got.Attributes.ResolvedAt)
		}
		if happened := events(t, client)[before:]; !slices.Equal(happened, step.events) {
			t.Errorf("%s: events are %v, not %v", step.status, happened, step.events)
		}
	}
	if _, err := client.Cases.SetStatus(t.Context(), c.ID, persona.CaseSetStatusParams{Status: "Maybe"}); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("a status that the template does not have: %v", err)
	}
}

func TestEveryOtherOperationOnCases(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client, ctx := server.client(), t.Context()
	inquiry := newInquiry(t, client, "user-7")
	account := inquiry.Relationships.Account.Data.ID
	c := newCase(t, client, inquiry.ID, account)
	id := c.ID
	got, err := client.Cases.Get(ctx, id, persona.WithInclude("inquiries", "accounts", "case-template"))
	ok(t, err)
	if len(got.Included) != 3 {
		t.Errorf("included are %d, not the inquiry, the account and the template", len(got.Included))
	}
	_, err = client.CaseTemplates.Get(ctx, sandbox.CaseTemplateID)
	ok(t, err)
	_, err = client.Cases.Assign(ctx, id, persona.CaseAssignParams{UserEmailAddress: "reviewer@example.com"})
	ok(t, err)
	_, err = client.Cases.RemoveObjects(ctx, id, persona.CaseRemoveObjectsParams{ObjectIDs: persona.Set([]string{account})})
	ok(t, err)
	_, err = client.Cases.AddObjects(ctx, id, persona.CaseAddObjectsParams{ObjectIDs: persona.Set([]string{account})})
	ok(t, err)
	if _, err := client.Cases.AddObjects(ctx, id, persona.CaseAddObjectsParams{ObjectIDs: persona.Set([]string{"act_unknown"})}); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown object: %v", err)
	}
	_, err = client.Cases.Update(ctx, id, persona.CaseUpdateParams{
		Fields: persona.Set(map[string]any{"reason": "mismatch"}), SLAExpiresInSeconds: persona.Set(3600.0),
		Attachments: persona.Set([]persona.CaseUpdateAttachment{{Data: persona.Set(base64.StdEncoding.EncodeToString([]byte("%PDF-"))), Filename: persona.Set("a.pdf")}}),
	})
	ok(t, err)
	_, err = client.Cases.AddTag(ctx, id, persona.CaseAddTagParams{TagName: persona.Set("urgent")})
	ok(t, err)
	_, err = client.Cases.RemoveTag(ctx, id, persona.CaseRemoveTagParams{TagName: persona.Set("urgent")})
	ok(t, err)
	_, err = client.Cases.SetTags(ctx, id, persona.CaseSetTagsParams{TagName: persona.Set([]string{"x"})})
	ok(t, err)
	for name, params := range map[string]persona.CaseListParams{
		"account": {AccountID: account}, "inquiry": {InquiryID: inquiry.ID}, "reference id": {ReferenceID: "user-7"}, "status": {Status: "Open"},
		"template": {CaseTemplateID: sandbox.CaseTemplateID},
	} {
		page, err := client.Cases.ListPage(ctx, params)
		ok(t, err)
		if len(page.Data) != 1 {
			t.Errorf("by its %s %d cases are found", name, len(page.Data))
		}
	}
	found, err := client.Cases.SearchPage(ctx, persona.CaseSearchParams{Query: persona.Set(persona.Predicate{And: []persona.Predicate{
		{Attribute: "state", Operator: "eq", Value: "open"}, {Attribute: "fields.reason", Operator: "eq", Value: "mismatch"},
	}})})
	ok(t, err)
	if len(found.Data) != 1 {
		t.Errorf("the search finds %d", len(found.Data))
	}
	server.Advance(2 * time.Hour)
	_, err = client.Cases.Redact(ctx, id)
	ok(t, err)
	want := []string{"case.created", "case.assigned", "case.updated-fields", "case.updated-tags", "case.updated-tags", "case.updated-tags", "case.sla-expired", "case.redacted"}
	if got := events(t, client)[2:]; !slices.Equal(got, want) {
		t.Errorf("events are %v, not %v", got, want)
	}
}

func TestACaseKnowsWhoMadeIt(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{}).client()
	by, err := client.Cases.Create(t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, CreatorEmailAddress: persona.Set("reviewer@example.com")})
	ok(t, err)
	if got := by.Attributes; got.CreatorType != "user" || got.CreatorID != "reviewer@example.com" {
		t.Errorf("made by a user: %s %s", got.CreatorType, got.CreatorID)
	}
	if got := newCase(t, client).Attributes; got.CreatorType != "api-key" {
		t.Errorf("made by a program: %s %s", got.CreatorType, got.CreatorID)
	}
}

func TestACaseCountsAnObjectOnce(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{}).client()
	account := newInquiry(t, client, "").Relationships.Account.Data.ID
	got, err := client.Cases.AddObjects(t.Context(), newCase(t, client, account).ID, persona.CaseAddObjectsParams{ObjectIDs: persona.Set(slices.Repeat([]string{account}, 1000))})
	ok(t, err)
	if len(got.Relationships.Accounts.Data) != 1 {
		t.Errorf("the case has %d accounts", len(got.Relationships.Accounts.Data))
	}
}

func TestACaseMovesBetweenQueues(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	c := newCase(t, client)
	for _, step := range []struct {
		queue persona.Optional[string]
		want  string
		moved int
	}{
		{persona.Set(sandbox.CaseQueueID), sandbox.CaseQueueID, 1},
		{persona.Set(sandbox.CaseQueueID), sandbox.CaseQueueID, 1},
		{persona.Optional[string]{}, sandbox.CaseQueueID, 1},
		{persona.Null[string](), "", 2},
	} {
		_, err := client.Cases.Update(ctx, c.ID, persona.CaseUpdateParams{CaseQueueID: step.queue})
		ok(t, err)
		got, err := client.Cases.Get(ctx, c.ID, persona.WithInclude("case-queue"))
		ok(t, err)
		queue := ""
		if len(got.Included) > 0 {
			queue = got.Relationships.CaseQueue.Data.ID
		}
		if moved := count(events(t, client), "case.queue-updated"); queue != step.want || moved != step.moved {
			t.Errorf("the queue is %q after %d moves, not %q after %d", queue, moved, step.want, step.moved)
		}
	}
	if _, err := client.Cases.Update(ctx, c.ID, persona.CaseUpdateParams{CaseQueueID: persona.Set("cqueue_1")}); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown queue: %v", err)
	}
}

func TestACaseFollowsItsAccount(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	from, to := newAccount(t, client, "a"), newAccount(t, client, "b")
	c := newCase(t, client, from.ID)
	_, err := client.Accounts.Consolidate(ctx, to.ID, persona.AccountConsolidateParams{SourceAccountIDs: []string{from.ID}})
	ok(t, err)
	page, err := client.Cases.ListPage(ctx, persona.CaseListParams{AccountID: to.ID})
	ok(t, err)
	if len(page.Data) != 1 || page.Data[0].ID != c.ID {
		t.Errorf("the destination has %d cases", len(page.Data))
	}
}

func TestTheEndOfACasesTimeIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		seconds []float64 // the time it is given, again and again
		resolve bool
		want    int
	}{
		"given the same time again": {[]float64{60, 60}, false, 1},
		"given less time":           {[]float64{120, 60}, false, 1},
		"given more time":           {[]float64{60, 120}, false, 1},
		"resolved in time":          {[]float64{60}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, frozen())
			client := server.client()
			id := newCase(t, client).ID
			for _, seconds := range test.seconds {
				_, err := client.Cases.Update(t.Context(), id, persona.CaseUpdateParams{SLAExpiresInSeconds: persona.Set(seconds)})
				ok(t, err)
			}
			if test.resolve {
				_, err := client.Cases.SetStatus(t.Context(), id, persona.CaseSetStatusParams{Status: "Approved"})
				ok(t, err)
			}
			server.Advance(time.Hour)
			if got := count(events(t, client), "case.sla-expired"); got != test.want {
				t.Errorf("it is told %d times", got)
			}
		})
	}
}

func TestACaseHasTheVerificationsOfItsInquiries(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	submit := func(inquiry, typ string) string {
		t.Helper()
		id, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: typ, Outcome: "passed"})
		ok(t, err)
		return id
	}
	inquiry, other := newInquiry(t, client, "person").ID, newInquiry(t, client, "other").ID
	before, alone := submit(inquiry, "verification/government-id"), submit(other, "verification/selfie")
	receiver := newReceiver(t)
	subscribe(t, client, persona.WebhookCreateParams{
		URL: persona.Set(receiver.url), EnabledEvents: persona.Set([]string{"case.created"}), IncludedAllowlist: persona.Set(persona.IncludedAllowlistInput{State: "include_all"}),
	})
	review := newCase(t, client, inquiry, alone)
	later := submit(inquiry, "verification/database")
	shows := func(when string, want ...string) {
		t.Helper()
		_, _, doc := server.do("GET", "/api/v1/cases/"+review.ID+"?include=verifications", "")
		var named, included []string
		for _, v := range at(doc, "data", "relationships", "verifications", "data").([]any) {
			named = append(named, v.(map[string]any)["id"].(string))
		}
		for _, v := range doc["included"].([]any) {
			included = append(included, v.(map[string]any)["id"].(string))
		}
		if !sameNames(named, want) || !sameNames(included, want) {
			t.Errorf("%s it names %v and includes %v, not %v", when, named, included, want)
		}
	}
	shows("after another verification", before, later, alone)
	_, err := client.Cases.RemoveObjects(t.Context(), review.ID, persona.CaseRemoveObjectsParams{ObjectIDs: persona.Set([]string{before})})
	ok(t, err)
	shows("after one of the inquiry's was removed", before, later, alone)
	_, err = client.Cases.RemoveObjects(t.Context(), review.ID, persona.CaseRemoveObjectsParams{ObjectIDs: persona.Set([]string{inquiry})})
	ok(t, err)
	shows("without the inquiry", alone)
	var event any
	ok(t, json.Unmarshal(receiver.wait(t, 1)[0].body, &event))
	var included []string
	for _, r := range at(event, "data", "attributes", "payload", "included").([]any) {
		included = append(included, r.(map[string]any)["id"].(string))
	}
	for _, id := range []string{before, alone} {
		if !slices.Contains(included, id) {
			t.Errorf("the webhook includes %v, without %s", included, id)
		}
	}
}
