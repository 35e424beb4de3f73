package sandbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// id sends a request, checks the status of the answer, and returns the id of the resource in
// it.
func (s *server) id(method, path, body string, status int) string {
	s.t.Helper()
	got, _, doc := s.do(method, "/api/v1"+path, body)
	if got != status {
		s.t.Fatalf("%s %s: %d %v, not %d", method, path, got, doc, status)
	}
	data, _ := doc["data"].(map[string]any)
	id, _ := data["id"].(string)
	return id
}

// listKinds returns, by the path of each kind of item, the path that creates a list for it and
// an item without its list.
func listKinds() map[string][2]string {
	return map[string][2]string{
		"browser-fingerprints":  {"browser-fingerprints", `"value":"b-1"`},
		"countries":             {"countries", `"country-code":"NL"`},
		"device-fingerprints":   {"browser-fingerprints", `"value":"d-1"`},
		"email-addresses":       {"email-addresses", `"value":"example.com","match-type":"domain"`},
		"fields":                {"strings", `"field-value":"f-1"`},
		"geolocations":          {"geolocations", `"latitude":52.5,"longitude":-4.25,"radius-meters":99.6`},
		"government-id-numbers": {"government-id-numbers", `"id-number":"X1","id-class":"pp"`},
		"ip-addresses":          {"ip-addresses", `"value":"192.0.2.1"`},
		"names":                 {"names", `"name-first":"Ada","name-last":"Sample"`},
		"phone-numbers":         {"phone-numbers", `"value":"+12025550123"`},
		"strings":               {"strings", `"value":"s-1"`},
	}
}

func TestEveryKindOfListTakesItsItems(t *testing.T) {
	t.Parallel()
	for kind, test := range listKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			server := start(t, sandbox.Options{})
			listID := server.id("POST", "/list/"+test[0], `{"data":{"attributes":{"name":"Blocked"}}}`, 201)
			item := `{"data":{"attributes":{"list-id":"` + listID + `",` + test[1] + `}}}`
			itemID := server.id("POST", "/list-item/"+kind, item, 201)
			server.id("POST", "/list-item/"+kind, item, 409)
			server.id("GET", "/list-item/"+kind+"/"+itemID, "", 200)
			if _, _, list := server.do("GET", "/api/v1/lists/"+listID, ""); !strings.Contains(fmt.Sprint(list), itemID) {
				t.Errorf("the list lacks its item: %v", list)
			}
			server.id("DELETE", "/list-item/"+kind+"/"+itemID, "", 200)
			server.id("DELETE", "/list-item/"+kind+"/"+itemID, "", 409)
			server.id("GET", "/list-item/"+kind+"/"+itemID, "", 200)
			if again := server.id("POST", "/list-item/"+kind, item, 201); again == itemID {
				t.Error("an archived item came back")
			}
			server.id("DELETE", "/lists/"+listID, "", 200)
			server.id("DELETE", "/lists/"+listID, "", 409)
			server.id("GET", "/lists/"+listID, "", 200)
			server.id("POST", "/list-item/"+kind, item, 409)
		})
	}
}

func TestListsAreListedByTheirStatus(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	names, err := client.Lists.CreateNameList(ctx, persona.ListCreateNameListParams{Name: persona.Set("Names"), AllowFuzzyNameFirst: persona.Set(true)})
	ok(t, err)
	texts, err := client.Lists.CreateStringList(ctx, persona.ListCreateStringListParams{Name: persona.Set("Strings")})
	ok(t, err)
	if !names.Attributes.AllowFuzzyNameFirst {
		t.Error("first names are not matched fuzzily")
	}
	if _, err := client.Lists.CreateNameList(ctx, persona.ListCreateNameListParams{Name: persona.Set("names")}); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a name that is taken: %v", err)
	}
	_, err = client.Lists.Archive(ctx, names.ID)
	ok(t, err)
	for status, want := range map[string][]string{"active": {texts.ID}, "archived": {names.ID}, "": {texts.ID, names.ID}} {
		var ids []string
		for list, err := range client.Lists.List(ctx, persona.ListListParams{Status: status, Size: 1}) {
			ok(t, err)
			ids = append(ids, list.ID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("lists that are %q are %v, not %v", status, ids, want)
		}
	}
	_, err = client.Lists.CreateNameList(ctx, persona.ListCreateNameListParams{Name: persona.Set("Names")})
	ok(t, err) // an archived list's name can be used again
	if got := events(t, client); len(got) != 0 {
		t.Errorf("lists have no events, but there are %v", got)
	}
}

func TestAListItemThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	lists := map[string]string{}
	for kind, test := range listKinds() {
		lists[kind] = server.id("POST", "/list/"+test[0], `{"data":{"attributes":{"name":"`+kind+`"}}}`, 201)
	}
	item := server.id("POST", "/list-item/strings", `{"data":{"attributes":{"list-id":"`+lists["strings"]+`","value":"x"}}}`, 201)
	for _, test := range []struct {
		name, kind, attributes string
		status                 int
		details                string
	}{
		{"no list", "strings", `"value":"x"`, 400, "data.attributes.list_id is missing"},
		{"an unknown list", "strings", `"list-id":"lst_1","value":"x"`, 404, "data.attributes.list_id is not found"},
		{"an id of another kind", "strings", `"list-id":"act_1","value":"x"`, 400, "data.attributes.list_id must start with lst (sent 'act_1')"},
		{"a list of another kind", "strings", `"list-id":"` + lists["names"] + `","value":"x"`, 422, "the list takes items of another kind"},
		{"no value", "strings", `"list-id":"LIST"`, 400, "data.attributes.value is missing"},
		{"an empty value", "phone-numbers", `"list-id":"LIST","value":" "`, 400, "data.attributes.value is missing"},
		{"half a name", "names", `"list-id":"LIST","name-first":"Ada"`, 400, "data.attributes.name_last is missing"},
		{"a number for a text", "strings", `"list-id":"LIST","value":5`, 400, "data.attributes.value must be a string"},
		{"a text for a number", "geolocations", `"list-id":"LIST","latitude":"5"`, 400, "data.attributes.latitude must be a number"},
		{"a place off the map", "geolocations", `"list-id":"LIST","latitude":95,"longitude":1,"radius-meters":1`, 422, "latitude must be between -90 and 90"},
		{"a circle without a radius", "geolocations", `"list-id":"LIST","latitude":9,"longitude":1,"radius-meters":0`, 422, "radius-meters must be between 1 and 20000000"},
		{"an address that is none", "ip-addresses", `"list-id":"LIST","value":"example"`, 422, "value must be an IP address"},
		{"a country by its name", "countries", `"list-id":"LIST","country-code":"Norway"`, 422, "country-code must be a country code of two capital letters"},
		{"an unknown match type", "email-addresses", `"list-id":"LIST","value":"a@example.com","match-type":"like"`, 422, "match-type must be email_address or domain"},
		{"the same in other letters", "strings", `"list-id":"LIST","value":"X"`, 409, "an active item of the list is the same"},
	} {
		body := `{"data":{"attributes":{` + strings.ReplaceAll(test.attributes, "LIST", lists[test.kind]) + `}}}`
		status, _, doc := server.do("POST", "/api/v1/list-item/"+test.kind, body)
		if status != test.status || details(doc) != test.details {
			t.Errorf("%s: %d %q, not %d %q", test.name, status, details(doc), test.status, test.details)
		}
	}
	server.id("POST", "/list/strings", `{"data":{"attributes":{}}}`, 400)
	server.id("GET", "/list-item/names/"+item, "", 404)
	server.id("DELETE", "/list-item/names/"+item, "", 404)
	server.id("GET", "/lists/lst_1", "", 404)
	server.id("DELETE", "/lists/"+item, "", 404)
}

func TestListsTransactionsAndImportersConformInEveryVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2020-05-18", "2021-05-14", "2021-07-05", "2022-09-01", "2023-01-05", "2025-10-27", "2025-12-08"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			client, ctx := start(t, sandbox.Options{}).client(persona.WithVersion(version)), t.Context()
			list, err := client.Lists.CreateNameList(ctx, persona.ListCreateNameListParams{Name: persona.Set("Names")})
			ok(t, err)
			_, err = client.ListItems.CreateName(ctx, persona.ListItemCreateNameParams{ListID: persona.Set(list.ID), NameFirst: persona.Set("Ada"), NameLast: persona.Set("Sample")})
			ok(t, err)
			importer, err := client.Importers.ImportNameListItems(ctx, persona.ImporterImportNameListItemsParams{ListID: list.ID, File: csv("name_first,name_last", "Bo,Sample")})
			ok(t, err)
			_, err = client.Importers.Get(ctx, importer.ID)
			ok(t, err)
			_, err = client.Lists.ListPage(ctx, persona.ListListParams{})
			ok(t, err)
			made, err := client.Transactions.Create(ctx, payment("order-1"))
			ok(t, err)
			got, err := client.Transactions.Get(ctx, made.ID)
			ok(t, err)
			if len(got.Attributes.Fields) != 2 {
				t.Errorf("the transaction is %s", got.Raw)
			}
			_, err = client.ThemeSets.ListPage(ctx, persona.ThemeSetListParams{})
			ok(t, err)
		})
	}
}
