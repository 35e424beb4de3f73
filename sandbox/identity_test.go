package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// checkNames are the names of checks, by requirement, or by status if that is not_applicable.
type checkNames map[string]string

var (
	governmentIDChecks = checkNames{
		"required": `id_compromised_detection id_disallowed_country_detection id_disallowed_type_detection id_entity_detection id_expired_detection
			id_mrz_detection id_portrait_clarity_detection id_portrait_detection id_selfie_comparison`,
		"not_required": `id_account_comparison id_age_comparison id_attribute_comparison id_barcode_detection id_barcode_inconsistency_detection id_blur_detection
			id_color_inconsistency_detection id_double_side_detection id_electronic_replica_detection id_experimental_model_detection
			id_extracted_properties_detection id_extraction_inconsistency_detection id_fabrication_detection id_glare_detection id_handwriting_detection
			id_inconsistent_repeat_detection id_inquiry_comparison id_mrz_inconsistency_detection id_number_format_inconsistency_detection id_paper_detection
			id_po_box_detection id_public_figure_detection id_repeat_detection id_tamper_detection id_unprocessable_submission_detection
			id_valid_dates_detection id_video_quality_detection`,
		"not_applicable": `id_aamva_database_lookup id_age_inconsistency_detection id_real_id_detection`,
	}
	selfieChecks = checkNames{
		"required": `selfie_id_comparison selfie_pose_detection selfie_multiple_faces_detection selfie_pose_repeat_detection selfie_liveness_detection`,
		"not_required": `selfie_attribute_comparison selfie_account_comparison selfie_suspicious_entity_detection selfie_glasses_detection selfie_glare_detection
			selfie_experimental_model_detection selfie_portrait_quality_detection selfie_public_figure_detection selfie_age_comparison
			selfie_face_covering_detection selfie_video_quality_detection`,
	}
)

// verifiedAs submits verifications of an inquiry, and returns the inquiry with what it
// includes, by type.
func verifiedAs(s *server, version, outcome string, types ...string) (inquiry map[string]any, included map[string]map[string]any) {
	s.t.Helper()
	id := newInquiry(s.t, s.client(), "").ID
	for _, typ := range types {
		_, err := s.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: id, Type: typ, Outcome: outcome})
		ok(s.t, err)
	}
	_, _, doc := s.do("GET", "/api/v1/inquiries/"+id+"?include=account,verifications,documents,selfies", "", "Persona-Version", version)
	included = map[string]map[string]any{}
	for _, r := range doc["included"].([]any) {
		included[r.(map[string]any)["type"].(string)] = r.(map[string]any)
	}
	return doc["data"].(map[string]any), included
}

// holds compares some attributes of a resource.
func holds(t *testing.T, r map[string]any, want map[string]any) {
	t.Helper()
	have := r["attributes"].(map[string]any)
	for name, value := range want {
		if got, shown := have[name]; !shown || !reflect.DeepEqual(got, value) {
			t.Errorf("%s of a %s is %v, not %v", name, r["type"], got, value)
		}
	}
}

func printedOnTheID() map[string]any {
	want := map[string]any{
		"id-class": "dl", "identification-number": "I1234562", "name-first": "ALEXANDER J", "name-middle": nil, "name-last": "SAMPLE", "birthdate": "1977-07-17",
		"sex": "Male", "issue-date": "2025-01-02", "expiration-date": "2031-01-02", "issuing-authority": "CA", "issuing-subdivision": "CA",
		"address-street-1": "600 CALIFORNIA STREET", "address-street-2": nil, "address-city": "SAN FRANCISCO", "address-subdivision": "CA", "address-postal-code": "94109",
	}
	for _, name := range []string{
		"document-number", "name-suffix", "nationality", "height", "birthplace", "endorsements", "restrictions", "vehicle-class", "visa-status", "designations",
	} {
		want[name] = nil
	}
	return want
}

func TestAPassedGovernmentIDHoldsTheSamplePerson(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2020-05-18", "2023-01-05", "2025-12-08"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			_, included := verifiedAs(start(t, frozen()), version, "passed", "verification/government-id")
			v := included["verification/government-id"]
			holds(t, v, printedOnTheID())
			holds(t, v, map[string]any{
				"country-code": "US", "back-photo-url": nil, "entity-confidence-score": 100.0, "entity-confidence-reasons": []any{"generic"}, "capture-method": "upload",
			})
			attributes := v["attributes"].(map[string]any)
			if len(attributes["photo-urls"].([]any)) != 1 || attributes["front-photo-url"] == nil || attributes["selfie-photo"] == nil {
				t.Errorf("photos: %v", attributes)
			}
			document := included["document/government-id"]
			holds(t, document, printedOnTheID())
			holds(t, document, map[string]any{"back-photo": nil})
			if document["attributes"].(map[string]any)["front-photo"] == nil {
				t.Error("the document has no photo")
			}
		})
	}
}

func TestChecksAreThoseOfPersonasSandbox(t *testing.T) {
	t.Parallel()
	for typ, want := range map[string]checkNames{"verification/government-id": governmentIDChecks, "verification/selfie": selfieChecks} {
		for outcome, failed := range map[string]string{"passed": "", "failed": map[string]string{"verification/government-id": "id_entity_detection", "verification/selfie": "selfie_liveness_detection"}[typ]} {
			t.Run(typ+" "+outcome, func(t *testing.T) {
				t.Parallel()
				_, included := verifiedAs(start(t, frozen()), "2025-12-08", outcome, typ)
				found := map[string][]string{}
				for _, c := range included[typ]["attributes"].(map[string]any)["checks"].([]any) {
					check := c.(map[string]any)
					name, kind := check["name"].(string), check["requirement"].(string)
					reasons := []any{}
					switch {
					case check["status"] == "not_applicable":
						kind, reasons = "not_applicable", []any{"disabled_by_check_config"}
					case name == failed:
						reasons = []any{"simulated_failure"}
					case check["status"] != "passed":
						t.Errorf("%s is %v", name, check["status"])
					}
					if !reflect.DeepEqual(check["reasons"], reasons) {
						t.Errorf("reasons of %s: %v", name, check["reasons"])
					}
					if metadata := slices.Sorted(maps.Keys(check["metadata"].(map[string]any))); !slices.Equal(metadata, strings.Fields(checkMetadata[name])) {
						t.Errorf("metadata of %s: %v", name, metadata)
					}
					found[kind] = append(found[kind], name)
				}
				if len(found) != len(want) {
					t.Errorf("kinds of checks: %v", found)
				}
				for kind, names := range want {
					if !sameNames(found[kind], strings.Fields(names)) {
						t.Errorf("%s: %v", kind, found[kind])
					}
				}
			})
		}
	}
}

var checkMetadata = map[string]string{
	"id_disallowed_country_detection":       "country-code selected-country-code",
	"id_disallowed_type_detection":          "country-code detected-id-class detected-id-designations disallowed-id-designations selected-id-classes",
	"id_extraction_inconsistency_detection": "check-requirements",
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func TestAVerificationOfEveryTypeHasATemplateAndItsVersion(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	for _, typ := range sandbox.VerificationTypes() {
		_, included := verifiedAs(server, "2025-12-08", "passed", typ)
		for name, prefix := range map[string]string{"verification-template": "vtmpl_", "verification-template-version": "vtmplv_"} {
			data, _ := at(included[typ], "relationships", name, "data").(map[string]any)
			if id, _ := data["id"].(string); !strings.HasPrefix(id, prefix+"Sandbox") || data["type"] != name+strings.TrimPrefix(typ, "verification") {
				t.Errorf("%s of %s is %v", name, typ, data)
			}
		}
	}
}

func TestAPassedAddressOrNumberIsTheInquirys(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	inquiry := newInquiry(t, client, "")
	for _, typ := range []string{"email-address", "phone-number"} {
		given := map[string]string{"email-address": "ada@example.com", "phone-number": "+15005550006"}[typ]
		for name, want := range map[string]string{"given": given, "not given": map[string]string{"email-address": "alexander@example.com", "phone-number": "+14155550123"}[typ]} {
			t.Run(typ+" "+name, func(t *testing.T) {
				inquiry = newInquiry(t, client, "")
				if want == given {
					_, err := client.Inquiries.Update(t.Context(), inquiry.ID, persona.InquiryUpdateParams{Fields: persona.Set(map[string]any{typ: given})})
					ok(t, err)
				}
				id, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry.ID, Type: "verification/" + typ, Outcome: "passed"})
				ok(t, err)
				_, _, doc := server.do("GET", "/api/v1/verifications/"+id+"?include=inquiry", "")
				holds(t, doc["data"].(map[string]any), map[string]any{typ: want})
				if filled := at(doc, "included", 0, "attributes", "fields", typ, "value"); filled != want {
					t.Errorf("the inquiry has %v", filled)
				}
			})
		}
	}
}

func TestAPassedIDAndSelfieFillTheAccount(t *testing.T) {
	t.Parallel()
	for version, holdsNumbers := range map[string]bool{"2023-01-05": true, "2025-12-08": false} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := start(t, frozen())
			_, included := verifiedAs(server, version, "passed", "verification/government-id", "verification/selfie")
			account := included["account"]
			number := at(account, "attributes", "fields", "identification_numbers", "value", 0, "value")
			for name, want := range map[string]string{"identification_class": "dl", "identification_number": "I1234562", "issuing_country": "US"} {
				if got := at(number, name, "value"); got != want {
					t.Errorf("%s is %v", name, got)
				}
			}
			address, _ := at(account, "attributes", "fields", "selfie_photo", "value", "url").(string)
			if status, header, _ := fetch(t, address, ""); status != 200 || header.Get("Content-Type") != "image/jpeg" {
				t.Errorf("the photo: %d", status)
			}
			numbers := at(account, "attributes", "identification-numbers", "dl", 0)
			want := map[string]any{
				"issuing-country": "US", "identification-class": "dl", "identification-number": "I1234562",
				"created-at": "2026-01-02T03:04:05.000Z", "updated-at": "2026-01-02T03:04:05.000Z",
			}
			if holdsNumbers && !reflect.DeepEqual(numbers, any(want)) {
				t.Errorf("identification-numbers: %v", numbers)
			}
			id := account["id"].(string)
			server.do("DELETE", "/api/v1/accounts/"+id, "")
			if status, _, _ := fetch(t, address, ""); status != 404 {
				t.Errorf("the photo of a redacted account: %d", status)
			}
			_, _, doc := server.do("GET", "/api/v1/accounts/"+id, "", "Persona-Version", version)
			if text, err := json.Marshal(doc); err != nil || strings.Contains(string(text), "I1234562") {
				t.Errorf("a redacted account: %s, %v", text, err)
			}
		})
	}
}

func TestAFailedIDFillsNoAccount(t *testing.T) {
	t.Parallel()
	_, included := verifiedAs(start(t, frozen()), "2025-12-08", "failed", "verification/government-id", "verification/selfie")
	if text, err := json.Marshal(included["account"]); err != nil || strings.Contains(string(text), "I1234562") || strings.Contains(string(text), "center_photo") {
		t.Errorf("the account: %s, %v", text, err)
	}
}

func TestOldVersionsShowAnInquirysAddressInTwoForms(t *testing.T) {
	t.Parallel()
	inquiry, _ := verifiedAs(start(t, frozen()), "2023-01-05", "passed", "verification/government-id")
	holds(t, inquiry, map[string]any{
		"address-subdivision": "California", "address-subdivision-abbr": "CA", "address-postal-code": "941090000", "address-postal-code-abbr": "94109",
	})
	if short := at(inquiry, "attributes", "fields", "address-subdivision", "value"); short != "CA" {
		t.Errorf("the field is %v", short)
	}
}

func TestKeysOfMetadataAreInTheCasingOfTheAnswer(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	_, included := verifiedAs(server, "2025-12-08", "passed", "verification/government-id")
	id := included["verification/government-id"]["id"].(string)
	for inflection, want := range map[string]string{"kebab": "selected-country-code", "snake": "selected_country_code", "camel": "selectedCountryCode"} {
		_, _, doc := server.do("GET", "/api/v1/verifications/"+id, "", "Key-Inflection", inflection, "X-Unchecked", "1")
		found := false
		for _, check := range at(doc, "data", "attributes", "checks").([]any) {
			_, named := at(check, "metadata").(map[string]any)[want]
			found = found || named
		}
		if !found {
			t.Errorf("no check has %s", want)
		}
	}
}

func TestAPassedIDAndSelfieFillTheInquiry(t *testing.T) {
	t.Parallel()
	inquiry, included := verifiedAs(start(t, frozen()), "2025-12-08", "passed", "verification/government-id", "verification/selfie")
	document := map[string]any{"id": included["document/government-id"]["id"], "type": "Document::GovernmentId"}
	selfie := map[string]any{"id": included["selfie/profile-and-center"]["id"], "type": "Selfie::ProfileAndCenter"}
	for name, want := range map[string]any{
		"name-first": "ALEXANDER J", "name-middle": nil, "name-last": "SAMPLE", "identification-number": "I1234562", "identification-class": "dl",
		"issue-date": "2025-01-02", "expiration-date": "2031-01-02", "issuing-authority": "CA", "selected-country-code": "US", "selected-id-class": "dl",
		"address-subdivision": "CA", "address-street-2": nil, "current-government-id": document, "current-selfie": selfie,
	} {
		if got := at(inquiry, "attributes", "fields", name, "value"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
	for name, want := range map[string]string{"current-government-id": "government_id", "current-selfie": "selfie", "issue-date": "date"} {
		if got := at(inquiry, "attributes", "fields", name, "type"); got != want {
			t.Errorf("the type of %s is %v", name, got)
		}
	}
}

func TestAnAccountKeepsTheNumbersOfEarlierIDs(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	_, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`)
	id, account := at(doc, "data", "id").(string), at(doc, "data", "relationships", "account", "data", "id").(string)
	for _, extracted := range []map[string]any{nil, {"id-class": "pp", "identification-number": "P123", "country-code": "DE"}, nil, {"identification-number": "D456"}} {
		_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: id, Type: "verification/government-id", Outcome: "passed", Extracted: extracted})
		ok(t, err)
	}
	_, _, doc = server.do("GET", "/api/v1/accounts/"+account, "", "Persona-Version", "2023-01-05")
	list, _ := at(doc, "data", "attributes", "fields", "identification_numbers", "value").([]any)
	var got []string
	for _, entry := range list {
		got = append(got, fmt.Sprint(at(entry, "value", "identification_class", "value"), " ", at(entry, "value", "identification_number", "value"), " ", at(entry, "value", "issuing_country", "value")))
	}
	if want := []string{"dl I1234562 US", "pp P123 DE", "dl D456 US"}; !slices.Equal(got, want) {
		t.Errorf("the field has %v, want %v", got, want)
	}
	numbers, _ := at(doc, "data", "attributes", "identification-numbers").(map[string]any)
	licenses, _ := numbers["dl"].([]any)
	passports, _ := numbers["pp"].([]any)
	if len(numbers) != 2 || len(licenses) != 2 || len(passports) != 1 || at(licenses, 0, "identification-number") != "I1234562" || at(licenses, 1, "identification-number") != "D456" || at(passports, 0, "issuing-country") != "DE" {
		t.Errorf("the attribute is %v", numbers)
	}
}

func TestAVerificationFillsOnlyFieldsThatTheAccountTypeHas(t *testing.T) {
	t.Parallel()
	seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader("account_types:\n  - {id: acttp_Plain, name: Plain, statuses: [{id: actst_Plain, name: New}], fields: {nickname: string}}\n"))
	ok(t, err)
	server := start(t, sandbox.Options{Seed: seed})
	_, _, doc := server.do("POST", "/api/v1/accounts", `{"data":{"attributes":{"account-type-id":"acttp_Plain"}}}`)
	account := at(doc, "data", "id").(string)
	_, _, doc = server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`","account-id":"`+account+`"}}}`)
	for _, typ := range []string{"verification/government-id", "verification/selfie"} {
		_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: at(doc, "data", "id").(string), Type: typ, Outcome: "passed"})
		ok(t, err)
	}
	_, _, doc = server.do("GET", "/api/v1/accounts/"+account, "")
	if fields, _ := at(doc, "data", "attributes", "fields").(map[string]any); len(fields) != 1 || fields["nickname"] == nil {
		t.Errorf("the fields are %v", fields)
	}
}
