package reportkind

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
)

// queryShape describes the query of a kind of report.
type queryShape struct {
	required []string // attributes that the query must have
	named    bool     // the query must have a name or a term
	repeats  []string // attributes that the report repeats among its own
	query    []string // attributes that the report repeats as its query, null if they were not given
}

// queryShapes returns the shapes of all types.
func queryShapes() map[string]queryShape {
	person := []string{"name-first", "name-middle", "name-last", "term", "birthdate", "country-code"}
	address := []string{"address-street-1", "address-city", "address-subdivision", "address-postal-code"}
	return map[string]queryShape{
		"report/address-lookup": {
			required: append(slices.Clone(address), "address-country-code"),
			repeats:  append(slices.Clone(address), "addressee", "address-street-2"),
		},
		"report/adverse-media":          {named: true, repeats: person},
		"report/business-adverse-media": {required: []string{"term"}, repeats: []string{"term"}},
		"report/business-lookup": {
			required: append(slices.Clone(address), "business-name"),
			query:    append(slices.Clone(address), "business-name", "phone-number", "website", "ein", "address-street-2", "address-country-code", "incorporation-state"),
		},
		"report/business-associated-persons":   {required: []string{"address-country-code"}, query: []string{"address-country-code"}},
		"report/business-registrations-lookup": {required: []string{"address-country-code"}, query: []string{"address-country-code"}},
		"report/integration/sentilink-scores": {required: append(slices.Clone(address), "name-first", "name-last", "birthdate"),
			query: append(slices.Clone(address), "name-first", "name-last", "birthdate", "address-country-code", "phone-number", "email-address")},
		"report/business-watchlist":         {required: []string{"term"}},
		"report/crypto-address-watchlist":   {required: []string{"crypto-address"}, query: []string{"crypto-address"}},
		"report/email-address":              {required: []string{"email-address"}, repeats: []string{"email-address"}},
		"report/phone-number":               {required: []string{"phone-number"}, repeats: []string{"phone-number"}},
		"report/politically-exposed-person": {named: true, query: person},
		"report/profile": {repeats: append(slices.Clone(address),
			"name-first", "name-last", "birthdate", "social-security-number", "address-street-2", "country-code", "phone-number")},
		"report/profile-non-authoritative": {
			query: append(slices.Clone(address), "name-first", "name-middle", "name-last", "phone-number", "email-address", "address-street-2", "address-country-code", "birthdate"),
		},
		"report/social-media": {repeats: []string{"name-first", "name-last", "birthdate", "phone-number", "email-address", "address-city", "address-subdivision"}},
		"report/synthetic":    {required: append(slices.Clone(address), "name-first", "name-last", "birthdate", "address-country-code")},
		"report/watchlist":    {named: true, repeats: person},
	}
}

// onlyFirstName reports whether a query has nothing but a first name, or nothing at all.
func onlyFirstName(query map[string]any) bool {
	for name, value := range query {
		if name != "name-first" && engine.TextOf(value) != "" {
			return false
		}
	}
	return true
}

// CheckQuery refuses a query that lacks something that its kind of report needs.
func CheckQuery(typ string, query map[string]any) error {
	shape := queryShapes()[typ]
	if query == nil && typ != "report/profile" {
		return engine.BadRequest("data.attributes.query is missing")
	}
	for _, name := range shape.required {
		if engine.TextOf(query[name]) == "" {
			return engine.BadRequest("data.attributes.query." + name + " is missing")
		}
	}
	if shape.named && subject(query) == "" {
		return engine.BadRequest("data.attributes.query must hold a name or a term")
	}
	if (typ == "report/social-media" || typ == "report/profile-non-authoritative") && onlyFirstName(query) {
		return engine.BadRequest("data.attributes.query must hold more than a first name")
	}
	if typ == "report/synthetic" && engine.TextOf(query["social-security-number"]) == "" && engine.TextOf(query["identification-number"]) == "" {
		return engine.BadRequest("data.attributes.query must hold a social_security_number or an identification_number")
	}
	for _, name := range slices.Concat(shape.repeats, shape.query) {
		if _, isText := query[name].(string); query[name] != nil && !isText {
			return engine.BadRequest("data.attributes.query." + name + " must be a string")
		}
	}
	return nil
}

// Repeated returns the attributes in which a report repeats its query. For a nil query
// they are those of a redacted report.
func Repeated(typ string, query map[string]any) map[string]any {
	shape := queryShapes()[typ]
	repeated := map[string]any{}
	for _, name := range shape.repeats {
		if value := query[name]; value != nil {
			repeated[name] = value
		}
	}
	if shape.query != nil {
		asked := map[string]any{}
		for _, name := range shape.query {
			asked[name] = query[name]
		}
		repeated["query"] = asked
	}
	asked, _ := repeated["query"].(map[string]any)
	switch typ {
	case "report/watchlist":
		repeated["country-code"] = query["address-country-code"]
	case "report/politically-exposed-person": // not null (OpenAPI 2025-12-08)
		asked["term"], asked["birthdate"] = engine.TextOf(query["term"]), engine.TextOf(query["birthdate"])
	case "report/crypto-address-watchlist":
		asked["crypto-address"] = engine.TextOf(query["crypto-address"])
	case "report/business-lookup":
		for _, name := range shape.required {
			asked[name] = engine.TextOf(query[name])
		}
		people, _ := query["associated-people"].([]any)
		asked["associated-people"] = associatedPeople(people)
	case "report/business-associated-persons":
		asked["address-country-code"] = engine.TextOf(query["address-country-code"])
		repeated["ownership-information"] = map[string]any{"owners": []any{}}
	case "report/business-registrations-lookup":
		asked["address-country-code"] = engine.TextOf(query["address-country-code"])
		repeated["result"] = map[string]any{
			"business-name": "", "legal-entity-type": "", "formation-country": "", "formation-subdivision": "", "formation-date": "1970-01-01", "registry-records": []any{},
		}
	case "report/integration/sentilink-scores": // texts are not null (OpenAPI 2025-12-08)
		for _, name := range shape.required {
			asked[name] = engine.TextOf(query[name])
		}
		asked["birthdate"] = cmp.Or(engine.TextOf(query["birthdate"]), "1970-01-01")
		asked["social-security-number"] = cmp.Or(engine.TextOf(query["social-security-number"]), "000-00-0000")
		asked["user-id"] = engine.TextOf(query["user-id"])
		repeated["result"] = map[string]any{
			"application-id": "", "customer-id": "", "environment": "", "notes": nil, "scores": []any{}, "status": "", "transaction-id": "",
		}
	case "report/business-adverse-media":
		repeated["query"] = map[string]any{
			"business-name": engine.TextOf(query["term"]), "address-street": "", "address-city": "", "address-state": "", "address-country": "", "incorporation-date": "1970-01-01",
		}
		repeated["result"] = map[string]any{"adverse-media": []any{}}
	}
	return repeated
}

// associatedPeople returns the people of a business with all attributes of a person.
func associatedPeople(given []any) []any {
	people := []any{}
	for _, item := range given {
		person, _ := item.(map[string]any)
		titles, _ := person["titles"].([]any)
		people = append(people, map[string]any{
			"name-full": person["name-full"], "name-first": person["name-first"], "name-last": person["name-last"], "titles": slices.Concat([]any{}, titles),
		})
	}
	return people
}

// subject returns the name or the term that a query asks about.
func subject(query map[string]any) string {
	if term := engine.TextOf(query["term"]); term != "" {
		return term
	}
	var names []string
	for _, name := range []string{"name-first", "name-middle", "name-last"} {
		if text := engine.TextOf(query[name]); text != "" {
			names = append(names, text)
		}
	}
	return strings.Join(names, " ")
}

// Matches reports whether a query has one of Persona's test inputs that match (Persona help:
// Test your Report).
func Matches(typ string, query map[string]any) bool {
	switch typ {
	case "report/watchlist", "report/adverse-media":
		return strings.EqualFold(subject(query), "Kim Jong Un")
	case "report/politically-exposed-person":
		return strings.EqualFold(subject(query), "Boris Johnson")
	case "report/business-watchlist", "report/business-adverse-media":
		return strings.EqualFold(subject(query), "Globovision")
	case "report/crypto-address-watchlist":
		return engine.TextOf(query["crypto-address"]) == "1Fz29BQp82pE3vXXcsZoMNQ3KSHfMzfMe3"
	default:
		return false
	}
}

// Fails reports whether a query has the text that makes reports fail.
func Fails(query map[string]any) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(query)), func(v any) bool { return v == ErrorText })
}
