package sandbox_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

const choosingSeed = `
inquiry_templates:
  - id: itmpl_Choosing
    name: Choosing
    fields:
      name-last: string
      plan: {type: choices, options: [basic, {value: pro, label: For professionals}]}
      uses: {type: multi_choices, options: [trade, save, 3]}
      anything: choices
      seen: datetime
      names: array
      about: hash
      scan: file
account_types:
  - id: acttp_Choosing
    name: Choosing
    statuses: [{name: New}]
    fields: {plan: {type: choices, options: [basic, pro]}, uses: {type: multi_choices, options: [trade, save]}, home.kind: {type: choices, options: [flat, house]}, name.first: string}
case_templates:
  - {id: ctmpl_Choosing, name: Choosing, open: [Open], fields: {plan: {type: choices, options: [basic, pro]}, uses: {type: multi_choices, options: [trade, save]}}}
transaction_types:
  - {id: txntp_Choosing, name: Choosing, fields: {plan: {type: choices, options: [basic, pro]}, uses: {type: multi_choices, options: [trade, save]}}}
`

// choosing returns the creations of everything that has fields with options, and what each
// needs to name its template or type.
func choosing() map[string]string {
	return map[string]string{
		"inquiries": `"inquiry-template-id":"itmpl_Choosing"`, "accounts": `"account-type-id":"acttp_Choosing"`,
		"cases": `"case-template-id":"ctmpl_Choosing"`, "transactions": `"transaction-type-id":"txntp_Choosing"`,
	}
}

func TestAFieldOfChoicesAcceptsOnlyItsOptions(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = readSeed(t, choosingSeed)
	server := start(t, options)
	for kind, of := range choosing() {
		path := "/api/v1/" + kind
		write := func(method, path, fields string) (int, string) {
			attributes := `"fields":` + fields
			if method == "POST" {
				attributes = of + "," + attributes
			}
			status, _, doc := server.do(method, path, `{"data":{"attributes":{`+attributes+`}}}`)
			details, _ := at(doc, "errors", 0, "details").(string)
			return status, details
		}
		status, _, doc := server.do("POST", path, `{"data":{"attributes":{`+of+`,"fields":{"plan":"pro","uses":["trade","save"]}}}}`)
		if status != 201 || at(doc, "data", "attributes", "fields", "plan", "value") != "pro" || at(doc, "data", "attributes", "fields", "plan", "type") != "choices" {
			t.Fatalf("%s: %d %v", kind, status, doc)
		}
		one := path + "/" + at(doc, "data", "id").(string)
		for method, path := range map[string]string{"POST": path, "PATCH": one} {
			for fields, want := range map[string]string{
				`{"plan":"gold"}`:              "data.attributes.fields.plan must be one of basic, pro",
				`{"plan":"Pro"}`:               "data.attributes.fields.plan must be one of basic, pro",
				`{"plan":"For professionals"}`: "must be one of basic, pro",
				`{"plan":["pro"]}`:             "data.attributes.fields.plan must be a string",
				`{"uses":["trade","gift"]}`:    "data.attributes.fields.uses must be one of trade, save",
				`{"uses":[""]}`:                "data.attributes.fields.uses must be one of trade, save",
				`{"uses":"trade"}`:             "data.attributes.fields.uses must be an array of strings",
			} {
				if status, details := write(method, path, fields); status != 400 || !strings.Contains(details, want) {
					t.Errorf("%s %s %s: %d %s", method, kind, fields, status, details)
				}
			}
			for _, fields := range []string{`{"plan":null,"uses":null}`, `{"plan":"","uses":[]}`, `{"plan":"basic","uses":["save"]}`} {
				if status, details := write(method, path, fields); status != map[string]int{"POST": 201, "PATCH": 200}[method] {
					t.Errorf("%s %s %s: %d %s", method, kind, fields, status, details)
				}
			}
		}
	}
	if status, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"itmpl_Choosing","fields":{"anything":"gold"}}}}`); status != 201 {
		t.Errorf("choices without options: %d %v", status, doc)
	}
	for value, want := range map[string]int{"flat": 201, "tent": 400} {
		if status, _, doc := server.do("POST", "/api/v1/accounts", `{"data":{"attributes":{"account-type-id":"acttp_Choosing","fields":{"home":{"kind":"`+value+`"}}}}}`); status != want {
			t.Errorf("%s in a hash: %d %v", value, status, doc)
		}
	}
}

func TestBeforeItsFieldsHadAPlaceOfTheirOwnAnOptionIsCheckedToo(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = readSeed(t, choosingSeed)
	server := start(t, options)
	for _, version := range []string{"2020-05-18", "2023-01-05"} {
		for value, want := range map[string]int{"pro": 201, "gold": 400} {
			status, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"itmpl_Choosing","plan":"`+value+`"}}}`, "Persona-Version", version)
			if status != want {
				t.Errorf("%s %s: %d %v", version, value, status, doc)
			}
		}
	}
}

func TestTemplatesAndTypesShowTheOptionsOfTheirFields(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = readSeed(t, choosingSeed)
	server := start(t, options)
	for path, want := range map[string][]any{
		"/inquiry-templates/itmpl_Choosing": {[]any{"basic", "pro"}, []any{"basic", "For professionals"}}, "/account-types/acttp_Choosing": {[]any{"basic", "pro"}, []any{"basic", "pro"}},
		"/case-templates/ctmpl_Choosing": {[]any{"basic", "pro"}, []any{"basic", "pro"}}, "/transaction-types/txntp_Choosing": {[]any{"basic", "pro"}, []any{"basic", "pro"}},
	} {
		for _, inflection := range []string{"kebab", "snake", "camel"} {
			_, _, doc := server.do("GET", "/api/v1"+path, "", "Authorization", "Bearer "+sandbox.ProductionKey, "Key-Inflection", inflection, "X-Unchecked", "1")
			attributes, _ := at(doc, "data", "attributes").(map[string]any)
			var config map[string]any
			for _, name := range []string{"field-schemas", "field_schemas", "fieldSchemas"} {
				schemas, _ := attributes[name].([]any)
				for _, schema := range schemas {
					if at(schema, "key") == "plan" {
						config, _ = at(schema, "config").(map[string]any)
					}
				}
			}
			labels := map[string]string{"kebab": "option-labels", "snake": "option_labels", "camel": "optionLabels"}[inflection]
			if got := []any{config["options"], config[labels]}; !reflect.DeepEqual(got, want) {
				t.Errorf("%s in %s: %v", path, inflection, got)
			}
		}
	}
}

func TestAnInquiryHasFieldsOfEveryDocumentedType(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = readSeed(t, choosingSeed)
	server := start(t, options)
	for field, test := range map[string]struct{ good, bad string }{
		"seen": {`"2026-01-31T12:00:00.000Z"`, `"2026-01-31"`}, "names": {`["a",1]`, `"a"`}, "about": {`{"colour":"red"}`, `"red"`},
		"scan": {`{"filename":"a.txt","data":"aGVsbG8="}`, `{"filename":"a.txt"}`},
	} {
		for value, want := range map[string]int{test.good: 201, test.bad: 400} {
			status, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"itmpl_Choosing","fields":{"`+field+`":`+value+`}}}}`)
			if status != want {
				t.Errorf("%s %s: %d %v", field, value, status, doc)
			}
			if want == 201 && field == "scan" && at(doc, "data", "attributes", "fields", "scan", "value", "filename") != "a.txt" {
				t.Errorf("a stored file: %v", at(doc, "data", "attributes", "fields", "scan"))
			}
		}
	}
}

func TestWhatAVerificationReadsDoesNotBreakTheOptionsOfAField(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = readSeed(t, `
inquiry_templates:
  - id: itmpl_Classes
    name: Classes
    fields: {identification-class: {type: choices, options: [pp]}, selected-id-class: {type: choices, options: [pp, dl]}}
    verifications: [{id: vtmpl_Classes, type: government-id}]
`)
	server := start(t, options)
	_, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"itmpl_Classes"}}}`)
	status, _, doc := server.do("POST", "/api/v1/inquiries/"+at(doc, "data", "id").(string)+"/perform-simulate-actions",
		`{"meta":{"simulate-actions":[{"type":"create_passed_verification","data":{"verification-template-id":"vtmpl_Classes"}}]}}`)
	fields := at(doc, "data", "attributes", "fields")
	if status != 200 || at(fields, "selected-id-class", "value") != "dl" || at(fields, "identification-class", "value") != nil {
		t.Errorf("%d %v", status, fields)
	}
}

func TestASeedRefusesOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]string{
		"{type: string, options: [a]}":                              "its type is not choices",
		"{type: choices, options: [a, a]}":                          `has the option "a" twice`,
		"{type: choices, options: [{label: A}]}":                    "an option without a value",
		"{type: choices, option: [a]}":                              "option",
		"{type: choices, options: [{value: a, labels: A}]}":         "labels",
		"{type: chioces, options: [a]}":                             `did you mean "choices"?`,
		"{type: multi_choices, options: [a, {value: a, label: b}]}": "twice",
	} {
		for _, kind := range []string{"inquiry_templates:\n  - {name: A, fields: {plan: ", "transaction_types:\n  - {name: A, fields: {plan: "} {
			if _, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(kind+field+"}}\n")); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", field, err)
			}
		}
	}
}
