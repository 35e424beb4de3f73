package contracttest

import (
	"time"

	"github.com/idemhq/idem/sandbox"
)

// subscription creates the test's webhooks: one in the usual form, and one with all
// possible included resources. <receiver> is their address.
func subscription() []step {
	const attributes = `"enabled-events":["*"],"api-version":"<version>","api-key-inflection":"<casing>"`
	return []step{
		{
			call: "POST /webhooks", id: "plain", keep: map[string]string{"plain-secret": "data.attributes.secret"},
			body: `{"data":{"attributes":{"name":"Plain","url":"<receiver>/plain",` + attributes + `}}}`,
		},
		{
			call: "POST /webhooks", id: "full", keep: map[string]string{"full-secret": "data.attributes.secret"},
			body: `{"data":{"attributes":{"name":"Full","url":"<receiver>/full",` + attributes + `,"included-allowlist":{"state":"include_all"}}}}`,
		},
		{call: "POST /webhooks/<plain>/enable"},
		{call: "POST /webhooks/<full>/enable"},
	}
}

// webhookSteps are about webhooks that receive nothing.
func webhookSteps() []step {
	const hook = `"url":"https://example.com/webhooks","enabled-events":["inquiry.approved"],"description":"Nothing","custom-http-headers":{"X-API-Key":"acme"},"payload-filter":{"data":{"attributes":{"status":"approved"}}}`
	return []step{
		{call: "POST /webhooks", id: "hook", body: `{"data":{"attributes":{"name":"Quiet",` + hook + `}}}`},
		{call: "POST /webhooks", until: "2025-12-08", body: `{"data":{"attributes":{` + hook + `}}}`},
		{call: "POST /webhooks", from: "2026-09-29", want: 400, body: `{"data":{"attributes":{` + hook + `}}}`},
		{
			call: "POST /webhooks", body: `{"data":{"attributes":{"name":"Choosy","url":"https://example.com/webhooks","enabled-events":["inquiry.approved"],"api-attributes-blocklist":["name-first"],"file-access-token-expires-in":600,` +
				`"included-allowlist":{"state":"custom","event-types":[{"event-type":"inquiry.approved","relationships":["account"]}]},"custom-http-headers":{"Authorization":"Bearer acme","Calling-Application":"acme"}}}}`,
		},
		{call: "GET /webhooks/<hook>"},
		{call: "GET /webhooks"},
		{call: "PATCH /webhooks/<hook>", body: `{"data":{"attributes":{"description":"Still nothing","relationship-allowlist":{"state":"include_none"}}}}`},
		{call: "POST /webhooks/<hook>/rotate-secret", body: `{"meta":{"expires-in-seconds":60}}`},
		{call: "POST /webhooks/<hook>/clone"},
		{call: "POST /webhooks/<hook>/enable"},
		{call: "POST /webhooks/<hook>/disable"},
		{call: "POST /webhooks/<hook>/archive"},
		{call: "POST /webhooks/<hook>/enable", want: 409},
	}
}

// keySteps are about API keys, and the logs of calls and events.
func keySteps() []step {
	return []step{
		{call: "POST /api-keys", id: "key", body: `{"data":{"attributes":{"name":"Second","note":"for tests","permissions":["inquiry.read"],"api-version":"2023-01-05","api-key-inflection":"camel"}}}`},
		{call: "POST /api-keys", want: 400, body: `{"data":{"attributes":{}}}`},
		{call: "GET /api-keys/<key>"},
		{call: "GET /api-keys?filter[name]=Second"},
		{call: "PATCH /api-keys/<key>", body: `{"data":{"attributes":{"ip-address-allowlist":["192.0.2.0/24"],"file-access-token-expires-in":60}}}`},
		{call: "POST /api-keys/<key>/clone"},
		{call: "POST /api-keys/<key>/expire", body: `{"meta":{"expires-in-seconds":60}}`},
		{call: "GET /rate-limits"},
		{call: "GET /events?filter[object-id]=<inquiry>&page[size]=100", keep: map[string]string{"event": "data.0.id"}},
		{call: "GET /events/<event>"},
		{call: "GET /events?filter[id]=<event>&filter[name]=inquiry.created,inquiry.declined"},
		{call: "GET /events?page[size]=100"},
		{call: "GET /api-logs?page[size]=20", keep: map[string]string{"log": "data.0.id"}},
		{call: "GET /api-logs/<log>"},
	}
}

// templateSteps are about objects that are created in the dashboard.
func templateSteps() []step {
	const translated = `{"step":"start","component":"title","attribute-name":"text","locale-values":[{"locale":"es","value":"Verifique su identidad"}]}`
	return []step{
		{call: "GET /inquiry-templates", key: production},
		{call: "GET /inquiry-templates", want: 401},
		{call: "GET /inquiry-templates/" + sandbox.InquiryTemplateID + "?include=latest-published-version", key: production},
		{call: "GET /inquiry-templates/" + sandbox.InquiryTemplateID + "/translations", key: production},
		{call: "POST /inquiry-templates/" + sandbox.InquiryTemplateID + "/translations", key: production, body: `{"data":{"attributes":{"translations":[` + translated + `]}}}`},
		{call: "GET /inquiry-template-versions?filter[inquiry-template-id]=" + sandbox.InquiryTemplateID, key: production},
		{call: "GET /user-audit-logs", key: production},
		{call: "GET /user-audit-logs/" + sandbox.UserAuditLogID + "?include=user", key: production},
		{call: "POST /theme-sets", id: "theme", body: `{"data":{"attributes":{"name":"Blue","styles":{"settings":{"use-dark-theme":true},"dark":{"inquiry":{"color-primary":"#00f"}}}}}}`},
		{call: "GET /theme-sets/<theme>"},
		{call: "GET /theme-sets?filter[status]=active"},
		{call: "PATCH /theme-sets/<theme>", body: `{"data":{"attributes":{"name":"Deep blue","styles":{"settings":{"preferred-theme-variant":"dark"}}}}}`},
		{call: "DELETE /theme-sets/<theme>"},
	}
}

// connectSteps share an account with another organization.
func connectSteps() []step {
	const share = `{"data":{"attributes":{"connection-id":"<connection>","source-id":"<account>","expires-in-seconds":3600}}}`
	return []step{
		{call: "POST /connect/connections", id: "connection", body: `{"data":{"attributes":{"destination-organization-id":"org_Partner"}}}`},
		{call: "GET /connect/connections/<connection>", advance: time.Second},
		{call: "GET /connect/connections?filter[status]=active&filter[destination-organization-id]=org_Partner"},
		{call: "POST /connect/share-tokens", id: "share", body: share},
		{call: "GET /connect/share-tokens/<share>?peek-source-data=true"},
		{call: "GET /connect/share-tokens?filter[connection-id]=<connection>&filter[direction]=outbound"},
		{call: "POST /accounts", want: 201, id: "destination", body: `{"data":{"attributes":{"reference-id":"user-7"}}}`},
		{call: "POST /connect/share-tokens/<share>/redeem", body: `{"data":{"attributes":{"destination-id":"<destination>"}},"meta":{"field-mappings":[{"source-field-name":"email_address","destination-field-name":"email_address"}]}}`},
		{call: "GET /connect/share-tokens/<share>", advance: time.Second},
		{call: "POST /connect/share-tokens", id: "share", body: share},
		{call: "POST /connect/share-tokens/<share>/expire"},
		{call: "POST /connect/connections/<connection>/deactivate"},
		{call: "POST /connect/connections/<connection>/reactivate"},
	}
}
