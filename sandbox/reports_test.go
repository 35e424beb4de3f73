package sandbox_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// person returns a query about a person.
func person(first, last string) persona.ReportQuery {
	return persona.ReportQuery{NameFirst: persona.Set(first), NameLast: persona.Set(last)}
}

// term returns a query for a term.
func term(text string) persona.ReportQuery { return persona.ReportQuery{Term: persona.Set(text)} }

// newReport creates a report, and waits for its first run.
func newReport(t *testing.T, server *server, template, kind string, query persona.ReportQuery) *persona.Report {
	t.Helper()
	client := server.client()
	made, err := client.Reports.Create(t.Context(), reportParams(template, kind, query))
	ok(t, err)
	if made.Attributes.Status != "pending" {
		t.Errorf("a new report is %s", made.Attributes.Status)
	}
	server.Advance(time.Second)
	done, err := client.Reports.Get(t.Context(), made.ID, persona.WithInclude("account", "report-template"))
	ok(t, err)
	return done
}

func reportParams(template, kind string, query persona.ReportQuery) persona.ReportCreateParams {
	return persona.ReportCreateParams{
		Type: persona.Set("report/" + kind), ReportTemplateID: persona.Set(template), Query: persona.Set(query), AutoCreateAccountReferenceID: persona.Set("subject"),
	}
}

func TestEveryKindOfReport(t *testing.T) {
	t.Parallel()
	address := persona.ReportQuery{
		AddressStreet1: persona.Set("1 Main Street"), AddressCity: persona.Set("Springfield"), AddressSubdivision: persona.Set("CA"),
		AddressPostalCode: persona.Set("94100"), AddressCountryCode: persona.Set("US"),
	}
	business, synthetic := address, address
	business.BusinessName = persona.Set("Acme Corporation")
	synthetic.NameFirst, synthetic.NameLast, synthetic.Birthdate = persona.Set("Jane"), persona.Set("Sample"), persona.Set("1990-01-02")
	synthetic.IdentificationNumber = persona.Set("I1234562")
	crypto := func(address string) persona.ReportQuery {
		return persona.ReportQuery{CryptoAddress: persona.Set(address)}
	}
	for name, test := range map[string]struct {
		template, kind string
		query          persona.ReportQuery
		events         []string
	}{
		"an address":                          {sandbox.AddressLookupReportTemplateID, "address-lookup", address, []string{"submitted", "ready"}},
		"adverse media of nobody":             {sandbox.AdverseMediaReportTemplateID, "adverse-media", person("Jane", "Sample"), []string{"ready"}},
		"adverse media":                       {sandbox.AdverseMediaReportTemplateID, "adverse-media", term("Kim Jong Un"), []string{"ready", "matched"}},
		"adverse media of a business":         {sandbox.BusinessAdverseMediaReportTemplateID, "business-adverse-media", term("Globovision"), []string{"ready", "matched"}},
		"a business":                          {sandbox.BusinessLookupReportTemplateID, "business-lookup", business, []string{"ready"}},
		"a business that is watched":          {sandbox.BusinessWatchlistReportTemplateID, "business-watchlist", term("Globovision"), []string{"ready", "matched"}},
		"a business that is not watched":      {sandbox.BusinessWatchlistReportTemplateID, "business-watchlist", term("Acme"), []string{"ready"}},
		"a crypto address that is watched":    {sandbox.CryptoAddressWatchlistReportTemplateID, "crypto-address-watchlist", crypto("1Fz29BQp82pE3vXXcsZoMNQ3KSHfMzfMe3"), []string{"ready", "matched"}},
		"a crypto address":                    {sandbox.CryptoAddressWatchlistReportTemplateID, "crypto-address-watchlist", crypto("1A1"), []string{"ready"}},
		"an email address":                    {sandbox.EmailAddressReportTemplateID, "email-address", persona.ReportQuery{EmailAddress: persona.Set("jane@example.com")}, []string{"ready"}},
		"a phone number":                      {sandbox.PhoneNumberReportTemplateID, "phone-number", persona.ReportQuery{PhoneNumber: persona.Set("+15005550006")}, []string{"ready"}},
		"a politically exposed person":        {sandbox.PoliticallyExposedPersonReportTemplateID, "politically-exposed-person", person("boris", "johnson"), []string{"ready", "matched"}},
		"a person who is not exposed":         {sandbox.PoliticallyExposedPersonReportTemplateID, "politically-exposed-person", person("Jane", "Sample"), []string{"ready"}},
		"a profile":                           {sandbox.ProfileReportTemplateID, "profile", person("Jane", "Sample"), []string{"ready"}},
		"a profile that is not authoritative": {sandbox.ProfileNonAuthoritativeReportTemplateID, "profile-non-authoritative", person("Jane", "Sample"), []string{"ready"}},
		"social media":                        {sandbox.SocialMediaReportTemplateID, "social-media", person("Jane", "Sample"), []string{"ready"}},
		"a synthetic identity":                {sandbox.SyntheticReportTemplateID, "synthetic", synthetic, []string{"ready"}},
		"a person who is watched":             {sandbox.WatchlistReportTemplateID, "watchlist", person("Kim Jong", "Un"), []string{"ready", "matched"}},
		"a person who is not watched":         {sandbox.WatchlistReportTemplateID, "watchlist", person("Jane", "Sample"), []string{"ready"}},
		"what fails":                          {sandbox.WatchlistReportTemplateID, "watchlist", term(sandbox.ReportErrorText), []string{"errored"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, frozen())
			report := newReport(t, server, test.template, test.kind, test.query)
			var happened []string
			for _, event := range events(t, server.client())[1:] { // the first is the account's
				happened = append(happened, strings.TrimPrefix(event, "report/"+test.kind+"."))
			}
			if !slices.Equal(happened, test.events) {
				t.Errorf("events are %v, not %v", happened, test.events)
			}
			if matched := slices.Contains(test.events, "matched"); report.Attributes.HasMatch != matched {
				t.Errorf("has a match: %v", report.Attributes.HasMatch)
			}
			if want := test.events[len(test.events)-1]; want == "errored" != (report.Attributes.Status == "errored") {
				t.Errorf("the report is %s after %s", report.Attributes.Status, want)
			}
			if len(report.Included) != 2 {
				t.Errorf("included are %d, not the account and the template", len(report.Included))
			}
		})
	}
}

func TestTheRisksOfAnEmailAddressAndAPhoneNumber(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	email := newReport(t, server, sandbox.EmailAddressReportTemplateID, "email-address", persona.ReportQuery{EmailAddress: persona.Set("alexanderjsample@example.com")})
	if got := email.Value.(*persona.ReportEmailAddress).Attributes; got.EmailReputation != "low" || got.EmailDomain != "example.com" {
		t.Errorf("the reputation is %q at %q", got.EmailReputation, got.EmailDomain)
	}
	for number, want := range map[string]string{"+15005550006": "low", "+14155555555": "high"} {
		phone := newReport(t, server, sandbox.PhoneNumberReportTemplateID, "phone-number", persona.ReportQuery{PhoneNumber: persona.Set(number)})
		if got := phone.Value.(*persona.ReportPhoneRisk).Attributes.PhoneRiskLevel; got != want {
			t.Errorf("the risk of %s is %q, not %q", number, got, want)
		}
	}
}

func TestAMatchEndsTheMonitoringUntilItIsDismissed(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	report := newReport(t, server, sandbox.WatchlistReportTemplateID, "watchlist", term("Kim Jong Un"))
	if report.Attributes.IsRecurring {
		t.Error("a report with a match is still monitored")
	}
	if _, err := client.Reports.Resume(ctx, report.ID); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("resuming with a match: %v", err)
	}
	if _, err := client.Reports.Dismiss(ctx, report.ID, persona.ReportDismissParams{}); err == nil {
		t.Error("dismissing needs no reason")
	}
	got, err := client.Reports.Dismiss(ctx, report.ID, persona.ReportDismissParams{Reason: persona.Set("another person")})
	ok(t, err)
	if list := got.Value.(*persona.ReportWatchlist).Attributes; got.Attributes.HasMatch || !got.Attributes.IsRecurring || len(list.IgnoreList) != 1 || len(list.MatchedLists) != 0 {
		t.Errorf("after it was dismissed: %+v", got.Attributes)
	}
	if _, err := client.Reports.Dismiss(ctx, report.ID, persona.ReportDismissParams{Reason: persona.Set("again")}); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("dismissing again: %v", err)
	}
	server.Advance(61 * 24 * time.Hour)
	got, err = client.Reports.Get(ctx, report.ID)
	ok(t, err)
	if !got.Attributes.IsContinuous || got.Attributes.HasMatch || got.Attributes.Status != "ready" {
		t.Errorf("after two more runs: %+v", got.Attributes)
	}
	before := events(t, client)
	_, err = client.Reports.Pause(ctx, report.ID)
	ok(t, err)
	if _, err := client.Reports.Pause(ctx, report.ID); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("pausing again: %v", err)
	}
	server.Advance(61 * 24 * time.Hour)
	_, err = client.Reports.Resume(ctx, report.ID)
	ok(t, err)
	if _, err := client.Reports.Resume(ctx, report.ID); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("resuming again: %v", err)
	}
	_, err = client.Reports.Run(ctx, report.ID)
	ok(t, err)
	var history []string
	for entry, err := range client.Reports.ListHistory(ctx, report.ID, persona.ReportListHistoryParams{Size: 2}) {
		ok(t, err)
		history = append(history, entry.Type+" "+entry.RunType)
	}
	slices.Reverse(history)
	if want := []string{"run scheduled", "dismiss ", "run scheduled", "run scheduled", "pause ", "resume ", "run manual"}; !slices.Equal(history, want) {
		t.Errorf("the history is %q, not %q", history, want)
	}
	want := []string{"account.created", "report/watchlist.ready", "report/watchlist.matched", "report/watchlist.dismissed", "report/watchlist.ready", "report/watchlist.ready", "report/watchlist.ready"}
	if got := append(before, events(t, client)[1:]...); !slices.Equal(got, want) { // the last one of before can still be read
		t.Errorf("events are %q, not %q", got, want)
	}
}

func TestDismissingOtherMatches(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	reason := persona.ReportDismissParams{Reason: persona.Set("another")}
	pep := newReport(t, server, sandbox.PoliticallyExposedPersonReportTemplateID, "politically-exposed-person", term("Boris Johnson"))
	_, err := client.Reports.Dismiss(ctx, pep.ID, reason)
	ok(t, err)
	crypto := newReport(t, server, sandbox.CryptoAddressWatchlistReportTemplateID, "crypto-address-watchlist", persona.ReportQuery{CryptoAddress: persona.Set("1Fz29BQp82pE3vXXcsZoMNQ3KSHfMzfMe3")})
	if _, err := client.Reports.Dismiss(ctx, crypto.ID, reason); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a crypto address: %v", err)
	}
	for _, kind := range []string{"entity", "media"} {
		media := newReport(t, server, sandbox.AdverseMediaReportTemplateID, "adverse-media", term("Kim Jong Un"))
		found := media.Value.(*persona.ReportAdverseMedia).Attributes.RelatedSources
		params := persona.ReportDismissParams{Reason: persona.Set("another"), DismissType: persona.Set(kind), EntityID: persona.Set("nobody")}
		if _, err := client.Reports.Dismiss(ctx, media.ID, params); !errors.Is(err, persona.ErrNotFound) {
			t.Errorf("an unknown entity: %v", err)
		}
		params.EntityID = persona.Set(found[0].EntityID)
		_, err = client.Reports.Dismiss(ctx, media.ID, params)
		ok(t, err)
		if _, err := client.Reports.Dismiss(ctx, media.ID, reason); err == nil {
			t.Error("adverse media is dismissed without its entity")
		}
	}
}

func TestEveryOtherOperationOnReports(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	params := reportParams(sandbox.WatchlistReportTemplateID, "watchlist", term("Jane Sample"))
	waiting, err := client.Reports.Create(ctx, params)
	ok(t, err)
	for name, do := range map[string]func() error{
		"run":    func() error { _, err := client.Reports.Run(ctx, waiting.ID); return err },
		"redact": func() error { _, err := client.Reports.Redact(ctx, waiting.ID); return err },
		"print":  func() error { _, err := client.Reports.Print(ctx, waiting.ID); return err },
	} {
		if err := do(); !errors.Is(err, persona.ErrConflict) {
			t.Errorf("%s before it is ready: %v", name, err)
		}
	}
	params.ProcessingMode = persona.Set("sync")
	report, err := client.Reports.Create(ctx, params)
	ok(t, err)
	if report.Attributes.Status != "ready" {
		t.Errorf("made synchronously, a report is %s", report.Attributes.Status)
	}
	id := report.ID
	_, err = client.Reports.AddTag(ctx, id, persona.ReportAddTagParams{TagName: persona.Set("urgent")})
	ok(t, err)
	_, err = client.Reports.SetTags(ctx, id, persona.ReportSetTagsParams{TagName: persona.Set([]string{"a", "b"})})
	ok(t, err)
	got, err := client.Reports.RemoveTag(ctx, id, persona.ReportRemoveTagParams{TagName: persona.Set("a")})
	ok(t, err)
	if !slices.Equal(got.Attributes.Tags, []string{"B"}) {
		t.Errorf("tags are %v", got.Attributes.Tags)
	}
	for name, params := range map[string]persona.ReportListParams{
		"account": {AccountID: report.Relationships.Account.Data.ID}, "reference id": {ReferenceID: "subject"}, "nothing": {},
	} {
		page, err := client.Reports.ListPage(ctx, params)
		ok(t, err)
		if len(page.Data) != 2 {
			t.Errorf("by %s %d reports are found", name, len(page.Data))
		}
	}
	printed, err := client.Reports.Print(ctx, id)
	ok(t, err)
	file, err := io.ReadAll(printed)
	ok(t, err)
	ok(t, printed.Close())
	if !strings.HasPrefix(string(file), "%PDF-") {
		t.Error("the print is no PDF")
	}
	got, err = client.Reports.Redact(ctx, id)
	ok(t, err)
	if got.Attributes.RedactedAt.IsZero() || got.Value.(*persona.ReportWatchlist).Attributes.Term != "" {
		t.Errorf("redacted: %+v", got.Attributes)
	}
	if _, err := client.Reports.Redact(ctx, id); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("redacting again: %v", err)
	}
	if _, err := client.Reports.Get(ctx, "rep_unknown"); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown report: %v", err)
	}
}

func TestAReportThatCannotBeMade(t *testing.T) {
	t.Parallel()
	client := start(t, frozen()).client()
	watchlist := sandbox.WatchlistReportTemplateID
	for name, test := range map[string]struct {
		params persona.ReportCreateParams
		status int
	}{
		"without a template":           {reportParams("", "watchlist", term("Jane")), 400},
		"with the id of another thing": {reportParams(sandbox.CaseTemplateID, "watchlist", term("Jane")), 400},
		"with an unknown template":     {reportParams("rptp_1", "watchlist", term("Jane")), 404},
		"of another type":              {reportParams(watchlist, "profile", person("Jane", "Sample")), 422},
		"about nobody":                 {reportParams(watchlist, "watchlist", persona.ReportQuery{}), 400},
		"without what its kind needs":  {reportParams(sandbox.EmailAddressReportTemplateID, "email-address", term("Jane")), 400},
	} {
		_, err := client.Reports.Create(t.Context(), test.params)
		var refused *persona.Error
		if !errors.As(err, &refused) || refused.Status != test.status {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheHistoryOfAReportNamesItsReviews(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	report := newReport(t, server, sandbox.WatchlistReportTemplateID, "watchlist", person("Jane", "Sample"))
	_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActReviewReport, ID: report.ID})
	ok(t, err)
	_, _, doc := server.do("GET", "/api/v1/reports/"+report.ID+"/history", "")
	if at(doc, "data", 0, "type") != "review" || at(doc, "data", 0, "creator-name") != "Robin Reviewer" {
		t.Errorf("the history is %v", doc["data"])
	}
	_, err = server.client().Reports.Redact(t.Context(), report.ID)
	ok(t, err)
	if _, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActReviewReport, ID: report.ID}); err == nil {
		t.Error("a redacted report is reviewed")
	}
}
