package reportkind

import (
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
)

// Results returns the attributes that a run sets.
func Results(typ string, query map[string]any, found bool) map[string]any {
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
			source["entity-id"], source["match-types"] = MatchedEntityID, []any{"name_exact"}
			return map[string]any{"related-sources": one(source)}
		}
		source["id"], source["match_types"] = MatchedEntityID, []any{"name_exact"}
		return map[string]any{"related-sources": one(source), "result": map[string]any{"adverse-media": one(map[string]any{
			"title": name, "url": "https://example.com/article", "date": "2020-01-01",
		})}}
	case "report/watchlist":
		match := watchlistMatch(query)
		return map[string]any{
			"matched-lists": one(match),
			"sanction-list": one(map[string]any{"slug": match["slug"], "entities": match["entities"]}), "searched-lists": []any{match["slug"]}, // before 2021-05-14
		}
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

// watchlistMatch returns the match of a watchlist report.
func watchlistMatch(query map[string]any) map[string]any {
	return map[string]any{
		"name": "Sandbox sanctions list", "url": "https://example.com/sanctions", "list-type": "sanction", "list-types": []any{"sanction"},
		"slug": "sandbox-sanctions", "flag-code": "US",
		"entities": []any{map[string]any{"name": subject(query), "alias-type": "primary", "birthdates": []any{}}},
	}
}

// exposedMatch returns the match of a report about politically exposed persons.
func exposedMatch(query map[string]any) map[string]any {
	return map[string]any{
		"entity-id": MatchedEntityID, "name": subject(query), "birthdates": []any{}, "death-dates": []any{}, "locations": []any{}, "country": "GB",
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
		return businessLookup(query)
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
		return map[string]any{"identity-records": []any{identityRecord(query)}}
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

func businessLookup(query map[string]any) map[string]any {
	text := func(name string) string { return engine.TextOf(query[name]) }
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
}

func identityRecord(query map[string]any) map[string]any {
	return map[string]any{
		"names": []any{map[string]any{
			"name-full": subject(query), "name-first": engine.TextOf(query["name-first"]), "name-middle": "", "name-last": engine.TextOf(query["name-last"]),
		}},
		"birthdates": []any{}, "addresses": []any{}, "social-security-numbers": []any{}, "phone-numbers": []any{}, "email-addresses": []any{},
		"deceased": false, "deceased-date": "", "drivers-licenses": []any{},
	}
}

// Ignored returns the match of a type of report as an ignore list shows it, or nil if the
// type has no such list.
func Ignored(typ string, query map[string]any) map[string]any {
	switch typ {
	case "report/watchlist":
		match := watchlistMatch(query)
		match["entities"].([]any)[0].(map[string]any)["group-id"] = MatchedEntityID // only in this list
		return match
	case "report/politically-exposed-person":
		match := exposedMatch(query)
		match["sources"] = map[string]any{"url": "https://example.com/people", "name": "Sandbox list of people", "flag-code": "GB"} // an object in this list
		return match
	}
	return nil
}
