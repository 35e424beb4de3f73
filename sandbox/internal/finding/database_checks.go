package finding

// The checks of databases and of motor vehicle records, as captured verifications of Persona
// have them (2024 and 2026).

// databaseChecks returns the checks of a database verification.
func databaseChecks() []checkKind {
	return []checkKind{
		{name: "database_inquiry_comparison", requirement: notRequired},
		{name: "database_address_deliverable_detection", requirement: notRequired, skipped: disabled},
		{name: "database_address_residential_detection", requirement: notRequired, skipped: disabled},
		{name: "database_po_box_detection", requirement: notRequired},
		{name: "database_deceased_detection", requirement: required},
		{name: "database_attribute_comparison", requirement: notRequired},
		{name: "database_identity_comparison", requirement: required, fails: true},
	}
}

// identityRequirements returns what the comparison with a database found about each property
// of a person. If the comparison failed, the database knows nothing of the person.
func identityRequirements(status string) []any {
	match, result := "full", "passed"
	if status != "passed" {
		match, result = "none", "failed"
	}
	var all []any
	for _, property := range []struct {
		name, minimum string
		comparisons   []string
	}{
		{"name_first", "partial", []string{"string_similarity", "string_difference", "substring", "tokenization"}},
		{"name_last", "partial", []string{"string_similarity", "string_difference", "substring", "tokenization"}},
		{"birthdate", "partial", []string{"date_similarity"}},
		{"address_street_house_number", "partial", []string{"string_difference"}},
		{"address_street_name", "partial", []string{"string_similarity"}},
		{"address_street_type", "none", []string{"string_similarity"}},
		{"address_city", "partial", []string{"string_similarity"}},
		{"address_subdivision", "full", []string{"string_difference"}},
		{"address_postal_code", "partial", []string{"string_difference"}},
		{"address_country_code", "full", []string{"string_difference"}},
	} {
		comparisons := []any{}
		for _, kind := range property.comparisons {
			comparisons = append(comparisons, map[string]any{"type": kind, "match-level-minimum": property.minimum, "match-result": match})
		}
		all = append(all, map[string]any{"name": property.name, "match-result": match, "status": result, "comparisons": comparisons})
	}
	return all
}

// phoneCarrierChecks returns the checks of the records of a phone carrier. Those of the United
// States know no birthdates.
func phoneCarrierChecks() []checkKind {
	kinds := allRequired("database_phone_carrier_name_first_comparison", "database_phone_carrier_name_last_comparison",
		"database_phone_carrier_birthdate_comparison", "database_phone_carrier_address_comparison")
	kinds[2].skipped = "unavailable_for_country"
	return kinds
}

// aamvaChecks returns the checks of motor vehicle records.
func aamvaChecks() []checkKind {
	kinds := allRequired("aamva_identification_number_comparison", "aamva_address_comparison", "aamva_birthdate_comparison", "aamva_expiration_date_comparison",
		"aamva_identity_comparison", "aamva_issue_date_comparison", "aamva_name_comparison")
	kinds[1].requirement = notRequired
	return kinds
}

// allRequired returns checks that are all required. The first one fails if the verification
// does.
func allRequired(names ...string) []checkKind {
	var kinds []checkKind
	for i, name := range names {
		kinds = append(kinds, checkKind{name: name, requirement: required, fails: i == 0})
	}
	return kinds
}

// rare returns checks that only some templates of Persona make.
func rare(names ...string) []checkKind {
	kinds := others(names...)
	for i := range kinds {
		kinds[i].rare = true
	}
	return kinds
}
