package resources

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
)

// matchedEntityID is the id of the entity in every match.
const matchedEntityID = "sandbox-entity-1"

// reportShape describes the query of a kind of report.
type reportShape struct {
	required []string // attributes that the query must have
	named    bool     // the query must have a name or a term
	repeats  []string // attributes that the report repeats among its own
	query    []string // attributes that the report repeats as its query, null if they were not given
}

func reportShapes() map[string]reportShape {
	person := []string{"name-first", "name-middle", "name-last", "term", "birthdate", "country-code"}
	address := []string{"address-street-1", "address-city", "address-subdivision", "address-postal-code"}
	return map[string]reportShape{
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

// CheckQuery refuses a query that lacks something that its kind of report needs.
func CheckQuery(typ string, query map[string]any) error {
	shape := reportShapes()[typ]
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
	for _, name := range slices.Concat(shape.repeats, shape.query) {
		if _, isText := query[name].(string); query[name] != nil && !isText {
			return engine.BadRequest("data.attributes.query." + name + " must be a string")
		}
	}
	return nil
}

// repeatedQuery returns the attributes in which a report repeats its query. For a nil query
// they are those of a redacted report.
func repeatedQuery(typ string, query map[string]any) map[string]any {
	shape := reportShapes()[typ]
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

// matches reports whether a query has one of Persona's test inputs that match (Persona help:
// Test your Report).
func matches(typ string, query map[string]any) bool {
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

// asksForError reports whether a query has the text that makes reports fail.
func asksForError(query map[string]any) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(query)), func(v any) bool { return v == ReportErrorText })
}

// results returns the attributes that a run sets.
func results(typ string, query map[string]any, found bool) map[string]any {
	one := func(match map[string]any) []any {
		if !found {
			return []any{}
		}
		return []any{match}
	}
	name := subject(query)
	list := map[string]any{"name": "Sandbox sanctions list", "url": "https://example.com/sanctions"}
	switch typ {
	case "report/adverse-media", "report/business-adverse-media":
		source := map[string]any{"name": name, "akas": []any{}, "birthdates": []any{}, "media": []any{map[string]any{
			"date": "2020-01-01", "snippet": "An article of the sandbox", "url": "https://example.com/article", "title": name,
		}}, "sources": []any{}}
		if typ == "report/adverse-media" {
			source["entity-id"], source["match-types"] = matchedEntityID, []any{"name_exact"}
			return map[string]any{"related-sources": one(source)}
		}
		source["id"], source["match_types"] = matchedEntityID, []any{"name_exact"}
		return map[string]any{"related-sources": one(source), "result": map[string]any{"adverse-media": one(map[string]any{
			"title": name, "url": "https://example.com/article", "date": "2020-01-01",
		})}}
	case "report/watchlist":
		return map[string]any{"matched-lists": one(watchlistMatch(query))}
	case "report/business-watchlist":
		lists := []any{}
		if found {
			lists = append(lists, list["name"])
		}
		return map[string]any{"matched-lists": lists, "sanction-list": one(list)}
	case "report/crypto-address-watchlist":
		return map[string]any{"result": one(map[string]any{
			"name": list["name"], "url": list["url"], "list-type": "sanction", "slug": "sandbox-sanctions", "flag-code": "US",
			"entities": []any{map[string]any{"name": "Sandbox entity", "alias-type": "primary", "birthdates": []any{}, "crypto-addresses": []any{}}},
		})}
	case "report/politically-exposed-person":
		match := exposedMatch(query)
		match["topics"] = []any{}
		return map[string]any{"result": one(match)}
	default:
		return lookups(typ, query)
	}
}

func watchlistMatch(query map[string]any) map[string]any {
	return map[string]any{
		"name": "Sandbox sanctions list", "url": "https://example.com/sanctions", "list-type": "sanction", "list-types": []any{"sanction"},
		"slug": "sandbox-sanctions", "flag-code": "US",
		"entities": []any{map[string]any{"name": subject(query), "alias-type": "primary", "birthdates": []any{}}},
	}
}

func exposedMatch(query map[string]any) map[string]any {
	return map[string]any{
		"entity-id": matchedEntityID, "name": subject(query), "birthdates": []any{}, "death-dates": []any{}, "locations": []any{}, "country": "GB",
		"sex": "male", "positions": []any{}, "associates": []any{}, "affiliations": []any{}, "related-urls": []any{}, "images": []any{},
		"sources": map[string]any{}, "match-types": []any{"name_exact"}, "pep-type": "national",
	}
}

// lookups returns the results of reports that look something up. They find what the query
// asks about.
func lookups(typ string, query map[string]any) map[string]any {
	text := func(name string) string { return engine.TextOf(query[name]) }
	switch typ {
	case "report/address-lookup":
		resolved := map[string]any{"analysis-dpv-match-code": "Y", "analysis-active": "Y", "analysis-dpv-vacant": "N"}
		for _, name := range []string{"address-street-1", "address-city", "address-subdivision", "address-postal-code"} {
			resolved["resolved-"+name] = strings.ToUpper(text(name))
		}
		return resolved
	case "report/business-lookup":
		return map[string]any{
			"match-status-strength": "strong", "match-status-business-name": "match", "match-status-address": "match",
			"result": map[string]any{
				"name": text("business-name"), "aliases": []any{}, "websites": []any{}, "phone-numbers": []any{}, "agents": []any{}, "officers": []any{},
				"description": nil, "legal-status": nil, "legal-entity-type": "corporation", "date-of-incorporation": nil, "industry-classifications": []any{},
				"identifiers": []any{}, "headcount": nil, "sources": []any{},
				"addresses": []any{map[string]any{
					"street-1": text("address-street-1"), "street-2": query["address-street-2"], "city": text("address-city"),
					"subdivision": text("address-subdivision"), "postal-code": text("address-postal-code"),
				}},
			},
		}
	case "report/business-associated-persons":
		value := func(text string) []any { return []any{map[string]any{"value": text}} }
		return map[string]any{"associated-persons": []any{map[string]any{"names": value("Alexander J Sample"), "positions": value("Director")}}}
	case "report/business-registrations-lookup":
		return map[string]any{"result": map[string]any{
			"business-name": "Acme Corporation", "legal-entity-type": "corporation", "formation-country": text("address-country-code"),
			"formation-subdivision": "CA", "formation-date": "2020-01-02", "registry-records": []any{},
		}}
	case "report/integration/sentilink-scores":
		score := map[string]any{"name": "sentilink_abuse_score", "score": 100, "version": "1.0.0", "reason-codes": []any{}}
		return map[string]any{"result": map[string]any{
			"application-id": "sandbox", "customer-id": "sandbox", "environment": "SANDBOX", "notes": nil, "scores": []any{score},
			"status": "complete", "transaction-id": "sandbox",
		}}
	case "report/email-address":
		_, domain, _ := strings.Cut(text("email-address"), "@")
		reputation := "high"
		if strings.EqualFold(text("email-address"), "alexanderjsample@example.com") { // Persona help: Test your Report
			reputation = "low"
		}
		return map[string]any{"email-domain": domain, "email-reputation": reputation, "email-is-suspicious": reputation == "low"}
	case "report/phone-number":
		level, score := "low", 0
		if text("phone-number") == "+14155555555" { // Persona help: Test your Report
			level, score = "high", 900
		}
		return map[string]any{"phone-risk-level": level, "phone-risk-score": score, "phone-type": "mobile", "phone-country-code": "US"}
	case "report/profile":
		record := map[string]any{
			"names": []any{map[string]any{
				"name-full": subject(query), "name-first": text("name-first"), "name-middle": "", "name-last": text("name-last"),
			}},
			"birthdates": []any{}, "addresses": []any{}, "social-security-numbers": []any{}, "phone-numbers": []any{}, "email-addresses": []any{},
			"deceased": false, "deceased-date": "", "drivers-licenses": []any{},
		}
		return map[string]any{"identity-records": []any{record}}
	case "report/profile-non-authoritative":
		return map[string]any{"result": map[string]any{
			"name": subject(query), "birthdate": query["birthdate"], "emails": []any{}, "phone-numbers": []any{}, "location": nil,
			"education": []any{}, "experience": []any{}, "social-media-profiles": []any{},
		}}
	case "report/synthetic":
		return map[string]any{"sentilink-abuse-score": 100, "sentilink-first-party-synthetic-score": 100, "sentilink-third-party-synthetic-score": 100}
	default:
		return nil
	}
}
