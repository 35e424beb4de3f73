package reportkind

import "strings"

const (
	ErrorText       = "Sandbox Error"    // a text in a query that makes the report fail
	MatchedEntityID = "sandbox-entity-1" // the id of the entity in every match
)

// EventName returns the name of an event about a type of report. One type has another name in
// events (OpenAPI 2025-12-08).
func EventName(typ, what string) string {
	return strings.Replace(typ, "report/integration/", "report/", 1) + "." + what
}

// TemplateType returns the type of the template of a type of report. One type has no template
// type of its own (OpenAPI 2025-12-08).
func TemplateType(typ string) string {
	if typ == "report/profile-non-authoritative" {
		return "report-template/profile"
	}
	return "report-template/" + strings.TrimPrefix(typ, "report/")
}

// Creatable reports whether an operation creates reports of a type (OpenAPI 2025-12-08).
func Creatable(typ string) bool {
	switch typ {
	case "report/business-associated-persons", "report/business-registrations-lookup", "report/integration/sentilink-scores":
		return false
	}
	return true
}

// Monitored reports whether reports of a type run again regularly (Persona help: Continuous
// monitoring).
func Monitored(typ string) bool {
	switch typ {
	case "report/watchlist", "report/adverse-media", "report/business-adverse-media", "report/politically-exposed-person", "report/crypto-address-watchlist":
		return true
	}
	return false
}

// Dismissible reports whether a match of a type of report can be dismissed.
func Dismissible(typ string) bool {
	switch typ {
	case "report/watchlist", "report/adverse-media", "report/business-adverse-media", "report/business-watchlist", "report/politically-exposed-person":
		return true
	}
	return false
}
