package sandbox_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func csv(lines ...string) persona.File {
	return persona.File{Name: "rows.csv", Content: strings.NewReader(strings.Join(lines, "\n"))}
}

// imported returns the status and the counters of an importer.
func (s *server) imported(id string) string {
	s.t.Helper()
	_, _, doc := s.do("GET", "/api/v1/importers/"+id, "")
	data, _ := doc["data"].(map[string]any)
	a, _ := data["attributes"].(map[string]any)
	if a["completed-at"] == nil {
		s.t.Errorf("the importer is not completed: %v", doc)
	}
	return fmt.Sprintln(a["status"], a["successful-count"], a["duplicate-count"], a["error-count"])
}

func TestAccountsAreImported(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client, ctx := server.client(), t.Context()
	newAccount(t, client, "User-1")
	importer, err := client.Importers.ImportAccounts(ctx, persona.ImporterImportAccountsParams{File: csv(
		"reference_id,name_first,name_last,birthdate,social_security_number,tags,shoe",
		`user-2,Ada,Sample,1990-01-31,123456789,"a, b",38`,
		"user-1,Bo,Sample,,,,", // there is one
		"USER-2,Cy,Sample,,,,", // it came before
		",,,,,,",               // nothing
		"user-3,Di,Sample,31.1.1990,,,",
		"user-4,Ed",
		",Flo,Sample,,,,",
	)})
	ok(t, err)
	if importer.Attributes.Status != "pending" || importer.Attributes.SuccessfulCount != 0 {
		t.Errorf("it starts as %s", importer.Raw)
	}
	if got := server.imported(importer.ID); got != "ready 2 2 3\n" {
		t.Errorf("the importer is %s", got)
	}
	page, err := client.Accounts.ListPage(ctx, persona.AccountListParams{ReferenceID: "user-2"})
	ok(t, err)
	if len(page.Data) != 1 || !slices.Equal(page.Data[0].Attributes.Tags, []string{"A", "B"}) || !strings.Contains(string(page.Data[0].Raw), `"1990-01-31"`) {
		t.Errorf("the account is %v", page.Data)
	}
	if got := count(events(t, client), "account.created"); got != 3 {
		t.Errorf("accounts were created %d times, not 3 times", got)
	}
}

func TestARowWithATextThatIsTooLongIsNotImported(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	long := strings.Repeat("x", 256)
	importer, err := server.client().Importers.ImportAccounts(t.Context(), persona.ImporterImportAccountsParams{File: csv(
		"reference_id,name_first,tags", long+",Ada,", "user-1,"+long+",", "user-2,Bo,"+long, "user-3,Cy,vip",
	)})
	ok(t, err)
	if got := server.imported(importer.ID); got != "ready 1 0 3\n" {
		t.Errorf("the importer is %s", got)
	}
}

func TestListItemsAreImportedFromFormsAndFromJSON(t *testing.T) {
	t.Parallel()
	for kind, test := range map[string]struct {
		list, file, want string
	}{
		"email-addresses":       {"email-addresses", "value,match_type\nexample.com,domain\na@example.com,\nA@example.com,email_address\nb@example.com,like\n", "ready 2 1 1\n"},
		"geolocations":          {"geolocations", "latitude,longitude,radius_meters\n1,2,3\n1.0,2,3\nx,2,3\n95,2,3\n", "ready 1 1 2\n"},
		"government-id-numbers": {"government-id-numbers", "\ufeffid_number,id_class\nX1,pp\nX1,dl\nX1,PP\n", "ready 2 1 0\n"},
		"ip-addresses":          {"ip-addresses", "value\n192.0.2.1\n192.0.2.1\nhere\n", "ready 1 1 1\n"},
		"names":                 {"names", "name_first,name_last\nAda,Sample\nAda,\n", "ready 1 0 1\n"},
		"phone-numbers":         {"phone-numbers", "value\n+12025550123\n", "ready 1 0 0\n"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			server := start(t, sandbox.Options{})
			list := server.id("POST", "/list/"+test.list, `{"data":{"attributes":{"name":"Blocked"}}}`, 201)
			body := `{"data":{"attributes":{"list-id":"` + list + `","file":{"filename":"a.csv","data":"` + base64.StdEncoding.EncodeToString([]byte(test.file)) + `"}}}}`
			if got := server.imported(server.id("POST", "/importer/list-item/"+kind, body, 201)); got != test.want {
				t.Errorf("from JSON: %s, not %s", got, test.want)
			}
			_, _, doc := server.do("GET", "/api/v1/lists/"+list, "")
			var successes int
			_, err := fmt.Sscanf(test.want, "ready %d", &successes)
			ok(t, err)
			if items := strings.Count(fmt.Sprint(doc), "list-item/"); items != successes {
				t.Errorf("the list has %d items, not %d", items, successes)
			}
		})
	}
	server := start(t, sandbox.Options{})
	client, ctx := server.client(), t.Context()
	list, err := client.Lists.CreatePhoneNumberList(ctx, persona.ListCreatePhoneNumberListParams{Name: persona.Set("Phones")})
	ok(t, err)
	var ids []string
	for range 2 {
		importer, err := client.Importers.ImportPhoneNumberListItems(ctx, persona.ImporterImportPhoneNumberListItemsParams{
			File: csv("value", "+12025550123", "+12025550124"), ListID: list.ID,
		})
		ok(t, err)
		ids = append(ids, importer.ID)
	}
	if first, second := server.imported(ids[0]), server.imported(ids[1]); first != "ready 2 0 0\n" || second != "ready 0 2 0\n" {
		t.Errorf("from forms: %s and %s", first, second)
	}
	page, err := client.Importers.ListPage(ctx, persona.ImporterListParams{})
	ok(t, err)
	if len(page.Data) != 2 || page.Data[0].Identifier().ID != ids[1] {
		t.Errorf("importers are %v", page.Data)
	}
}

func TestAnImportThatIsWrong(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	names := server.id("POST", "/list/names", `{"data":{"attributes":{"name":"Names"}}}`, 201)
	archived := server.id("POST", "/list/names", `{"data":{"attributes":{"name":"Old"}}}`, 201)
	server.id("DELETE", "/lists/"+archived, "", 200)
	const file = `"file":{"filename":"a.csv","data":"YQ=="}`
	for _, test := range []struct {
		name, path, attributes string
		status                 int
		details                string
	}{
		{"no file", "accounts", "", 400, "data.attributes.file is missing"},
		{"an empty file", "accounts", `"file":{"filename":"a.csv","data":""}`, 400, "data.attributes.file must hold data in base64, and a filename"},
		{"a file that is not in base64", "accounts", `"file":{"filename":"a.csv","data":"a,b"}`, 400, "data.attributes.file must hold data in base64, and a filename"},
		{"a file without a name", "accounts", `"file":{"data":"YQ=="}`, 400, "data.attributes.file must hold data in base64, and a filename"},
		{"no list", "list-item/names", file, 400, "data.attributes.list_id is missing"},
		{"an unknown list", "list-item/names", `"list-id":"lst_1",` + file, 422, "the list is not found"},
		{"a list of another kind", "list-item/ip-addresses", `"list-id":"` + names + `",` + file, 422, "the list takes items of another kind"},
		{"an archived list", "list-item/names", `"list-id":"` + archived + `",` + file, 409, "the list is archived"},
	} {
		status, _, doc := server.do("POST", "/api/v1/importer/"+test.path, `{"data":{"attributes":{`+test.attributes+`}}}`)
		if status != test.status || details(doc) != test.details {
			t.Errorf("%s: %d %q, not %d %q", test.name, status, details(doc), test.status, test.details)
		}
	}
	for name, content := range map[string]string{"no CSV": "name_first\n\"", "no column that is known": "shoe\n38\n"} {
		body := `{"data":{"attributes":{"file":{"filename":"a.csv","data":"` + base64.StdEncoding.EncodeToString([]byte(content)) + `"}}}}`
		if got := server.imported(server.id("POST", "/importer/accounts", body, 201)); got != "errored 0 0 0\n" {
			t.Errorf("%s: %s", name, got)
		}
	}
	server.id("GET", "/importers/mprt_1", "", 404)
	for _, test := range []struct {
		name, path, body string
		status           int
	}{
		{"a broken form", "/importer/accounts", "--x", 400},
		{"a form elsewhere", "/cases", "--x--\r\n", 415},
	} {
		if status, _, doc := server.do("POST", "/api/v1"+test.path, test.body, "Content-Type", "multipart/form-data; boundary=x", "X-Unchecked", "1"); status != test.status {
			t.Errorf("%s: %d %v", test.name, status, doc)
		}
	}
}
