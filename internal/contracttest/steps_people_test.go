package contracttest

import (
	"time"

	"github.com/idemhq/idem/sandbox"
)

// accountSteps keep <account> and redact other accounts.
func accountSteps() []step {
	return []step{
		{call: "GET /account-types/" + sandbox.AccountTypeID},
		{
			call: "POST /accounts", want: 201, id: "account",
			body: `{"data":{"attributes":{"reference-id":"user-1","tags":["vip"],"fields":{"name":{"first":"Ada","last":"Sample"},"email_address":"ada@example.com"}}}}`,
		},
		{call: "POST /accounts", body: `{"data":{"attributes":{"reference-id":"user-1","fields":{"name":{"middle":"B"}}}},"meta":{"upsert-by":"reference-id"}}`, want: 200},
		{call: "POST /accounts", body: `{"data":{"attributes":{"reference-id":"user-1"}}}`, want: 409},
		{call: "POST /accounts", body: `{"data":{"attributes":{"reference-id":"user-2","name-first":"Bo","birthdate":"1990-04-01","address-street-1":"1 Main Street"}}}`, want: 201, id: "other"},
		{call: "POST /accounts", body: `{"data":{"attributes":{"reference-id":"user-3"}}}`, want: 201, id: "third"},
		{
			call: "POST /accounts", want: 201, body: `{"data":{"attributes":{"account-type-id":"` + sandbox.AccountTypeID + `","account-status":"Active","reference-id":"user-8","country-code":"US","social-security-number":"123-45-6789",` +
				`"selfie-photo":{"data":{"filename":"a.png","data":"SGVsbG8="}},"address-street-1":"1 Main Street","address-street-2":"2","address-city":"Springfield","phone-number":"+15005550006"}}}`,
		},
		{call: "GET /accounts/<account>?include=account-type"},
		{call: "GET /accounts/<account>?fields[account]=reference-id,tags,created-at"},
		{call: "GET /accounts/act_unknown", want: 404},
		{call: "GET /accounts?filter[reference-id]=user-1"},
		{call: "PATCH /accounts/<other>", body: `{"data":{"attributes":{"account-status":"Active","fields":{"phone_number":"+15005550006"}}}}`},
		{call: "POST /accounts/<account>/add-tag", body: `{"meta":{"tag-name":"late"}}`},
		{call: "POST /accounts/<account>/remove-tag", body: `{"meta":{"tag-name":"late"}}`},
		{call: "POST /accounts/<account>/set-tags", body: `{"meta":{"tag-name":["a","b"]}}`},
		{call: "POST /accounts/<account>/add-relation", body: `{"meta":{"relation-schema-key":"children","target-object-id":"<other>"}}`},
		{call: "POST /accounts/<account>/add-relation", body: `{"meta":{"relation-schema-key":"owner","target-object-id":"<other>"}}`, want: 422},
		{call: "GET /accounts/<account>/relations?filter[key]=children&include=account-type"},
		{call: "POST /accounts/<account>/remove-relation", body: `{"meta":{"relation-schema-key":"children","target-object-id":"<other>"}}`},
		{call: "POST /accounts/<account>/run-action", body: `{"data":{"account-action-id":"` + sandbox.AccountActionID + `","parameters":{"why":"test"}}}`},
		{
			call: "POST /accounts/search",
			body: `{"query":{"and":[{"attribute":"identifiers.reference_id","operator":"eq","value":"user-1"}]},"sort":{"attribute":"created_at","direction":"asc"},"page":{"size":5}}`,
		},
		{call: "POST /accounts/<account>/consolidate", body: `{"meta":{"source-account-ids":["<other>"]}}`},
		{call: "DELETE /accounts/<third>"},
		{call: "DELETE /accounts/<third>", want: 409},
		{call: "GET /accounts/<third>", advance: time.Minute},
	}
}

// inquirySteps keep <inquiry>, which is completed, and <session>, which was opened.
func inquirySteps() []step {
	const simulate = `{"meta":{"simulate-actions":[{"type":"start_inquiry"},` +
		`{"type":"create_failed_verification","data":{"verification-template-id":"` + sandbox.SelfieTemplateID + `"}},` +
		`{"type":"create_passed_verification","data":{"verification-template-id":"` + sandbox.GovernmentIDTemplateID + `"}},` +
		`{"type":"create_passed_verification","data":{"verification-template-id":"` + sandbox.SelfieTemplateID + `"}},` +
		`{"type":"create_passed_verification","data":{"verification-template-id":"` + sandbox.DatabaseTemplateID + `"}},` +
		`{"type":"create_passed_verification","data":{"verification-template-id":"` + sandbox.DocumentTemplateID + `"}},` +
		`{"type":"complete_inquiry"}]}}`
	const template = `"inquiry-template-id":"` + sandbox.InquiryTemplateID + `"`
	return []step{
		{
			call: "POST /inquiries", id: "inquiry", keep: map[string]string{"link": "meta.one-time-link"},
			body: `{"data":{"attributes":{` + template + `,"account-id":"<account>","note":"first","tags":["vip"],"fields":{"name-first":"Ada"}}},"meta":{"auto-create-inquiry-session":true,"auto-create-one-time-link":true}}`,
		},
		{call: "POST /inquiries", id: "second", body: `{"data":{"attributes":{` + template + `}},"meta":{"auto-create-account":true,"auto-create-account-reference-id":"user-4","expiration-after-create-interval-seconds":3600}}`},
		{
			call: "POST /inquiries", id: "generous", body: `{"data":{"attributes":{"inquiry-template-version-id":"` + sandbox.InquiryTemplateVersionID + `","theme-set-id":"` + sandbox.ThemeSetID + `","reference-id":"user-9","creator-email-address":"reviewer@example.com",` +
				`"redirect-uri":"https://example.com/done","initial-step-name":"start"}},"meta":{"auto-create-account-type-id":"` + sandbox.AccountTypeID + `","auto-create-one-time-link":true,"one-time-link-expiration-seconds":600,"expiration-after-start-interval-seconds":600,"expiration-after-resume-interval-seconds":600}}`,
		},
		{call: "GET /inquiries?filter[reference-id]=user-9&filter[created-at-start]=2020-01-01T00:00:00Z&filter[created-at-end]=2030-01-01T00:00:00Z"},
		{call: "GET /inquiries?page[size]=1&page[after]=<generous>"},
		{call: "GET /inquiries?page[size]=1&page[before]=<inquiry>"},
		{call: "POST /inquiries", want: 400, body: `{"data":{"attributes":{"note":"without a template"}}}`},
		{call: "POST /inquiries", id: "old", until: "2025-10-27", body: `{"data":{"attributes":{` + template + `,"name-first":"Ada","country-code":"US"}}}`},
		{call: "PATCH /inquiries/<old>", until: "2025-10-27", body: `{"data":{"attributes":{"name-last":"Sample"}}}`},
		{call: "GET /inquiry-sessions?filter[inquiry-id]=<inquiry>", keep: map[string]string{"session": "data.0.id"}},
		{open: "<link>"},
		{call: "GET /devices?filter[inquiry-session-id]=<session>", keep: map[string]string{"device": "data.0.id"}},
		{call: "GET /devices/<device>"},
		{call: "GET /inquiry-sessions/<session>?include=inquiry,device"},
		{call: "PATCH /inquiries/<inquiry>", body: `{"data":{"attributes":{"note":"changed","fields":{"name-middle":"B"},"tags":["vip","late"]}}}`},
		{call: "POST /inquiries/<inquiry>/add-tag", body: `{"meta":{"tag-name":"new"}}`},
		{call: "POST /inquiries/<inquiry>/remove-tag", body: `{"meta":{"tag-name":"new"}}`},
		{call: "POST /inquiries/<inquiry>/set-tags", body: `{"meta":{"tag-name":["a","b"]}}`},
		{call: "POST /inquiries/<inquiry>/generate-one-time-link", body: `{"meta":{"expires-in-seconds":600}}`},
		{call: "POST /inquiries/<inquiry>/perform-simulate-actions", body: simulate, keep: map[string]string{
			"selfie-verification":        "data.relationships.verifications.data.0.id",
			"government-id-verification": "data.relationships.verifications.data.1.id",
			"database-verification":      "data.relationships.verifications.data.3.id",
			"document-verification":      "data.relationships.verifications.data.4.id",
			"government-id":              "data.relationships.documents.data.0.id",
			"generic":                    "data.relationships.documents.data.1.id",
		}},
		{call: "POST /inquiries/<inquiry>/perform-simulate-actions", body: simulate, want: 409},
		{call: "GET /inquiries/<inquiry>"},
		{call: "GET /inquiries/<inquiry>?include=account,inquiry-template,inquiry-template-version,verifications,documents,selfies,sessions,reports"},
		{call: "GET /inquiries/<inquiry>?fields[inquiry]=status,fields.name-first"},
		{call: "GET /inquiries?filter[account-id]=<account>&page[size]=1"},
		{call: "GET /inquiries?page[size]=0", want: 400},
		{call: "POST /inquiries/search", body: `{"query":{"or":[{"attribute":"status","operator":"eq","value":"completed"},{"attribute":"status","operator":"eq","value":"created"}]}}`},
		{call: "GET /inquiries/<inquiry>/print"},
		{call: "POST /inquiries/<inquiry>/mark-for-review"},
		{call: "POST /inquiries/<inquiry>/approve", body: `{"meta":{"comment":"looks good"}}`},
		{call: "POST /inquiries/<inquiry>/approve", want: 409},
		{call: "POST /inquiries/<inquiry>/decline"},
		{call: "POST /inquiries/<second>/expire"},
		{call: "POST /inquiries/<second>/resume"},
		{call: "POST /inquiry-sessions", body: `{"data":{"attributes":{"inquiry-id":"<second>"}}}`, id: "other-session"},
		{call: "POST /inquiry-sessions/<other-session>/generate-one-time-link"},
		{call: "POST /inquiry-sessions/<other-session>/expire"},
		{call: "POST /inquiry-sessions/expire-all", body: `{"meta":{"inquiry-ids":["<second>"]}}`},
		{call: "GET /inquiries/<second>?include=account", advance: 48 * time.Hour},
		{call: "DELETE /inquiries/<second>"},
		{call: "GET /inquiries/<second>", advance: time.Minute},
	}
}

// evidenceSteps read the evidence of the inquiry's person.
func evidenceSteps() []step {
	return []step{
		{call: "GET /verifications/<government-id-verification>?include=inquiry,document,accounts,template"},
		{call: "GET /verification/government-ids/<government-id-verification>?include=inquiry"},
		{call: "GET /verification/government-ids/<government-id-verification>?fields[verification/government-id]=status,checks"},
		{call: "GET /verification/government-ids/<selfie-verification>", want: 404},
		{call: "GET /verification/selfies/<selfie-verification>"},
		{call: "GET /verification/databases/<database-verification>"},
		{call: "GET /verification/documents/<document-verification>"},
		{call: "GET /verifications/<government-id-verification>/print"},
		{call: "POST /verifications/<government-id-verification>/investigation-lock"},
		{call: "DELETE /verifications/<government-id-verification>", want: 409},
		{call: "POST /verifications/<government-id-verification>/investigation-unlock"},
		{call: "GET /documents/<government-id>?include=inquiry"},
		{call: "GET /document/government-ids/<government-id>"},
		{call: "GET /document/generics/<generic>"},
		{call: "GET /document/generics/<government-id>", want: 404},
		{call: "DELETE /verifications/<government-id-verification>"},
		{call: "GET /verifications/<government-id-verification>", advance: time.Minute},
	}
}

// submissionSteps are about types of verification that only a person can submit.
func submissionSteps() []step {
	steps := []step{{call: "POST /inquiries", id: "looked-at", body: `{"data":{"attributes":{"inquiry-template-id":"` + sandbox.InquiryTemplateID + `"}}}`}}
	for _, kind := range []struct{ name, path string }{
		{"aamva", "aamvas"}, {"database-ecbsv", "database-ecbsvs"}, {"database-phone-carrier", "database-phone-carriers"},
		{"database-serpro", "database-serpros"}, {"database-standard", "database-standards"}, {"database-tin", "database-tins"},
		{"email-address", "email-addresses"}, {"government-id-nfc", "government-id-nfcs"}, {"phone-number", "phone-numbers"},
	} {
		steps = append(steps,
			step{act: `{"do":"submit","id":"<looked-at>","type":"verification/` + kind.name + `","outcome":"passed"}`, id: "submitted"},
			step{call: "GET /verification/" + kind.path + "/<submitted>"},
		)
	}
	return append(steps, step{call: "GET /inquiries/<looked-at>?include=verifications,documents"})
}

// caseSteps keep <case>, which has the inquiry and its account.
func caseSteps() []step {
	const template = `"case-template-id":"` + sandbox.CaseTemplateID + `"`
	return []step{
		{call: "GET /case-templates/" + sandbox.CaseTemplateID},
		{call: "POST /cases", id: "case", body: `{"data":{"attributes":{` + template + `,"case-queue-id":"` + sandbox.CaseQueueID + `"}},"meta":{"object-ids":["<inquiry>","<account>"],"sla-expires-in-seconds":3600}}`},
		{call: "POST /cases", from: "2025-10-27", body: `{"data":{"attributes":{` + template + `,"fields":{"reason":"mismatch"}}}}`},
		{call: "POST /cases", until: "2025-10-27", id: "old-case", body: `{"data":{"attributes":{` + template + `,"reason":"mismatch"}}}`},
		{call: "PATCH /cases/<old-case>", until: "2025-10-27", body: `{"data":{"attributes":{"reason":"another"}}}`},
		{call: "GET /cases/<case>?include=accounts,inquiries,case-template,case-queue,verifications"},
		{call: "GET /cases/<case>?fields[case]=status,name"},
		{call: "GET /cases/<case>"},
		{call: "GET /cases?filter[case-template-id]=" + sandbox.CaseTemplateID + "&filter[account-id]=<account>&page[after]=<case>"},
		{call: "GET /cases?filter[status]=Open&filter[inquiry-id]=<inquiry>"},
		{call: "PATCH /cases/<case>", body: `{"data":{"attributes":{"fields":{"reason":"mismatch","second_look":true},"attachments":[{"filename":"a.txt","data":"SGVsbG8="}]}}}`},
		{call: "POST /cases/<case>/remove-objects", body: `{"meta":{"object-ids":["<account>"]}}`},
		{call: "POST /cases/<case>/add-objects", body: `{"meta":{"object-ids":["<account>"]}}`},
		{call: "POST /cases/<case>/assign", body: `{"meta":{"user-email-address":"reviewer@example.com"}}`},
		{call: "POST /cases/<case>/add-tag", body: `{"meta":{"tag-name":"urgent"}}`},
		{call: "POST /cases/<case>/remove-tag", body: `{"meta":{"tag-name":"urgent"}}`},
		{call: "POST /cases/<case>/set-tags", body: `{"meta":{"tag-name":["x","y"]}}`},
		{call: "POST /cases/<case>/set-status", body: `{"meta":{"status":"Approved"}}`},
		{call: "POST /cases/<case>/set-status", body: `{"meta":{"status":"Maybe"}}`, want: 422},
		{call: "POST /cases/search", body: `{"query":{"attribute":"state","operator":"eq","value":"resolved"}}`},
		{call: "DELETE /cases/<case>"},
	}
}
