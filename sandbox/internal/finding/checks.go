package finding

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

const (
	required      = "required"
	notRequired   = "not_required"
	notApplicable = "not_applicable"
)

// Checks returns the checks of a verification with a result: those that a test chose, and all
// others passed. If the verification failed and no chosen check is the reason, the one fails
// that usually does. A check that compares with the inquiry does not apply if there is none.
func Checks(typ, result string, hasInquiry bool, chosen []Check) []any {
	explained := slices.ContainsFunc(chosen, func(k Check) bool { return k.Status == "failed" && k.Requirement == required })
	byName := map[string]Check{}
	for _, k := range chosen {
		byName[k.Name] = k
	}
	kinds := checksOf(typ)
	made := make([]any, 0, len(kinds)+len(chosen))
	for _, kind := range kinds {
		k, isChosen := byName[kind.name]
		switch {
		case isChosen:
			delete(byName, kind.name)
		case kind.rare:
			continue
		case kind.skipped != "":
			k = Check{Status: notApplicable, Reasons: []string{kind.skipped}}
		case !hasInquiry && strings.HasSuffix(kind.name, "_inquiry_comparison"):
			k = Check{Status: notApplicable, Reasons: []string{"no_inquiry"}}
		case kind.fails && result == "failed" && !explained:
			k = Check{Status: "failed"}
		default:
			k = Check{Status: "passed"}
		}
		k.Name, k.Requirement = kind.name, cmp.Or(k.Requirement, kind.requirement)
		made = append(made, k.shown(typ))
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) { // that the sandbox does not know
		made = append(made, byName[name].shown(typ))
	}
	return made
}

// shown returns a check as an attribute shows it.
func (k Check) shown(typ string) map[string]any {
	metadata := metadataOf(k.Name, k.Status)
	if metadata == nil {
		metadata = map[string]any{}
	}
	maps.Copy(metadata, k.Metadata)
	reasons := []any{}
	for _, reason := range k.Reasons {
		reasons = append(reasons, reason)
	}
	if k.Status == "failed" && len(reasons) == 0 {
		reasons = append(reasons, "simulated_failure")
	}
	check := map[string]any{"name": k.Name, "status": k.Status, "reasons": reasons, "requirement": k.Requirement, "metadata": metadata}
	if typ == "verification/government-id-nfc" { // its checks have no requirement (OpenAPI 2025-12-08)
		delete(check, "requirement")
	}
	return check
}

// checkKind is a check that a type of verification makes.
type checkKind struct {
	name, requirement string
	fails             bool   // it is the one that fails if the verification does
	rare              bool   // it is there only if a test chooses it
	skipped           string // why it is not applicable
}

// disabled is why a check is not applicable that the configuration of a template turns off.
const disabled = "disabled_by_check_config"

// checksOf returns the checks of a type of verification. Those of government IDs, selfies,
// databases and motor vehicle records were observed at Persona.
func checksOf(typ string) []checkKind {
	switch typ {
	case "verification/government-id":
		return governmentIDChecks()
	case "verification/selfie":
		return selfieChecks()
	case "verification/document":
		return append(twoChecks("document_fraud_detection", "document_supported_detection"), others("document_expired_detection", "document_type_detection")...)
	case "verification/aamva":
		return aamvaChecks()
	case "verification/database-business":
		return twoChecks("database_business_identity_comparison", "database_business_entry_detection")
	case "verification/business-website":
		return append(twoChecks("business_website_comparison", "business_website_entry_detection"), others("business_website_malicious_website_detection")...)
	case "verification/database":
		return databaseChecks()
	case "verification/database-standard":
		return allRequired("database_standard_identity_comparison")
	case "verification/database-tin":
		return allRequired("database_tin_name_comparison", "database_tin_deceased_detection", "database_tin_invalid_format_detection",
			"database_tin_disallowed_type_detection", "database_tin_service_available_detection")
	case "verification/database-phone-carrier":
		return phoneCarrierChecks()
	}
	kind := strings.ReplaceAll(strings.TrimPrefix(typ, "verification/"), "-", "_")
	return twoChecks(kind+"_comparison", kind+"_entry_detection")
}

func twoChecks(first, second string) []checkKind {
	return []checkKind{{name: first, requirement: required, fails: true}, {name: second, requirement: notRequired}}
}

// others returns checks that are not required.
func others(names ...string) []checkKind {
	var kinds []checkKind
	for _, name := range names {
		kinds = append(kinds, checkKind{name: name, requirement: notRequired})
	}
	return kinds
}

// governmentIDChecks returns the checks of a government ID, sorted by name as at Persona.
func governmentIDChecks() []checkKind {
	var kinds []checkKind
	for _, name := range []string{
		"id_aamva_database_lookup", "id_account_comparison", "id_age_comparison", "id_age_inconsistency_detection", "id_attribute_comparison",
		"id_barcode_detection", "id_barcode_inconsistency_detection", "id_blur_detection", "id_color_inconsistency_detection",
		"id_compromised_detection", "id_disallowed_country_detection", "id_disallowed_type_detection", "id_double_side_detection",
		"id_electronic_replica_detection", "id_entity_detection", "id_experimental_model_detection", "id_expired_detection",
		"id_extracted_properties_detection", "id_extraction_inconsistency_detection", "id_fabrication_detection", "id_glare_detection",
		"id_handwriting_detection", "id_inconsistent_repeat_detection", "id_inquiry_comparison", "id_mrz_detection",
		"id_mrz_inconsistency_detection", "id_number_format_inconsistency_detection", "id_paper_detection", "id_po_box_detection",
		"id_portrait_clarity_detection", "id_portrait_detection", "id_public_figure_detection", "id_real_id_detection", "id_repeat_detection",
		"id_selfie_comparison", "id_tamper_detection", "id_unprocessable_submission_detection", "id_valid_dates_detection",
		"id_video_quality_detection",
	} {
		kind := checkKind{name: name, requirement: notRequired, fails: name == "id_entity_detection"}
		switch name {
		case "id_aamva_database_lookup", "id_age_inconsistency_detection", "id_real_id_detection":
			kind.skipped = disabled
		case "id_compromised_detection", "id_disallowed_country_detection", "id_disallowed_type_detection", "id_entity_detection", "id_expired_detection",
			"id_mrz_detection", "id_portrait_clarity_detection", "id_portrait_detection", "id_selfie_comparison":
			kind.requirement = required
		}
		kinds = append(kinds, kind)
	}
	return append(kinds, rare("id_damaged_detection", "id_physical_tamper_detection")...)
}

// selfieChecks returns the checks of a selfie, in Persona's order.
func selfieChecks() []checkKind {
	kinds := []checkKind{}
	for _, name := range []string{
		"selfie_id_comparison", "selfie_pose_detection", "selfie_multiple_faces_detection", "selfie_pose_repeat_detection", "selfie_liveness_detection",
	} {
		kinds = append(kinds, checkKind{name: name, requirement: required, fails: name == "selfie_liveness_detection"})
	}
	for _, name := range []string{
		"selfie_attribute_comparison", "selfie_account_comparison", "selfie_suspicious_entity_detection", "selfie_glasses_detection",
		"selfie_glare_detection", "selfie_experimental_model_detection", "selfie_portrait_quality_detection", "selfie_public_figure_detection",
		"selfie_age_comparison", "selfie_face_covering_detection", "selfie_video_quality_detection",
	} {
		kinds = append(kinds, checkKind{name: name, requirement: notRequired})
	}
	return append(kinds, rare("selfie_image_quality_detection")...)
}

// metadataOf returns the metadata of a check, or nil if it has none. The values of checks of
// government IDs are null, as observed at Persona's sandbox.
func metadataOf(check, status string) map[string]any {
	if strings.HasPrefix(check, "aamva_") {
		return map[string]any{"match-result": nil}
	}
	switch check {
	case "id_disallowed_country_detection":
		return map[string]any{"country-code": nil, "selected-country-code": nil}
	case "id_disallowed_type_detection":
		return map[string]any{
			"country-code": nil, "detected-id-class": nil, "detected-id-designations": nil, "disallowed-id-designations": nil, "selected-id-classes": nil,
		}
	case "id_extraction_inconsistency_detection":
		return map[string]any{"check-requirements": []any{}}
	case "database_identity_comparison":
		return map[string]any{"check-requirements": identityRequirements(status)}
	case "database_phone_carrier_name_first_comparison", "database_phone_carrier_name_last_comparison", "database_phone_carrier_address_comparison":
		if status == "failed" {
			return map[string]any{"match-score": 0.0, "match-result": "none"}
		}
		return map[string]any{"match-score": 100.0, "match-result": "full"}
	}
	return nil
}
