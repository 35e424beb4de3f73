package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestItemsOfListsCountTheInquiriesThatHoldTheirValue(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	complete := func() string {
		t.Helper()
		inquiry, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
			InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateOneTimeLink: persona.Set(true),
			Fields: persona.Set(map[string]any{
				"name_first": "Ada", "name_last": "Sample", "email_address": "ada@example.com", "phone_number": "+15005550006", "address_country_code": "US",
				"identification_number": "I1", "identification_class": "pp", "issuing_authority": "Countess",
			}),
		})
		ok(t, err)
		fetch(t, inquiry.Meta.OneTimeLink, "")
		simulateAll(t, client, inquiry.ID, "start_inquiry", "complete_inquiry")
		return inquiry.ID
	}
	opened, err := client.Inquiries.Get(t.Context(), complete())
	ok(t, err)
	_, _, devices := server.do("GET", "/api/v1/devices?filter[inquiry-session-id]="+opened.Relationships.Sessions.Data[0].ID, "")
	device := devices["data"].([]any)[0].(map[string]any)["attributes"].(map[string]any)["browser-fingerprint"].(string)

	type listItem struct{ list, item, path string }
	var items []listItem
	for n, test := range []struct{ path, attributes string }{
		{"browser-fingerprints", `"value":"` + device + `"`},
		{"countries", `"country-code":"US"`},
		{"email-addresses", `"value":"ADA@example.com"`},
		{"email-addresses", `"value":"example.com","match-type":"domain"`},
		{"government-id-numbers", `"id-number":"i1","id-class":"pp"`},
		{"ip-addresses", `"value":"127.0.0.1"`},
		{"names", `"name-first":"ada","name-last":"sample"`},
		{"phone-numbers", `"value":"+15005550006"`},
		{"strings", `"value":"countess"`},
	} {
		list := server.id("POST", "/list/"+test.path, fmt.Sprintf(`{"data":{"attributes":{"name":"List %d"}}}`, n), 201)
		item := server.id("POST", "/list-item/"+test.path, `{"data":{"attributes":{"list-id":"`+list+`",`+test.attributes+`}}}`, 201)
		items = append(items, listItem{list, item, test.path})
	}
	matches := func(when string, want float64) {
		t.Helper()
		for _, i := range items {
			_, _, doc := server.do("GET", "/api/v1/list-item/"+i.path+"/"+i.item, "")
			if got := doc["data"].(map[string]any)["attributes"].(map[string]any)["match-count"]; got != want {
				t.Errorf("%s, the item of %s matched %v times", when, i.path, got)
			}
		}
	}
	matches("before another inquiry", 0)
	complete()
	complete()
	matches("after two", 2)
	for n, i := range items {
		path := "/lists/" + i.list
		if n%2 == 0 {
			path = "/list-item/" + i.path + "/" + i.item
		}
		server.id("DELETE", path, "", 200)
	}
	complete()
	matches("archived, or in a list that is", 2)
}
