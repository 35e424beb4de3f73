package sandbox_test

import (
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

const declaringSeed = `
account_types:
  - {id: acttp_A, name: A, statuses: [{name: New}], fields: {name.first: string, employees: integer, ratio: number, vip: boolean, since: date, seen: datetime, mail: email_address, kind: choices, kinds: multi_choices, names: array, anything: json}}
case_templates:
  - {id: ctmpl_A, name: A, open: [Open], fields: {employees: integer, since: date}}
transaction_types:
  - {id: txntp_A, name: A, fields: {employees: integer, since: date, payee: relation}}
`

func TestFieldsAreCheckedOnEveryWrite(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = readSeed(t, declaringSeed)
	server := start(t, options)
	for kind, attributes := range map[string]string{
		"accounts": `"account-type-id":"acttp_A"`, "cases": `"case-template-id":"ctmpl_A"`, "transactions": `"transaction-type-id":"txntp_A"`,
	} {
		status, _, doc := server.do("POST", "/api/v1/"+kind, `{"data":{"attributes":{`+attributes+`,"fields":{"employees":3,"since":"2026-01-31"}}}}`)
		if status != 201 {
			t.Errorf("%s: %d %v", kind, status, doc)
			continue
		}
		if at(doc, "data", "attributes", "fields", "since", "type") != "date" || at(doc, "data", "attributes", "fields", "employees", "type") != "integer" {
			t.Errorf("%s: %v", kind, doc)
		}
		path := "/api/v1/" + kind + "/" + at(doc, "data", "id").(string)
		for fields, want := range map[string]string{
			`{"shoe_size":43}`:      "data.attributes.fields.shoe_size is not a field of the",
			`{"employees":"three"}`: "data.attributes.fields.employees must be a whole number",
			`{"employees":3.5}`:     "must be a whole number",
			`{"since":"31.1.2026"}`: "must be a date",
			`{"since":5}`:           "must be a date",
		} {
			for method, call := range map[string]string{"PATCH": path, "POST": "/api/v1/" + kind} {
				status, _, doc := server.do(method, call, `{"data":{"attributes":{`+map[string]string{"POST": attributes + ","}[method]+`"fields":`+fields+`}}}`)
				if details, _ := at(doc, "errors", 0, "details").(string); status != 400 || !strings.Contains(details, want) {
					t.Errorf("%s %s %s: %d %v", method, kind, fields, status, doc)
				}
			}
		}
		status, _, doc = server.do("PATCH", path, `{"data":{"attributes":{"fields":{"since":null}}}}`)
		if status != 200 || at(doc, "data", "attributes", "fields", "since", "type") != "date" || at(doc, "data", "attributes", "fields", "employees", "value") != 3.0 {
			t.Errorf("%s after null: %d %v", kind, status, doc)
		}
	}
}

func TestEachTypeOfFieldTakesItsValues(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = readSeed(t, declaringSeed)
	server := start(t, options)
	for field, test := range map[string]struct{ good, bad string }{
		"name":  {`{"first":"Ada"}`, `{"first":3}`},
		"ratio": {`0.5`, `"0.5"`}, "vip": {`true`, `"true"`}, "seen": {`"2026-01-31T12:00:00Z"`, `"yesterday"`}, "mail": {`"a@example.com"`, `"nobody"`},
		"kind": {`"a"`, `1`}, "kinds": {`["a"]`, `[1]`}, "names": {`["a",1]`, `"a"`}, "anything": {`{"a":[1]}`, ``},
	} {
		write := func(value string) int {
			status, _, _ := server.do("POST", "/api/v1/accounts", `{"data":{"attributes":{"account-type-id":"acttp_A","fields":{"`+field+`":`+value+`}}}}`)
			return status
		}
		if status := write(test.good); status != 201 {
			t.Errorf("%s %s: %d", field, test.good, status)
		}
		if test.bad == "" {
			continue
		}
		if status := write(test.bad); status != 400 {
			t.Errorf("%s %s: %d", field, test.bad, status)
		}
	}
	if status, _, _ := server.do("POST", "/api/v1/accounts", `{"data":{"attributes":{"account-type-id":"acttp_A","fields":{"name":"Ada"}}}}`); status != 400 {
		t.Errorf("a text for a hash: %d", status)
	}
	if status, _, _ := server.do("POST", "/api/v1/accounts", `{"data":{"attributes":{"account-type-id":"acttp_A","fields":{"name":{"third":"Ada"}}}}}`); status != 400 {
		t.Errorf("an unknown field in a hash: %d", status)
	}
}

func TestTemplatesAndTypesDescribeTheirFields(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = readSeed(t, declaringSeed)
	server := start(t, options)
	for path, want := range map[string]int{
		"/account-types/" + sandbox.AccountTypeID: 7, "/account-types/acttp_A": 11, "/case-templates/ctmpl_A": 2, "/transaction-types/txntp_A": 3,
	} {
		_, _, doc := server.do("GET", "/api/v1"+path, "")
		if got, _ := at(doc, "data", "attributes", "field-schemas").([]any); len(got) != want {
			t.Errorf("%s describes %d fields, not %d: %v", path, len(got), want, got)
		}
	}
}

func TestASeedRefusesFieldsThatCannotBe(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{
		"{a: strng}": `"string"`, "{name: string, name.first: string}": "is not the name of a field", "{a.b.c: string}": "is not the name of a field", "{a: hash}": "is not a type of field",
	} {
		_, err := sandbox.ReadSeed("seed.yaml", strings.NewReader("transaction_types:\n  - {name: A, fields: "+fields+"}\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", fields, err)
		}
	}
}
