package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// search returns the reference ids of the accounts that a search finds.
func (s *server) search(body string) (int, []string) {
	s.t.Helper()
	status, _, doc := s.do("POST", "/api/v1/accounts/search", body)
	found := []string{}
	data, _ := doc["data"].([]any)
	for _, item := range data {
		found = append(found, item.(map[string]any)["attributes"].(map[string]any)["reference-id"].(string))
	}
	return status, found
}

func is(attribute, operator, value string) string {
	return fmt.Sprintf(`{"attribute":%q,"operator":%q,"value":%s}`, attribute, operator, value)
}

func TestSearchesFindWhatTheirQuerySays(t *testing.T) {
	server := start(t, frozen())
	for _, city := range []string{"Austin", "Boston", "Chicago", "Denver"} {
		body := `{"data":{"attributes":{"reference-id":"` + strings.ToLower(city[:1]) + `","fields":{"phone_number":"` + city + `"}}}}`
		if status, _, doc := server.do("POST", "/api/v1/accounts", body); status != 201 {
			t.Fatalf("%d %v", status, doc)
		}
		server.Advance(time.Minute)
	}
	a, b, c := is("fields.phone_number", "eq", `"austin"`), is("fields.phone_number", "eq", `"Boston"`), is("fields.phone_number", "eq", `"Chicago"`)
	minute := func(n int) string {
		return `"` + server.Now().Add(time.Duration(n-4)*time.Minute).UTC().Format(time.RFC3339Nano) + `"`
	}
	for name, test := range map[string]struct{ query, want string }{
		"a text, in any casing":             {a, "a"},
		"one of two":                        {`{"or":[` + a + `,` + c + `]}`, "c a"},
		"none that must be two":             {`{"and":[` + a + `,` + c + `]}`, ""},
		"all but one":                       {`{"not":` + a + `}`, "d c b"},
		"what two levels say":               {`{"and":[{"not":` + a + `},{"or":[` + a + `,` + b + `]}]}`, "b"},
		"what is later":                     {is("created_at", "gt", minute(2)), "d"},
		"what is later or then":             {is("created_at", "gte", minute(2)), "d c"},
		"what is earlier":                   {is("created_at", "lt", minute(1)), "a"},
		"what is earlier or then":           {is("created_at", "lte", minute(1)), "b a"},
		"nothing by what no account has":    {is("fields.nickname", "eq", `"Al"`), ""},
		"an account by its type":            {`{"and":[` + is("type", "eq", `"`+sandbox.AccountTypeID+`"`) + `,` + b + `]}`, "b"},
		"an account by its status":          {is("status", "eq", `"`+sandbox.DefaultAccountStatusID+`"`), "d c b a"},
		"an account not by a status's name": {is("status", "eq", `"Default"`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if status, found := server.search(`{"query":` + test.query + `}`); status != 200 || strings.Join(found, " ") != test.want {
				t.Errorf("%d %v, want %s", status, found, test.want)
			}
		})
	}
	if _, found := server.search(`{}`); !slices.Equal(found, []string{"d", "c", "b", "a"}) {
		t.Errorf("without a query: %v", found)
	}
	for direction, want := range map[string][]string{"asc": {"a", "b", "c", "d"}, "desc": {"d", "c", "b", "a"}} {
		if _, found := server.search(`{"sort":{"attribute":"fields.phone_number","direction":"` + direction + `"}}`); !slices.Equal(found, want) {
			t.Errorf("%s: %v", direction, found)
		}
	}
}

func TestSearchesRefuseABadQueryThoughThereIsNothingToFind(t *testing.T) {
	server := start(t, frozen())
	good := is("status", "eq", `"x"`)
	for name, body := range map[string]string{
		"an attribute that is not searched by": `{"query":` + is("colour", "eq", `"red"`) + `}`,
		"a field without a name":               `{"query":` + is("fields.", "eq", `"red"`) + `}`,
		"an operator that there is not":        `{"query":` + is("status", "contains", `"x"`) + `}`,
		"a value that is a list":               `{"query":` + is("status", "eq", `["x"]`) + `}`,
		"a value that is null":                 `{"query":` + is("status", "eq", `null`) + `}`,
		"a predicate without a value":          `{"query":{"attribute":"status","operator":"eq"}}`,
		"two words in one clause":              `{"query":{"and":[` + good + `],"or":[` + good + `]}}`,
		"an and that is no list":               `{"query":{"and":` + good + `}}`,
		"an or without clauses":                `{"query":{"or":[]}}`,
		"a clause that is empty":               `{"query":{"and":[{}]}}`,
		"more than 20 clauses":                 `{"query":{"or":[` + strings.Repeat(good+",", 20) + good + `]}}`,
		"three levels":                         `{"query":{"and":[{"or":[{"not":` + good + `}]}]}}`,
		"a sort by what there is not":          `{"sort":{"attribute":"colour","direction":"asc"}}`,
		"a sort in no direction":               `{"sort":{"attribute":"status","direction":"up"}}`,
		"a page that is too large":             `{"page":{"size":101}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if status, _ := server.search(body); status != 400 {
				t.Errorf("%d", status)
			}
		})
	}
}
