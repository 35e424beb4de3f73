package main

import (
	"strings"
	"unicode"
)

// initialisms are the words Go writes in capitals.
var initialisms = map[string]string{
	"id": "ID", "ids": "IDs", "api": "API", "url": "URL", "urls": "URLs", "uri": "URI", "ip": "IP", "aamva": "AAMVA",
	"ecbsv": "ECBSV", "tin": "TIN", "nfc": "NFC", "qes": "QES", "ssn": "SSN", "http": "HTTP", "pem": "PEM", "oauth": "OAuth",
	"vat": "VAT", "uk": "UK", "ein": "EIN", "sla": "SLA", "utc": "UTC", "css": "CSS", "jwt": "JWT", "mime": "MIME", "ts": "TS",
	"gps": "GPS", "kcb": "KCB", "fff": "FFF", "jp": "JP", "isp": "ISP", "npi": "NPI", "us": "US", "vpn": "VPN", "sdk": "SDK",
}

// exported turns a key or a component's name into a Go name.
func exported(name string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		switch capitals, ok := initialisms[strings.ToLower(word)]; {
		case ok:
			b.WriteString(capitals)
		default:
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	if b.Len() == 0 || !unicode.IsLetter(rune(b.String()[0])) {
		return "N" + b.String()
	}
	return b.String()
}

// parameter turns a path parameter's name into a Go parameter: inquiryID.
func parameter(name string) string {
	first, rest, _ := strings.Cut(name, "-")
	if rest == "" {
		return first
	}
	if strings.EqualFold(first, "api") {
		return "api" + exported(rest)
	}
	return first + exported(rest)
}

// typeNames are the Go names of components whose own name would mislead.
var typeNames = map[string]string{
	"connect-connection":          "Connection",
	"connect-share-token":         "ShareToken",
	"lists-browser-fingerprints":  "BrowserFingerprintList",
	"lists-countries":             "CountryList",
	"lists-email-addresses":       "EmailAddressList",
	"lists-geolocations":          "GeolocationList",
	"lists-government-id-numbers": "GovernmentIDNumberList",
	"lists-ip-addresses":          "IPAddressList",
	"lists-names":                 "NameList",
	"lists-phone-numbers":         "PhoneNumberList",
	"lists-strings":               "StringList",
	"file":                        "FileRef", // File is a file to upload
}

// typeName returns the Go name of a component.
func typeName(component string) string {
	if name, ok := typeNames[component]; ok {
		return name
	}
	return exported(component)
}

// partNames are better names for the parts of requests.
var partNames = map[string]string{
	"InquiryPerformSimulateActionsSimulateAction": "SimulateAction",
	"ReportCreateQuery":                           "ReportQuery",
}

// sharedNames are the components that hold what the kinds of a union have in common.
var sharedNames = map[string]string{
	"verification-shared-attributes":    "VerificationAttributes",
	"verification-shared-relationships": "VerificationRelationships",
	"report-shared-attributes":          "ReportAttributes",
	"report-shared-relationships":       "ReportRelationships",
	"document-shared-attributes":        "DocumentAttributes",
	"document-shared-relationships":     "DocumentRelationships",
	"lists-shared-attributes":           "ListAttributes",
	"list-item-shared-attributes":       "ListItemAttributes",
	"importer-shared-attributes":        "ImporterAttributes",
	"api-key-shared-attributes":         "APIKeyAttributes",
	"report-template-shared-attributes": "ReportTemplateAttributes",
}

// unions are the components that stand for one of several kinds, with the Go types
// of what the kinds have in common.
var unions = map[string][2]string{
	"verification": {"VerificationAttributes", "VerificationRelationships"},
	"report":       {"ReportAttributes", "ReportRelationships"},
	"document":     {"DocumentAttributes", "DocumentRelationships"},
	"list":         {"ListAttributes", "ListRelationships"},
	"importer":     {"ImporterAttributes", "struct{}"},
}

// prefixed are the components whose JSON:API type varies behind a prefix.
var prefixed = map[string]string{
	"selfie":                        "selfie/",
	"verification-template":         "verification-template/",
	"verification-template-version": "verification-template-version/",
}

// singular returns the word in front of a service's parameters: Inquiry for
// Inquiries.
func singular(service string) string {
	switch {
	case service == "OAuth":
		return service
	case strings.HasSuffix(service, "ies"):
		return strings.TrimSuffix(service, "ies") + "y"
	case strings.HasSuffix(service, "sses"):
		return strings.TrimSuffix(service, "es")
	default:
		return strings.TrimSuffix(service, "s")
	}
}

// plainResults are the Go names of the answers that hold no resource.
var plainResults = map[string]string{
	"OAuth.Authorize":         "OAuthCode",
	"OAuth.Token":             "OAuthToken",
	"PrivacyPasses.Create":    "PrivacyPass",
	"Relays.Create":           "Relay",
	"Relays.RequestChallenge": "RelayChallenge",
	"Relays.GenerateClaim":    "RelayClaim",
}
