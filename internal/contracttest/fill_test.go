package contracttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// fillSteps give a value to every attribute that no other step does.
func fillSteps() []step {
	const (
		template = `"inquiry-template-id":"` + sandbox.InquiryTemplateID + `"`
		signals  = `{"threat-level":"high","is-vpn":true,"country-code":"DE","country-name":"Germany","region-code":"BE","region-name":"Berlin","latitude":52.5,"longitude":13.4,
			"gps-latitude":52.5,"gps-longitude":13.4,"gps-precision":"10","ip-connection-type":"cellular","ip-isp":"Acme","network-organization":"Acme","device-name":"Phone","device-handoff-method":"qr",
			"mobile-sdk-name":"ios","mobile-sdk-full-version":"2.1.0","os-name":"iOS","os-full-version":"18.1","device-type":"smartphone","browser-name":"Safari","browser-full-version":"18.1"}`
		query = `{"data":{"attributes":{"graph-query-template-id":"` + sandbox.GraphQueryTemplateID + `","parameter-map":{"city":"` + sandbox.ReportErrorText + `"}}}}`
		watch = `{"data":{"type":"report/%s","attributes":{"report-template-id":"%s","query":{"term":"%s"}}},"meta":{"processing-mode":"sync"}}`
	)
	return []step{
		{call: "POST /inquiries", id: "filled", body: `{"data":{"attributes":{` + template + `,"reference-id":"user-9","fields":{"address-street-2":"Floor 2"}}}}`},
		{call: "POST /inquiry-sessions", id: "far", body: `{"data":{"attributes":{"inquiry-id":"<filled>"}}}`},
		{act: `{"do":"set_session_signals","id":"<far>","signals":` + signals + `}`},
		{call: "POST /inquiry-sessions/<far>/generate-one-time-link", keep: map[string]string{"far-link": "meta.one-time-link"}},
		{open: "<far-link>"},
		{call: "GET /inquiry-sessions/<far>?include=device,network"},
		{act: `{"do":"submit","id":"<filled>","type":"verification/government-id","outcome":"passed","extracted":{"designations":["EDL"],"id-class":"pp","identification-number":"X123"}}`, id: "passport"},
		{call: "GET /verifications/<passport>"},
		{act: `{"do":"submit","id":"<filled>","type":"verification/selfie","outcome":"passed"}`},
		{call: "GET /inquiries/<filled>"},
		{act: `{"do":"submit","id":"<filled>","type":"verification/database","outcome":"passed","extracted":{"normalized-address-street-1":"1 MAIN ST","normalized-address-street-2":"FL 2","normalized-address-city":"SPRINGFIELD","normalized-address-subdivision":"CA","normalized-address-postal-code":"94100"}}`, id: "normalized", until: "2021-07-05"},
		{call: "GET /verifications/<normalized>", until: "2021-07-05"},
		{act: `{"do":"run_report","id":"<filled>","type":"report/watchlist","query":{"term":"Ada"},"signals":{"has-match":true,"pep-list":[{"slug":"a","entities":[]}],"warning-list":[{"slug":"b","entities":[]}],"fitness-probity-list":[{"slug":"c","entities":[]}]}}`, id: "listed", until: "2021-05-14"},
		{call: "GET /reports/<listed>", until: "2021-05-14", advance: time.Second},
		{act: `{"do":"run_workflow","id":"<filled>","outcome":"needs_review"}`},
		{call: "GET /inquiries/<filled>?include=reviewer", keep: map[string]string{"payer": "data.relationships.account.data.id"}},
		{call: "POST /inquiries", id: "unlucky", body: `{"data":{"attributes":{` + template + `}}}`},
		{call: "POST /inquiries/<unlucky>/perform-simulate-actions", body: `{"meta":{"simulate-actions":[{"type":"start_inquiry"},{"type":"fail_inquiry"}]}}`},
		{call: "POST /accounts", want: 201, body: `{"data":{"attributes":{"reference-id":"user-10","fields":{"address":{"street_1":"1 Main Street","street_2":"Floor 2","city":"Springfield","subdivision":"CA","postal_code":"94100","country_code":"US"}}}}}`},
		{call: "POST /api-keys", body: `{"data":{"attributes":{"name":"Third","api-attributes-blocklist":["name-first"]}}}`},
		{call: "POST /graph-queries", id: "failing", body: query},
		{call: "GET /graph-queries/<failing>", advance: time.Second},
		{call: "POST /workflows/" + sandbox.WorkflowID + "/trigger", id: "completing", body: `{"data":{"attributes":{"fields":{"outcome":"completed"}}}}`},
		{call: "GET /workflow-runs/<completing>?include=workflow,workflow-version", advance: time.Second},
		{act: `{"do":"run_importer_pipeline","id":"` + sandbox.ImporterPipelineID + `","rows":"reference_id,name_first\nuser-11,Di\n"}`},
		{call: "POST /transactions", id: "held", want: 201, body: `{"data":{"attributes":{"transaction-type-id":"` + sandbox.TransactionTypeID + `"}}}`},
		{call: "POST /reports", id: "exposed", body: fmt.Sprintf(watch, "politically-exposed-person", sandbox.PoliticallyExposedPersonReportTemplateID, "Boris Johnson")},
		{call: "POST /reports/<exposed>/dismiss", body: `{"data":{"attributes":{"reason":"another person"}}}`},
		{call: "POST /reports", id: "in-media", body: fmt.Sprintf(watch, "adverse-media", sandbox.AdverseMediaReportTemplateID, "Kim Jong Un"), keep: map[string]string{"medium": "data.attributes.related-sources.0.entity-id"}},
		{call: "POST /reports/<in-media>/dismiss", body: `{"data":{"attributes":{"reason":"another person","dismiss-type":"media","entity-id":"<medium>"}}}`},
		{call: "POST /cases", id: "full-case", body: `{"data":{"attributes":{"case-template-id":"` + sandbox.CaseTemplateID + `"}},"meta":{"object-ids":["<held>","<exposed>"]}}`},
		{act: `{"do":"comment_case","id":"<full-case>","text":"Looked at it"}`},
		{call: "GET /cases/<full-case>?include=case-comments,reports,txns", advance: time.Second},
		{call: "POST /transactions/<held>/add-relation", body: `{"meta":{"relation-schema-key":"payer","target-object-id":"<payer>"}}`},
		{act: `{"do":"make_inquiry","id":"<held>"}`, id: "filled"},
		{act: `{"do":"submit","id":"<filled>","type":"verification/selfie","outcome":"passed"}`},
		{act: `{"do":"submit","id":"<held>","type":"verification/database","outcome":"passed"}`, id: "alone"},
		{act: `{"do":"run_report","id":"<held>","type":"report/watchlist","query":{"term":"Jane Sample"}}`},
		{act: `{"do":"run_workflow","id":"<held>","outcome":"declined"}`, id: "deciding"},
		{call: "GET /workflow-runs/<deciding>?include=creator"},
		{call: "GET /transactions/<held>"},
		{call: "GET /verifications/<alone>?include=transaction,accounts"},
		{call: "GET /inquiries/<filled>?include=transaction,account", advance: time.Second},
		{call: "POST /connect/share-tokens", id: "unlucky-token", body: `{"data":{"attributes":{"connection-id":"<connection>","source-id":"<alone>"}}}`},
		{call: "POST /connect/share-tokens/<unlucky-token>/redeem"},
		{call: "DELETE /verifications/<alone>"},
		{call: "GET /connect/share-tokens/<unlucky-token>", advance: time.Second},
		{device: fillVerifications, from: newest},
		{device: fillReports, from: newest},
	}
}

// typesOf returns the types of a family that the document describes.
func (p *player) typesOf(family string) []string {
	var types []string
	for _, key := range p.document.Keys() {
		if strings.HasPrefix(key.Resource, family+"/") && !slices.Contains(types, key.Resource) {
			types = append(types, key.Resource)
		}
	}
	return types
}

// fillVerifications submits a verification of every type, and then tags and redacts it.
func fillVerifications(p *player) error {
	for _, typ := range p.typesOf("verification") {
		act := map[string]any{"do": "submit", "id": p.names["filled"], "type": typ, "outcome": "passed"}
		if err := p.actFilled(act, "extracted", p.document.Sampler(seed).Attributes(typ)); err != nil {
			return err
		}
		p.take(step{call: "GET /verifications/<made>?include=document"})
		p.take(step{act: `{"do":"tag_verification","id":"<made>","tags":["seen"]}`, id: "made"})
		p.take(step{call: "DELETE /verifications/<made>"})
	}
	return nil
}

// fillReports runs a report of every type, and then tags and redacts it.
func fillReports(p *player) error {
	query := map[string]any{
		"term": "Jane Sample", "name-first": "Jane", "name-middle": "B", "name-last": "Sample", "birthdate": "1990-01-02", "email-address": "jane@example.com", "phone-number": "+15005550006",
		"address-street-1": "1 Main Street", "address-street-2": "Floor 2", "address-city": "Springfield", "address-subdivision": "CA", "address-postal-code": "94100", "address-country-code": "US",
		"country-code": "US", "business-name": "Acme Corporation", "crypto-address": "1Fz29BQp82pE3vXXcsZoMNQ3KSHfMzfMe3", "social-security-number": "123-45-6789", "addressee": "Jane Sample",
	}
	for _, typ := range p.typesOf("report") {
		act := map[string]any{"do": "run_report", "id": p.names["filled"], "type": typ, "query": query}
		if err := p.actFilled(act, "signals", p.document.Sampler(seed).Attributes(typ)); err != nil {
			return fmt.Errorf("%s: %w", typ, err)
		}
		p.take(step{call: "GET /reports/<made>?include=inquiry,account,report-template", advance: time.Second})
		p.take(step{call: "POST /reports/<made>/add-tag", body: `{"meta":{"tag-name":"seen"}}`})
		p.take(step{call: "DELETE /reports/<made>"})
	}
	return nil
}

// actFilled performs an act with the chosen values that it accepts: those that say what was
// found out.
func (p *player) actFilled(act map[string]any, key string, chosen map[string]any) error {
	for {
		act[key] = chosen
		text, err := json.Marshal(act)
		if err != nil {
			return err
		}
		status, _, answer := p.do(http.MethodPost, p.url+"/_sandbox/act", string(text), map[string]string{"Content-Type": "application/json"})
		if status == http.StatusOK {
			var made struct{ ID string }
			err := json.Unmarshal(answer, &made)
			p.names["made"] = made.ID
			return err
		}
		_, rest, _ := strings.Cut(string(answer), key+".")
		name, _, _ := strings.Cut(rest, " ")
		if _, there := chosen[name]; !there {
			return fmt.Errorf("%v: %d %s", act["type"], status, answer)
		}
		delete(chosen, name)
	}
}
