package sandbox_test

import (
	"slices"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestTagsAreInCapitalsAndCaseDoesNotMatter(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	report := newReport(t, server, sandbox.WatchlistReportTemplateID, "watchlist", person("Ada", "Example"))
	transaction := newTransaction(t, server.client(), "tagged")
	for _, tagged := range []struct {
		family, path, body string
	}{
		{"accounts", "", `{"data":{"attributes":{"tags":["Vip","vip"]}}}`},
		{"inquiries", "", `{"data":{"attributes":{"inquiry-template-id":"` + sandbox.InquiryTemplateID + `","tags":["Vip","vip"]}}}`},
		{"transactions", transaction.ID, ""},
		{"reports", report.ID, ""},
		{"cases", newCase(t, server.client()).ID, ""},
	} {
		t.Run(tagged.family, func(t *testing.T) {
			base := "/api/v1/" + tagged.family
			shown := func(method, path, body string) []string {
				t.Helper()
				status, _, doc := server.do(method, path, body)
				if status >= 300 {
					t.Fatal(status, doc)
				}
				var tags []string
				for _, tag := range at(doc, "data", "attributes", "tags").([]any) {
					tags = append(tags, tag.(string))
				}
				if tagged.path == "" {
					tagged.path = at(doc, "data", "id").(string)
				}
				return tags
			}
			expect := func(what string, got []string, want ...string) {
				t.Helper()
				if !slices.Equal(got, want) {
					t.Errorf("%s: tags are %v, not %v", what, got, want)
				}
			}
			if tagged.body != "" {
				expect("created", shown("POST", base, tagged.body), "VIP")
			} else {
				expect("set", shown("POST", base+"/"+tagged.path+"/set-tags", `{"meta":{"tag-name":["Vip","vip"]}}`), "VIP")
			}
			one := base + "/" + tagged.path
			expect("added in another case", shown("POST", one+"/add-tag", `{"meta":{"tag-name":"vIP"}}`), "VIP")
			expect("added", shown("POST", one+"/add-tag", `{"meta":{"tag-name":"late"}}`), "VIP", "LATE")
			expect("removed in another case", shown("POST", one+"/remove-tag", `{"meta":{"tag-name":"vip"}}`), "LATE")
			expect("set", shown("POST", one+"/set-tags", `{"meta":{"tag-name":["a","A","b"]}}`), "A", "B")
			if tagged.family != "reports" && tagged.family != "cases" { // whose PATCH has no tags
				expect("patched", shown("PATCH", one, `{"data":{"attributes":{"tags":["c"]}}}`), "C")
			}
		})
	}
}

func TestATagInAnotherCaseIsNotNew(t *testing.T) {
	t.Parallel()
	client := start(t, sandbox.Options{}).client()
	account := newAccount(t, client, "tagged")
	for _, tag := range []string{"vip", "VIP", "Vip"} {
		_, err := client.Accounts.AddTag(t.Context(), account.ID, persona.AccountAddTagParams{TagName: persona.Set(tag)})
		ok(t, err)
	}
	if got := events(t, client); count(got, "account.tag-added") != 1 || count(got, "account.updated-tags") != 1 {
		t.Errorf("events: %v", got)
	}
}
