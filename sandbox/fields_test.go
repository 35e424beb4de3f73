package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// typedTemplate is a seed with a template that has a field of every type.
const typedTemplate = `
inquiry_templates:
  - id: itmpl_Typed
    name: Typed
    fields: {text: string, one: choices, several: multi_choices, yes: boolean, count: number, day: date,
             paper: generic, card: government_id, face: selfie, anything: json, birthdate: }
`

func TestANewInquiryHasTheFieldsOfItsTemplate(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	want := map[string]string{
		"name-first": "string", "name-middle": "string", "name-last": "string", "birthdate": "date",
		"address-street-1": "string", "address-street-2": "string", "address-city": "string", "address-subdivision": "string",
		"address-postal-code": "string", "address-country-code": "string", "email-address": "string", "phone-number": "string",
		"identification-number": "string", "identification-class": "string", "issue-date": "date", "expiration-date": "date",
		"issuing-authority": "string", "selected-country-code": "string", "selected-id-class": "string",
		"government-identification-number-map": "json", "current-government-id": "government_id", "current-selfie": "selfie",
	}
	_, _, doc := server.do("POST", "/api/v1/inquiries", inquiryBody)
	fields := at(doc, "data", "attributes", "fields").(map[string]any)
	if len(fields) != len(want) {
		t.Errorf("there are %d fields, not %d", len(fields), len(want))
	}
	for name, typ := range want {
		var value any
		if name == "selected-country-code" {
			value = "US"
		}
		if got := at(fields, name, "type"); got != typ {
			t.Errorf("%s is of type %v, not %s", name, got, typ)
		}
		if got := at(fields, name, "value"); got != value {
			t.Errorf("%s is %v, not %v", name, got, value)
		}
	}
}

func TestFieldsOfAnInquiryAreCheckedOnEveryWrite(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{Seed: readSeed(t, typedTemplate), RateLimit: 10_000})
	create := func(fields string) (int, map[string]any) {
		status, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"itmpl_Typed","fields":`+fields+`}}}`)
		return status, doc
	}
	_, doc := create(`{}`)
	id := at(doc, "data", "id").(string)
	for fields, problem := range map[string]string{
		`{"text":"a"}`: "", `{"text":null}`: "", `{"text":42}`: "must be a string",
		`{"one":"a"}`: "", `{"one":["a"]}`: "must be a string",
		`{"several":["a","b"]}`: "", `{"several":"a"}`: "must be an array of strings", `{"several":[1]}`: "must be an array of strings",
		`{"yes":true}`: "", `{"yes":"true"}`: "must be a boolean",
		`{"count":1.5}`: "", `{"count":"1"}`: "must be a number",
		`{"day":"2026-01-31"}`: "", `{"day":"2026-02-30"}`: "must be a date", `{"birthdate":"yesterday"}`: "must be a date",
		`{"paper":{"id":"doc_1","type":"Document::Generic"}}`: "", `{"paper":{"id":"doc_1","type":"document"}}`: "must be an object",
		`{"card":{"id":"doc_1","type":"Document::GovernmentId"}}`: "", `{"card":"doc_1"}`: "must be an object",
		`{"face":{"id":"self_1","type":"Selfie::ProfileAndCenter"}}`: "", `{"face":{"type":"Selfie::ProfileAndCenter"}}`: "must be an object",
		`{"anything":[1,{"a":null}]}`: "", `{"shoe-size":42}`: "is not a field of the inquiry template",
	} {
		created, made := create(fields)
		patched, _, changed := server.do("PATCH", "/api/v1/inquiries/"+id, `{"data":{"attributes":{"fields":`+fields+`}}}`)
		wantCreated, wantPatched := http.StatusCreated, http.StatusOK
		if problem != "" {
			wantCreated, wantPatched = http.StatusBadRequest, http.StatusBadRequest
		}
		if created != wantCreated || !strings.Contains(details(made), problem) {
			t.Errorf("create with %s: %d %s", fields, created, details(made))
		}
		if patched != wantPatched || !strings.Contains(details(changed), problem) {
			t.Errorf("patch with %s: %d %s", fields, patched, details(changed))
		}
	}
	if _, doc := create(`{"shoeSize":42}`); details(doc) != "data.attributes.fields.shoe_size is not a field of the inquiry template" {
		t.Errorf("the details are %q", details(doc))
	}
}

func TestAListOfChoicesIsNeverNull(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{Seed: readSeed(t, typedTemplate)})
	_, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"itmpl_Typed","fields":{"several":null}}}}`)
	if list, ok := at(doc, "data", "attributes", "fields", "several", "value").([]any); !ok || len(list) != 0 {
		t.Errorf("the fields are %v", at(doc, "data", "attributes", "fields"))
	}
}

func TestASeedRefusesATypeOfFieldThatDoesNotExist(t *testing.T) {
	t.Parallel()
	_, err := sandbox.ReadSeed("seed.yaml", strings.NewReader("inquiry_templates:\n  - name: Typed\n    fields: {count: numbr}\n"))
	if err == nil || !strings.Contains(err.Error(), `seed.yaml:3:`) || !strings.Contains(err.Error(), "number") {
		t.Errorf("the error is %v", err)
	}
}

func TestAnUnknownTemplateOfAnInquiryIsABadRequest(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for attributes, want := range map[string]struct {
		status  int
		details string
	}{
		`"inquiry-template-id":"itmpl_Unknown"`:          {400, "data.attributes.inquiry_template_id is not found"},
		`"inquiry-template-version-id":"itmplv_Unknown"`: {400, "data.attributes.inquiry_template_version_id is not found"},
		`"template-id":"tmpl_Unknown"`:                   {404, "data.attributes.template_id is not found"},
	} {
		status, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{`+attributes+`}}}`)
		if status != want.status || details(doc) != want.details {
			t.Errorf("%s: %d %s", attributes, status, details(doc))
		}
	}
}

func TestANewAccountHasTheFieldsOfItsType(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	types := map[string]string{
		"name": "hash", "address": "hash", "birthdate": "date", "phone_number": "string", "email_address": "string", "identification_numbers": "array", "selfie_photo": "file",
	}
	inner := map[string][]string{"name": {"first", "middle", "last"}, "address": {"street_1", "street_2", "city", "subdivision", "postal_code", "country_code"}}
	check := func(what string, doc any) {
		t.Helper()
		fields, _ := at(doc, "attributes", "fields").(map[string]any)
		if len(fields) != len(types) {
			t.Errorf("%s: the fields are %v", what, fields)
		}
		for name, typ := range types {
			if at(fields, name, "type") != typ {
				t.Errorf("%s: %s is of type %v, not %s", what, name, at(fields, name, "type"), typ)
			}
			for _, part := range inner[name] {
				if at(fields, name, "value", part, "type") != "string" || at(fields, name, "value", part, "value") != nil {
					t.Errorf("%s: %s.%s is %v", what, name, part, at(fields, name, "value", part))
				}
			}
		}
		if list, ok := at(fields, "identification_numbers", "value").([]any); !ok || len(list) != 0 {
			t.Errorf("%s: the identification numbers are %v", what, at(fields, "identification_numbers", "value"))
		}
	}
	for _, version := range everyVersion {
		_, _, doc := server.do("POST", "/api/v1/accounts", `{"data":{"attributes":{}}}`, "Persona-Version", version)
		check("created in "+version, at(doc, "data"))
	}
	account := newAccount(t, server.client(), "user-1")
	path := "/api/v1/accounts/" + account.ID
	_, _, doc := server.do("PATCH", path, `{"data":{"attributes":{"name-first":"Ada","fields":{"address":{"city":"Utrecht"}}}}}`)
	if at(doc, "data", "attributes", "fields", "name", "value", "first", "value") != "Ada" || at(doc, "data", "attributes", "fields", "address", "value", "city", "value") != "Utrecht" {
		t.Errorf("written: %v", at(doc, "data", "attributes", "fields"))
	}
	_, _, doc = server.do("PATCH", path, `{"data":{"attributes":{"fields":{"name":null,"address":{"city":null}}}}}`)
	check("emptied", at(doc, "data"))
	_, _, doc = server.do("DELETE", path, "")
	check("redacted", at(doc, "data"))
}

func TestACompletedInquiryFillsAnAccountWithoutValues(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	empty, filled := newAccount(t, client, "empty"), newAccount(t, client, "filled")
	_, err := client.Accounts.Update(ctx, filled.ID, persona.AccountUpdateParams{NameFirst: persona.Set("Ada")})
	ok(t, err)
	for reference, want := range map[string]string{"empty": "Alexander", "filled": "Ada"} {
		inquiry := newInquiry(t, client, reference)
		_, err := client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
			verification("create_passed_verification", sandbox.DatabaseTemplateID), action("complete_inquiry"),
		}})
		ok(t, err)
		account, err := client.Accounts.Get(ctx, map[string]string{"empty": empty.ID, "filled": filled.ID}[reference], persona.WithVersion("2023-01-05"))
		ok(t, err)
		if got := account.Attributes.NameFirst; !strings.EqualFold(got, want) && !strings.HasPrefix(got, strings.ToUpper(want)) {
			t.Errorf("the account %s has the first name %q", reference, got)
		}
	}
}

func TestTheHostedPageTakesFieldsAsTexts(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{Seed: readSeed(t, typedTemplate)})
	newBrowser(t).open(server.url+"/verify?environment=sandbox&inquiry-template-id=itmpl_Typed&fields[count]=7&fields[yes]=true&fields[text]=a&fields[shoeSize]=42").press("begin", "")
	client := server.client()
	var names []string
	for inquiry, err := range client.Inquiries.List(t.Context(), persona.InquiryListParams{}) {
		ok(t, err)
		for name, value := range inquiry.Attributes.Fields {
			if text := string(encoded(value)); !strings.Contains(text, "null") && !strings.Contains(text, "[]") && name != "selected-country-code" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"count", "text", "yes"}) {
		t.Errorf("the fields with a value are %v", names)
	}
}

func TestTheKeyOfAFieldKeepsItsHyphenBeforeANumberInCamelCase(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for _, version := range everyVersion {
		body := `{"data":{"attributes":{"inquiryTemplateId":"` + sandbox.InquiryTemplateID + `","fields":{"addressStreet-1":"1 Example Street"}}}}`
		_, _, doc := server.do("POST", "/api/v1/inquiries", body, "Persona-Version", version, "Key-Inflection", "camel", "X-Unchecked", "1")
		key, attribute := "addressStreet-1", any("1 Example Street")
		if version >= "2025-10-27" { // which writes the keys of fields as the template does
			key, attribute = "address-street-1", nil
		}
		attributes := at(doc, "data", "attributes")
		if at(attributes, "fields", key, "value") != "1 Example Street" || at(attributes, "addressStreet1") != attribute {
			t.Errorf("%s: %v", version, attributes)
		}
	}
}
