package sandbox_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func action(kind string) persona.SimulateAction { return persona.SimulateAction{Type: kind} }

func verification(kind, template string) persona.SimulateAction {
	return persona.SimulateAction{Type: kind, Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: template})}
}

// newInquiry creates an inquiry whose account has the reference id.
func newInquiry(t *testing.T, client *persona.Client, reference string) *persona.InquiryCreateResult {
	t.Helper()
	params := persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)}
	if reference != "" {
		params.AutoCreateAccountReferenceID = persona.Set(reference)
	}
	inquiry, err := client.Inquiries.Create(t.Context(), params)
	ok(t, err)
	return inquiry
}

// events returns the names of the events, oldest first.
func events(t *testing.T, client *persona.Client) []string {
	t.Helper()
	var names []string
	for event, err := range client.Events.List(t.Context(), persona.EventListParams{Size: 100}) {
		ok(t, err)
		names = append(names, event.Attributes.Name)
	}
	slices.Reverse(names)
	return names
}

func TestAnInquiryThatPasses(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	created := newInquiry(t, client, "user-1")
	inquiry, err := client.Inquiries.PerformSimulateActions(t.Context(), created.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		action("start_inquiry"),
		verification("create_failed_verification", sandbox.SelfieTemplateID),
		verification("create_passed_verification", sandbox.GovernmentIDTemplateID),
		action("complete_inquiry"),
		action("approve_inquiry"),
	}}, persona.WithInclude("account", "verifications", "documents", "selfies"))
	ok(t, err)
	if inquiry.Attributes.Status != "approved" {
		t.Errorf("the inquiry is %s", inquiry.Attributes.Status)
	}
	if len(inquiry.Included) != 5 {
		t.Errorf("included are %d resources, not the account, two verifications, a document and a selfie", len(inquiry.Included))
	}
	want := []string{
		"account.created", "inquiry.created", "inquiry.started",
		"selfie.created", "selfie.submitted", "selfie.processed", "verification.created", "verification.submitted", "verification.failed",
		"document.created", "document.submitted", "document.processed", "verification.created", "verification.submitted", "verification.passed", "account.updated-fields",
		"inquiry.completed", "account.updated-fields", "inquiry.approved",
	}
	if got := events(t, client); !slices.Equal(got, want) {
		t.Errorf("events are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHowAnInquiryMoves(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{RateLimit: 100000}).client()
	into := map[string][]string{ // how to bring an inquiry into a status
		"created": nil, "pending": {"start_inquiry"}, "completed": {"start_inquiry", "complete_inquiry"}, "failed": {"start_inquiry", "fail_inquiry"},
		"expired": {"expire_inquiry"}, "needs_review": {"mark_for_review_inquiry"}, "approved": {"approve_inquiry"}, "declined": {"decline_inquiry"},
	}
	allowed := map[string][]string{ // by what is asked for, the statuses from which it may be
		"start_inquiry":           {"created"},
		"complete_inquiry":        {"pending"},
		"fail_inquiry":            {"pending"},
		"expire_inquiry":          {"created", "pending"},
		"mark_for_review_inquiry": {"created", "pending", "completed", "failed", "expired"},
		"approve_inquiry":         {"created", "pending", "completed", "failed", "expired", "needs_review", "declined"},
		"decline_inquiry":         {"created", "pending", "completed", "failed", "expired", "needs_review", "approved"},
	}
	for status, way := range into {
		for asked, from := range allowed {
			t.Run(status+" "+asked, func(t *testing.T) {
				inquiry := newInquiry(t, client, "")
				simulate := func(kinds ...string) (*persona.Inquiry, error) {
					params := persona.InquiryPerformSimulateActionsParams{}
					for _, kind := range kinds {
						params.SimulateActions = append(params.SimulateActions, action(kind))
					}
					return client.Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, params)
				}
				if len(way) > 0 {
					if _, err := simulate(way...); err != nil {
						t.Fatal(err)
					}
				}
				_, err := simulate(asked)
				if slices.Contains(from, status) && err != nil {
					t.Errorf("refused: %v", err)
				}
				if !slices.Contains(from, status) && !errors.Is(err, persona.ErrConflict) {
					t.Errorf("not refused with a conflict: %v", err)
				}
			})
		}
	}
}

func TestASeriesOfSimulateActionsHappensWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{}).client()
	inquiry := newInquiry(t, client, "")
	before := events(t, client)
	_, err := client.Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{action("start_inquiry"), action("approve_inquiry"), action("approve_inquiry")},
	})
	if !errors.Is(err, persona.ErrConflict) {
		t.Fatalf("not a conflict: %v", err)
	}
	again, err := client.Inquiries.Get(t.Context(), inquiry.ID)
	ok(t, err)
	if again.Attributes.Status != "created" || len(events(t, client)) != len(before) {
		t.Errorf("something happened: %s", again.Attributes.Status)
	}
}

func TestARedactedInquiryIsNotFilledInAgain(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{}).client()
	inquiry := newInquiry(t, client, "")
	_, err := client.Inquiries.Redact(t.Context(), inquiry.ID)
	ok(t, err)
	_, err = client.Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{verification("create_passed_verification", sandbox.DatabaseTemplateID)},
	})
	if !errors.Is(err, persona.ErrConflict) {
		t.Errorf("not a conflict: %v", err)
	}
	if names := events(t, client); count(names, "verification.created") != 0 || count(names, "inquiry.started") != 0 {
		t.Errorf("the events are %q", names)
	}
}

func TestAnInquiryNamesAThemeSetThatThereIs(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{}).client()
	for id, found := range map[string]bool{sandbox.ThemeSetID: true, "theset_Unknown": false, sandbox.InquiryTemplateID: false} {
		_, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), ThemeSetID: persona.Set(id)})
		if found != (err == nil) || err != nil && !errors.Is(err, persona.ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// open opens a link like a program.
func open(t *testing.T, link string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	ok(t, err)
	response, err := http.DefaultClient.Do(request)
	ok(t, err)
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestAOneTimeLinkOpensOnceWithFiveMinutesOfGrace(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	inquiry := newInquiry(t, client, "")
	made, err := client.Inquiries.GenerateOneTimeLink(t.Context(), inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{})
	ok(t, err)
	again, err := client.Inquiries.GenerateOneTimeLink(t.Context(), inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{})
	ok(t, err)
	link := made.Meta.OneTimeLink
	if again.Meta.OneTimeLink != link {
		t.Error("an unused link is not given again")
	}
	for _, step := range []struct {
		wait time.Duration
		want int
	}{{0, 200}, {4 * time.Minute, 200}, {time.Minute, 410}} {
		server.Advance(step.wait)
		if got := open(t, link); got != step.want {
			t.Errorf("after %s the link answers %d, not %d", step.wait, got, step.want)
		}
	}
	if n := count(events(t, client), "inquiry-session.started"); n != 1 {
		t.Errorf("the session started %d times", n)
	}
	if got := open(t, server.url+"/verify?code=us1-unknown"); got != 404 {
		t.Errorf("an unknown link answers %d", got)
	}
}

func count(names []string, name string) int {
	return len(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n != name }))
}

func TestOneSessionTooManyIsRefusedAndExpiresTheInquiry(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	inquiry := newInquiry(t, client, "")
	for range 25 {
		_, err := client.InquirySessions.Create(t.Context(), persona.InquirySessionCreateParams{InquiryID: inquiry.ID})
		ok(t, err)
	}
	for range 2 {
		if _, err := client.InquirySessions.Create(t.Context(), persona.InquirySessionCreateParams{InquiryID: inquiry.ID}); err == nil {
			t.Error("a session too many was made")
		}
	}
	got, err := client.Inquiries.Get(t.Context(), inquiry.ID)
	ok(t, err)
	if got.Attributes.Status != "expired" {
		t.Errorf("the inquiry is %s", got.Attributes.Status)
	}
	if got := events(t, client); count(got, "inquiry.expired") != 1 || count(got, "inquiry-session.expired") != 25 {
		t.Errorf("events: %v", got)
	}
}

func TestAnInquiryExpiresWhenTheClockPassesAndCanBeResumed(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	inquiry := newInquiry(t, client, "")
	made, err := client.Inquiries.GenerateOneTimeLink(t.Context(), inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{})
	ok(t, err)
	server.Advance(25 * time.Hour)
	got, err := client.Inquiries.Get(t.Context(), inquiry.ID)
	ok(t, err)
	if got.Attributes.Status != "expired" {
		t.Fatalf("the inquiry is %s", got.Attributes.Status)
	}
	if status := open(t, made.Meta.OneTimeLink); status != 410 {
		t.Errorf("the link answers %d", status)
	}
	if _, err := client.Inquiries.GenerateOneTimeLink(t.Context(), inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{}); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a link to an expired inquiry: %v", err)
	}
	resumed, err := client.Inquiries.Resume(t.Context(), inquiry.ID)
	ok(t, err)
	if resumed.Attributes.Status != "pending" || strings.Count(resumed.Meta.SessionToken, ".") != 2 {
		t.Errorf("resumed: %s, token %q", resumed.Attributes.Status, resumed.Meta.SessionToken)
	}
	if got := events(t, client); count(got, "inquiry.expired") != 1 || count(got, "inquiry-session.expired") != 1 {
		t.Errorf("events: %v", got)
	}
}

func TestEveryOtherOperationOnInquiriesAndTheirParts(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client, ctx := server.client(), t.Context()
	created, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateOneTimeLink: persona.Set(true), AutoCreateInquirySession: persona.Set(true),
		Tags: persona.Set([]string{"vip"}), Note: persona.Set("a note"),
	})
	ok(t, err)
	if created.Meta.OneTimeLink == "" || created.Meta.SessionToken == "" {
		t.Error("no link or token with the inquiry")
	}
	id := created.ID
	updated, err := client.Inquiries.Update(ctx, id, persona.InquiryUpdateParams{
		Note: persona.Set("another"), Tags: persona.Set([]string{"vip", "late"}), Fields: persona.Set(map[string]any{"name-first": "Ada"}),
	})
	ok(t, err)
	if name, _ := json.Marshal(updated.Attributes.Fields["name-first"]); !strings.Contains(string(name), `"Ada"`) {
		t.Errorf("name-first is %s", name)
	}
	if v := updated.Attributes.Note; v != "another" {
		t.Errorf("the note is %q", v)
	}
	tagged, err := client.Inquiries.AddTag(ctx, id, persona.InquiryAddTagParams{TagName: persona.Set("new")})
	ok(t, err)
	if len(tagged.Attributes.Tags) != 3 {
		t.Errorf("tags: %v", tagged.Attributes.Tags)
	}
	_, err = client.Inquiries.RemoveTag(ctx, id, persona.InquiryRemoveTagParams{TagName: persona.Set("new")})
	ok(t, err)
	_, err = client.Inquiries.SetTags(ctx, id, persona.InquirySetTagsParams{TagName: persona.Set([]string{"a", "b"})})
	ok(t, err)
	found, err := client.Inquiries.SearchPage(ctx, persona.InquirySearchParams{Query: persona.Set(persona.Predicate{Attribute: "status", Operator: "eq", Value: "created"})})
	ok(t, err)
	if len(found.Data) != 1 {
		t.Errorf("search found %d", len(found.Data))
	}
	stream, err := client.Inquiries.Print(ctx, id)
	ok(t, err)
	pdf, err := io.ReadAll(stream)
	ok(t, err)
	ok(t, stream.Close())
	if !strings.HasPrefix(string(pdf), "%PDF-") || !strings.HasSuffix(string(pdf), "%%EOF\n") {
		t.Error("not a PDF")
	}

	simulated, err := client.Inquiries.PerformSimulateActions(ctx, id, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		verification("create_passed_verification", sandbox.GovernmentIDTemplateID), verification("create_passed_verification", sandbox.SelfieTemplateID),
		verification("create_failed_verification", sandbox.DatabaseTemplateID),
	}})
	ok(t, err)
	for i, v := range simulated.Relationships.Verifications.Data {
		_, err := client.Verifications.Get(ctx, v.ID, persona.WithInclude("inquiry", "accounts", "document"))
		ok(t, err)
		switch i {
		case 0:
			_, err = client.Verifications.GetGovernmentID(ctx, v.ID)
		case 1:
			_, err = client.Verifications.GetSelfie(ctx, v.ID)
		default:
			_, err = client.Verifications.GetDatabase(ctx, v.ID)
		}
		ok(t, err)
	}
	v := simulated.Relationships.Verifications.Data[0].ID
	if _, err := client.Verifications.GetAAMVA(ctx, v); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("a government ID found as AAMVA: %v", err)
	}
	_, err = client.Verifications.InvestigationLock(ctx, v)
	ok(t, err)
	if _, err := client.Verifications.Redact(ctx, v); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a locked verification was redacted: %v", err)
	}
	_, err = client.Verifications.InvestigationUnlock(ctx, v)
	ok(t, err)
	_, err = client.Verifications.Redact(ctx, v)
	ok(t, err)
	paper, err := client.Verifications.Print(ctx, v)
	ok(t, err)
	ok(t, paper.Close())

	session, err := client.InquirySessions.Create(ctx, persona.InquirySessionCreateParams{InquiryID: id})
	ok(t, err)
	_, err = client.InquirySessions.Get(ctx, session.ID, persona.WithInclude("inquiry"))
	ok(t, err)
	_, err = client.InquirySessions.GenerateOneTimeLink(ctx, session.ID)
	ok(t, err)
	_, err = client.InquirySessions.Expire(ctx, session.ID)
	ok(t, err)
	_, err = client.InquirySessions.ExpireAll(ctx, persona.InquirySessionExpireAllParams{InquiryIDs: []string{id}})
	ok(t, err)
	sessions, err := client.InquirySessions.ListPage(ctx, persona.InquirySessionListParams{InquiryID: id})
	ok(t, err)
	if len(sessions.Data) < 2 {
		t.Errorf("sessions: %d", len(sessions.Data))
	}

	_, err = client.Inquiries.MarkForReview(ctx, id)
	ok(t, err)
	approved, err := client.Inquiries.Approve(ctx, id, persona.InquiryApproveParams{Comment: persona.Set("looks good")})
	ok(t, err)
	if v := approved.Attributes.ReviewerComment; v != "looks good" {
		t.Errorf("the comment is %q", v)
	}
	if _, err := client.Inquiries.Approve(ctx, id, persona.InquiryApproveParams{}); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a second approval: %v", err)
	}
	_, err = client.Inquiries.Decline(ctx, id, persona.InquiryDeclineParams{})
	ok(t, err)
	redacted, err := client.Inquiries.Redact(ctx, id)
	ok(t, err)
	if strings.Contains(string(redacted.Raw), "ALEXANDER") {
		t.Error("a name is left after redaction")
	}
	other := newInquiry(t, client, "")
	_, err = client.Inquiries.Expire(ctx, other.ID)
	ok(t, err)
	page, err := client.Inquiries.ListPage(ctx, persona.InquiryListParams{Status: "declined"})
	ok(t, err)
	if len(page.Data) != 1 || page.Data[0].ID != id {
		t.Errorf("a list by status holds %d", len(page.Data))
	}
}

func TestWhoCanEnterAnInquiry(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	for kinds, enter := range map[string]bool{
		"start_inquiry fail_inquiry": true, "mark_for_review_inquiry": true, "approve_inquiry": false, "decline_inquiry": false, "expire_inquiry": false,
	} {
		inquiry := newInquiry(t, client, "")
		params := persona.InquiryPerformSimulateActionsParams{}
		for kind := range strings.FieldsSeq(kinds) {
			params.SimulateActions = append(params.SimulateActions, action(kind))
		}
		before, err := client.Inquiries.GenerateOneTimeLink(t.Context(), inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{})
		ok(t, err)
		session := before.Relationships.Sessions.Data[0].ID
		_, err = client.Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, params)
		ok(t, err)
		if _, err := client.InquirySessions.GenerateOneTimeLink(t.Context(), session); (err == nil) != enter || err != nil && !errors.Is(err, persona.ErrConflict) {
			t.Errorf("a link to a session after %s: %v", kinds, err)
		}
		made, err := client.Inquiries.GenerateOneTimeLink(t.Context(), inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{})
		if !enter {
			if !errors.Is(err, persona.ErrConflict) {
				t.Errorf("a link after %s: %v", kinds, err)
			}
			continue
		}
		ok(t, err)
		if status := open(t, made.Meta.OneTimeLink); status != 200 {
			t.Errorf("the link after %s answers %d", kinds, status)
		}
	}
}
