package contracttest

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// reportSteps create a report of every type that an operation can create.
func reportSteps() []step {
	const (
		address  = `"address-street-1":"1 Main Street","address-city":"Springfield","address-subdivision":"CA","address-postal-code":"94100","address-country-code":"US"`
		person   = `"name-first":"Jane","name-last":"Sample"`
		watched  = `"term":"Kim Jong Un"`
		business = `"business-name":"Acme Corporation",` + address
	)
	var steps []step
	for _, kind := range []struct{ name, template, query string }{
		{"address-lookup", sandbox.AddressLookupReportTemplateID, address},
		{"adverse-media", sandbox.AdverseMediaReportTemplateID, watched},
		{"business-adverse-media", sandbox.BusinessAdverseMediaReportTemplateID, `"term":"Globovision"`},
		{"business-lookup", sandbox.BusinessLookupReportTemplateID, business},
		{"business-watchlist", sandbox.BusinessWatchlistReportTemplateID, `"term":"Globovision"`},
		{"crypto-address-watchlist", sandbox.CryptoAddressWatchlistReportTemplateID, `"crypto-address":"1Fz29BQp82pE3vXXcsZoMNQ3KSHfMzfMe3"`},
		{"email-address", sandbox.EmailAddressReportTemplateID, `"email-address":"jane@example.com"`},
		{"phone-number", sandbox.PhoneNumberReportTemplateID, `"phone-number":"+15005550006"`},
		{"politically-exposed-person", sandbox.PoliticallyExposedPersonReportTemplateID, `"term":"Boris Johnson"`},
		{"profile", sandbox.ProfileReportTemplateID, person},
		{"profile-non-authoritative", sandbox.ProfileNonAuthoritativeReportTemplateID, person},
		{"social-media", sandbox.SocialMediaReportTemplateID, person},
		{"synthetic", sandbox.SyntheticReportTemplateID, person + `,"birthdate":"1990-01-02","identification-number":"I1234562",` + address},
		{"watchlist", sandbox.WatchlistReportTemplateID, watched},
	} {
		about := fmt.Sprintf(`{"data":{"type":"report/%s","attributes":{"report-template-id":"%s","query":{%s}}},"meta":{"auto-create-account-reference-id":"user-5"}}`, kind.name, kind.template, kind.query)
		steps = append(steps,
			step{call: "POST /reports", body: about, id: kind.name},
			step{call: "GET /reports/<" + kind.name + ">?include=account,report-template", advance: time.Second},
		)
	}
	return append(steps, []step{
		{call: "POST /reports", want: 400, body: `{"data":{"type":"report/watchlist","attributes":{"report-template-id":"` + sandbox.WatchlistReportTemplateID + `","query":{}}}}`},
		{
			call: "POST /reports", body: `{"data":{"type":"report/watchlist","attributes":{"report-template-id":"` + sandbox.WatchlistReportTemplateID + `","account-id":"<account>","query":{"name-first":"Jane","name-last":"Sample","birthdate":"1990-01-02"}}},` +
				`"meta":{"processing-mode":"sync"}}`,
		},
		{call: "GET /reports/<adverse-media>", keep: map[string]string{"entity": "data.attributes.related-sources.0.entity-id"}},
		{call: "POST /reports/<adverse-media>/dismiss", body: `{"data":{"attributes":{"reason":"another person","dismiss-type":"entity","entity-id":"<entity>"}}}`},
		{call: "GET /reports/<watchlist>?fields[report]=status,has-match"},
		{call: "GET /reports/<watchlist>"},
		{call: "GET /reports?filter[reference-id]=user-5&page[size]=20"},
		{call: "POST /reports/<watchlist>/add-tag", body: `{"meta":{"tag-name":"urgent"}}`},
		{call: "POST /reports/<watchlist>/remove-tag", body: `{"meta":{"tag-name":"urgent"}}`},
		{call: "POST /reports/<watchlist>/set-tags", body: `{"meta":{"tag-name":["a"]}}`},
		{call: "POST /reports/<watchlist>/dismiss", body: `{"data":{"attributes":{"reason":"another person"}}}`},
		{call: "POST /reports/<watchlist>/pause"},
		{call: "POST /reports/<watchlist>/resume"},
		{call: "POST /reports/<watchlist>/run"},
		{call: "GET /reports/<watchlist>/history", advance: 61 * 24 * time.Hour},
		{call: "GET /reports/<watchlist>/print"},
		{call: "DELETE /reports/<watchlist>"},
		{call: "DELETE /reports/<watchlist>", want: 409, from: "2025-10-27"},
		{call: "DELETE /reports/<watchlist>", want: 200, until: "2025-10-27"}, // as seen at Persona
		{call: "GET /reports/<watchlist>"},
	}...)
}

// transactionSteps keep <transaction>.
func transactionSteps() []step {
	const payment = `{"data":{"attributes":{"transaction-type-id":"` + sandbox.TransactionTypeID + `","reference-id":"order-1","tags":["web"],"fields":{"amount":12.5,"currency":"USD"}}}}`
	return []step{
		{call: "GET /transaction-types/" + sandbox.TransactionTypeID},
		{call: "POST /transactions", body: payment, want: 201, id: "transaction"},
		{call: "POST /transactions", body: payment, want: 200},
		{call: "POST /transactions", body: `{"data":{"attributes":{"transaction-type-id":"` + sandbox.TransactionTypeID + `","reference-id":"order-1"}}}`, want: 409},
		{call: "GET /transactions/<transaction>?include=reviewer"},
		{call: "GET /transactions/<transaction>?fields[transaction]=status,fields.amount"},
		{call: "GET /transactions?filter[reference-id]=order-1"},
		{call: "GET /transactions?filter[transaction-type-id]=" + sandbox.TransactionTypeID},
		{call: "GET /transactions?filter[identifier][key]=currency&filter[identifier][value]=USD"},
		{call: "PATCH /transactions/<transaction>", body: `{"data":{"attributes":{"status":"needs_review","fields":{"memo":"two chairs"}}}}`},
		{call: "POST /transactions/<transaction>/label", body: `{"meta":{"label":"good","score":0.9,"model-version":"7"}}`},
		{call: "POST /transactions/<transaction>/add-tag", body: `{"meta":{"tag-name":"x"}}`},
		{call: "POST /transactions/<transaction>/remove-tag", body: `{"meta":{"tag-name":"x"}}`},
		{call: "POST /transactions/<transaction>/set-tags", body: `{"meta":{"tag-name":["y","z"]}}`},
		{call: "POST /transactions/<transaction>/add-relation", body: `{"meta":{"relation-schema-key":"payer","target-object-id":"<account>"}}`},
		{call: "GET /accounts/<account>/relations?filter[key]=payments"},
		{call: "POST /transactions/<transaction>/remove-relation", body: `{"meta":{"relation-schema-key":"payer","target-object-id":"<account>"}}`},
		{call: "POST /transactions/<transaction>/redact-biometrics"},
		{call: "DELETE /transactions/<transaction>"},
		{call: "GET /transactions/<transaction>"},
	}
}

// listSteps create a list and an item of every kind, archive them, and import others.
func listSteps() []step {
	var steps []step
	for _, kind := range []struct{ items, list, value, rows string }{
		{"browser-fingerprints", "browser-fingerprints", `"value":"b-1"`, ""},
		{"countries", "countries", `"country-code":"NL"`, ""},
		{"device-fingerprints", "browser-fingerprints", `"value":"d-1"`, ""},
		{"email-addresses", "email-addresses", `"value":"example.com","match-type":"domain"`, "value\na@example.com\n"},
		{"fields", "strings", `"field-value":"f-1"`, ""},
		{"geolocations", "geolocations", `"latitude":52.5,"longitude":-4.25,"radius-meters":100`, "latitude,longitude,radius_meters\n1,2,3\n"},
		{"government-id-numbers", "government-id-numbers", `"id-number":"X1","id-class":"pp"`, "id_number,id_class\nX2,pp\n"},
		{"ip-addresses", "ip-addresses", `"value":"192.0.2.1"`, "value\n192.0.2.2\n"},
		{"names", "names", `"name-first":"Ada","name-last":"Sample"`, "name_first,name_last\nBo,Sample\n"},
		{"phone-numbers", "phone-numbers", `"value":"+12025550123"`, "value\n+12025550124\n"},
		{"strings", "strings", `"value":"s-1"`, ""},
	} {
		steps = append(steps,
			step{call: "POST /list/" + kind.list, body: `{"data":{"attributes":{"name":"Blocked ` + kind.items + `"}}}`, id: "list"},
			step{call: "POST /list-item/" + kind.items, body: `{"data":{"attributes":{"list-id":"<list>",` + kind.value + `}}}`, id: "item"},
			step{call: "GET /list-item/" + kind.items + "/<item>"},
			step{call: "GET /lists/<list>?include=list-items"},
		)
		if kind.rows != "" {
			steps = append(steps,
				step{call: "POST /importer/list-item/" + kind.items, body: `{"data":{"attributes":{"list-id":"<list>",` + file(kind.rows) + `}}}`, id: "importer"},
				step{call: "GET /importers/<importer>", advance: time.Second},
			)
		}
		steps = append(steps, step{call: "DELETE /list-item/" + kind.items + "/<item>"})
		if kind.items != "strings" { // the last one is archived below
			steps = append(steps, step{call: "DELETE /lists/<list>"})
		}
	}
	return append(steps, []step{
		{call: "POST /list/strings", body: `{"data":{"attributes":{}}}`, want: 400},
		{call: "POST /list/names", body: `{"data":{"attributes":{"name":"Fuzzy","allow-fuzzy-name-first":true}}}`},
		{call: "DELETE /lists/<list>"},
		{call: "GET /lists?filter[status]=archived"},
		{call: "GET /lists?page[size]=20"},
		{call: "POST /importer/accounts", body: `{"data":{"attributes":{` + file("reference_id,name_first\nuser-6,Cy\n") + `}}}`, id: "importer"},
		{call: "GET /importers/<importer>", advance: time.Second},
		{call: "GET /importers"},
	}...)
}

// file returns the attribute of an importer with its rows.
func file(rows string) string {
	return `"file":{"filename":"rows.csv","data":"` + base64.StdEncoding.EncodeToString([]byte(rows)) + `"}`
}

// runSteps run graph queries and workflows.
func runSteps() []step {
	const query = `{"data":{"attributes":{"graph-query-template-id":"` + sandbox.GraphQueryTemplateID + `","parameter-map":{"city":"Springfield"}}}`
	const trigger = "POST /workflows/" + sandbox.WorkflowID + "/trigger"
	return []step{
		{call: "POST /graph-queries", body: query + `}`, id: "query"},
		{
			call: "POST /graph-queries",
			body: `{"data":{"attributes":{"graph-query-template-id":"` + sandbox.GraphQueryTemplateID + `","parameter-map":{"city":"Springfield"},"timeout-in-seconds":20}}}`,
		},
		{call: "POST /graph-queries", body: query + `,"meta":{"run-sync":true}}`},
		{call: "GET /graph-queries/<query>?include=accounts", advance: time.Second},
		{call: trigger, body: `{"data":{"attributes":{"fields":{"outcome":"errored"}}}}`, id: "run"},
		{call: trigger, until: "2025-10-27", body: `{"data":{"attributes":{"outcome":"errored"}}}`},
		{call: trigger, until: "2025-10-27", body: `{"data":{"attributes":{}},"meta":{"params":{"outcome":"errored"}}}`},
		{call: trigger, from: "2025-10-27", body: `{"data":{"attributes":{}}}`, want: 400},
		{call: "GET /workflow-runs/<run>?include=workflow-version", advance: time.Second},
		{call: "GET /workflow-runs?filter[status]=errored"},
		{call: "GET /workflow-versions?filter[workflow-id]=" + sandbox.WorkflowID},
	}
}
