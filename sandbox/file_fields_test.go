package sandbox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

const fileFieldsSeed = `
inquiry_templates:
  - {id: itmpl_Scan, name: Scan, fields: {scan: file}, verifications: [{id: vtmpl_Scan, type: selfie}]}
case_templates:
  - {id: ctmpl_Scan, name: Scan, open: [Open], resolved: [Done], fields: {scan: file}}
transaction_types:
  - {id: txntp_Scan, name: Scan, fields: {scan: file}}
account_types:
  - {id: acttp_Scan, name: Scan, statuses: [{id: actst_Scan, name: New}], fields: {scan: file}}
`

func TestAFileInAFieldIsStoredAndCanBeDownloaded(t *testing.T) {
	t.Parallel()
	seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(fileFieldsSeed))
	ok(t, err)
	server := start(t, sandbox.Options{Seed: seed})
	for path, of := range map[string]string{
		"/api/v1/inquiries": `"inquiry-template-id":"itmpl_Scan"`, "/api/v1/cases": `"case-template-id":"ctmpl_Scan"`,
		"/api/v1/transactions": `"transaction-type-id":"txntp_Scan"`, "/api/v1/accounts": `"account-type-id":"acttp_Scan"`,
	} {
		for _, version := range []string{"2023-01-05", "2025-12-08"} {
			t.Run(path+" in "+version, func(t *testing.T) {
				write := func(method, path, scan string) (int, any) {
					more := of + ","
					if method == "PATCH" {
						more = ""
					}
					status, _, doc := server.do(method, path, `{"data":{"attributes":{`+more+`"fields":{"scan":`+scan+`}}}}`, "Persona-Version", version, "X-Unchecked", "fields of a type of our own")
					return status, doc
				}
				status, made := write("POST", path, `{"data":"aGVsbG8=","filename":"a.txt"}`)
				address, _ := at(made, "data", "attributes", "fields", "scan", "value", "url").(string)
				if status != 201 || at(made, "data", "attributes", "fields", "scan", "type") != "file" || at(made, "data", "attributes", "fields", "scan", "value", "filename") != "a.txt" {
					t.Fatalf("%d %v", status, made)
				}
				if status, _, body := fetch(t, address, sandbox.SandboxKey); status != 200 || string(body) != "hello" {
					t.Errorf("%s: %d %q", address, status, body)
				}
				one := path + "/" + at(made, "data", "id").(string)
				for _, wrong := range []string{`"a.txt"`, `{"data":"!","filename":"a.txt"}`, `{"data":"aGVsbG8="}`, `{"name":"a.txt"}`} {
					if status, doc := write("PATCH", one, wrong); status != 400 {
						t.Errorf("%s: %d %v", wrong, status, doc)
					}
				}
				for _, none := range []string{`{"data":null}`, `null`} {
					if status, doc := write("PATCH", one, none); status != 200 || at(doc, "data", "attributes", "fields", "scan", "type") != "file" || at(doc, "data", "attributes", "fields", "scan", "value") != nil {
						t.Errorf("%s: %d %v", none, status, doc)
					}
				}
				_, doc := write("PATCH", one, `{"data":{"data":"aGVsbG8=","filename":"b.txt"}}`)
				address, _ = at(doc, "data", "attributes", "fields", "scan", "value", "url").(string)
				server.do("DELETE", one, "", "Persona-Version", version)
				if status, _, _ := fetch(t, address, sandbox.SandboxKey); status != 404 {
					t.Errorf("after a redaction, %s is %d", address, status)
				}
			})
		}
	}
}

func TestTheRedirectOfTheHostedPageHasTheLinkOfAFile(t *testing.T) {
	t.Parallel()
	seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(fileFieldsSeed))
	ok(t, err)
	server := start(t, sandbox.Options{Seed: seed})
	_, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"itmpl_Scan","fields":{"scan":{"data":"aGVsbG8=","filename":"a.txt"}}}}}`)
	to := webView(t).open(server.url+"/verify?environment=sandbox&is-webview=true&inquiry-id="+at(doc, "data", "id").(string)).press("begin", "").press("cancel", "").ledTo()
	var fields map[string]struct{ Value struct{ URL string } }
	ok(t, json.Unmarshal([]byte(to.Query().Get("fields")), &fields))
	if status, _, body := fetch(t, fields["scan"].Value.URL, ""); status != 200 || string(body) != "hello" {
		t.Errorf("%s: %d %q", fields["scan"].Value.URL, status, body)
	}
}
