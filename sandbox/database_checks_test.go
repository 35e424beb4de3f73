package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// checksOf returns what a verification's checks say, one line for each.
func checksOf(s *server, verification string) (lines []string, checks []any) {
	s.t.Helper()
	_, _, doc := s.do("GET", "/api/v1/verifications/"+verification, "")
	checks, _ = at(doc, "data", "attributes", "checks").([]any)
	for _, check := range checks {
		lines = append(lines, fmt.Sprint(at(check, "name"), " ", at(check, "status"), " ", at(check, "requirement"), " ", at(check, "reasons")))
	}
	return lines, checks
}

func TestDatabasesAreAskedAsAtPersona(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := server.id("POST", "/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`, 201)
	for typ, want := range map[string]string{
		"database": `database_inquiry_comparison passed not_required []
database_address_deliverable_detection not_applicable not_required [disabled_by_check_config]
database_address_residential_detection not_applicable not_required [disabled_by_check_config]
database_po_box_detection passed not_required []
database_deceased_detection passed required []
database_attribute_comparison passed not_required []
database_identity_comparison passed required []`,
		"database-tin": `database_tin_name_comparison passed required []
database_tin_deceased_detection passed required []
database_tin_invalid_format_detection passed required []
database_tin_disallowed_type_detection passed required []
database_tin_service_available_detection passed required []`,
		"database-phone-carrier": `database_phone_carrier_name_first_comparison passed required []
database_phone_carrier_name_last_comparison passed required []
database_phone_carrier_birthdate_comparison not_applicable required [unavailable_for_country]
database_phone_carrier_address_comparison passed required []`,
		"database-standard": `database_standard_identity_comparison passed required []`,
		"aamva": `aamva_identification_number_comparison passed required []
aamva_address_comparison passed not_required []
aamva_birthdate_comparison passed required []
aamva_expiration_date_comparison passed required []
aamva_identity_comparison passed required []
aamva_issue_date_comparison passed required []
aamva_name_comparison passed required []`,
	} {
		made := func(outcome string) string {
			return server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: "verification/" + typ, Outcome: outcome})
		}
		if lines, _ := checksOf(server, made("passed")); strings.Join(lines, "\n") != want {
			t.Errorf("%s:\n%s", typ, strings.Join(lines, "\n"))
		}
		failed, _ := checksOf(server, made("failed"))
		if text := strings.Join(failed, "\n"); strings.Count(text, " failed required") != 1 || strings.Count(text, " failed ") != 1 {
			t.Errorf("%s that failed:\n%s", typ, text)
		}
	}
}

func TestTheComparisonWithADatabaseSaysWhatItFoundAboutEachProperty(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := server.id("POST", "/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`, 201)
	for outcome, want := range map[string]string{"passed": "full passed", "failed": "none failed"} {
		verification := server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: "verification/database", Outcome: outcome})
		requirements, _ := at(checkOf(t, server, verification, "database_identity_comparison"), "metadata", "check-requirements").([]any)
		if len(requirements) != 10 {
			t.Fatalf("%s: %v", outcome, requirements)
		}
		for _, requirement := range requirements {
			if got := fmt.Sprint(at(requirement, "match-result"), " ", at(requirement, "status")); got != want || at(requirement, "comparisons", 0, "match-level-minimum") == nil {
				t.Errorf("%s: %v", outcome, requirement)
			}
		}
	}
}

func TestAVerificationWithoutAnInquiryIsNotComparedWithOne(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	transaction, _ := server.paid()
	for typ, name := range map[string]string{"database": "database_inquiry_comparison", "government-id": "id_inquiry_comparison"} {
		verification := server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: transaction, Type: "verification/" + typ, Outcome: "passed"})
		check := checkOf(t, server, verification, name)
		if fmt.Sprint(check["status"], check["reasons"]) != "not_applicable[no_inquiry]" {
			t.Errorf("%s: %v", typ, check)
		}
	}
}

func TestARareCheckIsThereIfATestChoosesIt(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := server.id("POST", "/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`, 201)
	for typ, name := range map[string]string{"government-id": "id_damaged_detection", "selfie": "selfie_image_quality_detection"} {
		made := func(checks ...sandbox.Check) string {
			return server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: "verification/" + typ, Outcome: "passed", Checks: checks})
		}
		if check := checkOf(t, server, made(sandbox.Check{Name: name}), name); check["status"] != "failed" || check["requirement"] != "not_required" {
			t.Errorf("%s: %v", name, check)
		}
		if lines, _ := checksOf(server, made()); strings.Contains(strings.Join(lines, "\n"), name) {
			t.Errorf("%s is there without being chosen", name)
		}
	}
}

func TestOldVersionsShowAPostalCodeOfTheUnitedStatesInTwoForms(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	for given, want := range map[string]string{
		`"address-postal-code":"94109","address-country-code":"US"`:    "941090000 94109",
		`"address-postal-code":"94109-1234"`:                           "941091234 94109",
		`"address-postal-code":"941"`:                                  "941 941",
		`"address-postal-code":"SW1A 1AA","address-country-code":"GB"`: "SW1A 1AA SW1A 1AA",
		`"address-postal-code":"75001","address-country-code":"FR"`:    "75001 75001",
		`"address-postal-code":null`:                                   "<nil> <nil>",
	} {
		inquiry := server.id("POST", "/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`","fields":{`+given+`}}}}`, 201)
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry, "", "Persona-Version", "2023-01-05")
		if got := fmt.Sprint(at(doc, "data", "attributes", "address-postal-code"), " ", at(doc, "data", "attributes", "address-postal-code-abbr")); got != want {
			t.Errorf("%s: %s", given, got)
		}
		if _, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry, ""); at(doc, "data", "attributes", "address-postal-code") != nil {
			t.Errorf("today's version shows %v", at(doc, "data", "attributes"))
		}
	}
}

func TestTimesOfATransactionHaveMilliseconds(t *testing.T) {
	t.Parallel()
	options := frozen()
	wall := options.Wall()
	options.Wall = func() time.Time { return wall.Add(678 * time.Millisecond) }
	server := start(t, options)
	transaction, payer := server.paid()
	for path, want := range map[string]string{"/transactions/" + transaction: ".678Z", "/accounts/" + payer: ".000Z"} {
		_, _, doc := server.do("GET", "/api/v1"+path, "")
		if created, _ := at(doc, "data", "attributes", "created-at").(string); !strings.HasSuffix(created, want) {
			t.Errorf("%s was created at %s", path, created)
		}
	}
}
