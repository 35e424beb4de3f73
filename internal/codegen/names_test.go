package main

import "testing"

func TestGoNames(t *testing.T) {
	for name, want := range map[string]string{
		"address-street-1":                       "AddressStreet1",
		"inquiry-ids":                            "InquiryIDs",
		"grant_type":                             "GrantType",
		"1099-form":                              "N1099Form",
		"case.sla-expired":                       "CaseSLAExpired",
		"inquiry.marked-for-review":              "InquiryMarkedForReview",
		"report/ip-address.ready":                "ReportIPAddressReady",
		"report/crypto_address.matched":          "ReportCryptoAddressMatched",
		"connect/share-token.inbound-created":    "ConnectShareTokenInboundCreated",
		"transaction.sentinel-session-processed": "TransactionSentinelSessionProcessed",
	} {
		if got := goName(name); got != want {
			t.Errorf("%s is named %s, want %s", name, got, want)
		}
	}
}

func TestAnInitialismIsWrittenTheSameInEveryOutput(t *testing.T) {
	for _, word := range []string{"api", "eu", "finra", "id", "ip", "nces", "sar", "sec", "sla", "trm"} {
		asType, asEvent := typeName("report-"+word+"-check"), goName("report/"+word+"-check.ready")
		if asEvent != asType+"Ready" {
			t.Errorf("%s is in the type %s and in the event %s", word, asType, asEvent)
		}
	}
}

func TestPathParametersBeginSmall(t *testing.T) {
	for name, want := range map[string]string{
		"inquiry-id": "inquiryID", "api-key-id": "apiKeyID", "token": "token",
	} {
		if got := parameter(name); got != want {
			t.Errorf("%s is the parameter %s, want %s", name, got, want)
		}
	}
}

func TestServicesGiveNamesToTypesAndFiles(t *testing.T) {
	for service, want := range map[string]struct{ singular, file string }{
		"APIKeys":                 {"APIKey", "api_keys_gen.go"},
		"Cases":                   {"Case", "cases_gen.go"},
		"Inquiries":               {"Inquiry", "inquiries_gen.go"},
		"InquiryTemplateVersions": {"InquiryTemplateVersion", "inquiry_template_versions_gen.go"},
		"OAuth":                   {"OAuth", "oauth_gen.go"},
		"PrivacyPasses":           {"PrivacyPass", "privacy_passes_gen.go"},
	} {
		if got := singular(service); got != want.singular {
			t.Errorf("one of %s is a %s, want %s", service, got, want.singular)
		}
		if got := fileName(service); got != want.file {
			t.Errorf("%s is in the file %s, want %s", service, got, want.file)
		}
	}
}

func TestSharedPartsAreNamedAfterTheUnion(t *testing.T) {
	for component, want := range map[string]string{
		"api-key-shared-attributes":         "APIKeyAttributes",
		"list-item-shared-attributes":       "ListItemAttributes",
		"lists-shared-attributes":           "ListAttributes",
		"verification-shared-relationships": "VerificationRelationships",
		"report-shared-request-attributes":  "",
		"inquiry":                           "",
	} {
		if got := sharedName(component); got != want {
			t.Errorf("%s is named %q, want %q", component, got, want)
		}
	}
}
