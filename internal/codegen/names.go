package main

import (
	"strings"
	"unicode"
)

// goName turns a name of the documents into an exported Go name: ReportIPAddressReady
// for report/ip-address.ready.
func goName(name string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		b.WriteString(capitalized(word))
	}
	if b.Len() == 0 || !unicode.IsLetter(rune(b.String()[0])) {
		return "N" + b.String()
	}
	return b.String()
}

// capitalized writes a word with a capital, or in capitals where Go does so.
func capitalized(word string) string {
	switch lower := strings.ToLower(word); lower {
	case "ids":
		return "IDs"
	case "urls":
		return "URLs"
	case "oauth":
		return "OAuth"
	case "aamva", "aka", "api", "cpf", "css", "dmarc", "ecbsv", "ein", "eu", "fff", "finra", "fips", "gps",
		"http", "id", "ip", "isp", "jp", "json", "jwt", "kcb", "mime", "mx", "nces", "nfc", "npi", "pem",
		"pep", "qes", "qr", "sar", "sdk", "sec", "sla", "spf", "ssn", "tin", "trm", "ts", "uk", "uri", "url",
		"us", "utc", "vat", "vpn":
		return strings.ToUpper(word)
	default:
		return strings.ToUpper(word[:1]) + word[1:]
	}
}

// parameter turns the name of a path parameter into a Go parameter: inquiryID.
func parameter(name string) string {
	first, rest, found := strings.Cut(name, "-")
	if !found {
		return first
	}
	return strings.ToLower(first) + goName(rest)
}

// typeName returns the Go type of a component.
func typeName(component string) string {
	switch component { // those whose own name would mislead
	case "connect-connection":
		return "Connection"
	case "connect-share-token":
		return "ShareToken"
	case "lists-browser-fingerprints":
		return "BrowserFingerprintList"
	case "lists-countries":
		return "CountryList"
	case "lists-email-addresses":
		return "EmailAddressList"
	case "lists-geolocations":
		return "GeolocationList"
	case "lists-government-id-numbers":
		return "GovernmentIDNumberList"
	case "lists-ip-addresses":
		return "IPAddressList"
	case "lists-names":
		return "NameList"
	case "lists-phone-numbers":
		return "PhoneNumberList"
	case "lists-strings":
		return "StringList"
	case "file":
		return "FileRef" // File is a file to upload
	default:
		return goName(component)
	}
}

// sharedName returns the Go type of a component that holds what the kinds of a union have
// in common, or "" for any other component.
func sharedName(component string) string {
	for _, part := range []string{"attributes", "relationships", "meta"} {
		if kind, ok := strings.CutSuffix(component, "-shared-"+part); ok {
			return goName(strings.TrimSuffix(kind, "s")) + goName(part) // lists-shared-attributes: ListAttributes
		}
	}
	return ""
}

// union returns the Go types of the attributes and relationships that the kinds of a
// resource share, or false for a component that is not one of several kinds.
func union(component string) (attributes, relationships string, ok bool) {
	switch component {
	case "verification", "report", "document", "list":
		return goName(component) + "Attributes", goName(component) + "Relationships", true
	case "importer":
		return "ImporterAttributes", "struct{}", true
	default:
		return "", "", false
	}
}

// singular returns the word in front of a service's parameters: Inquiry for Inquiries.
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

// element returns the name of one element of a list.
func element(list string) string {
	switch {
	case strings.HasSuffix(list, "ies"):
		return strings.TrimSuffix(list, "ies") + "y"
	case strings.HasSuffix(list, "ses"), strings.HasSuffix(list, "xes"):
		return strings.TrimSuffix(list, "es")
	case strings.HasSuffix(list, "s") && !strings.HasSuffix(list, "ss"):
		return strings.TrimSuffix(list, "s")
	default:
		return list + "-item"
	}
}

// words writes the name of a service as words: api keys for APIKeys.
func words(service string) string {
	var b strings.Builder
	for i, r := range strings.Replace(service, "OAuth", "Oauth", 1) {
		startsWord := unicode.IsUpper(r) && i > 0 && (unicode.IsLower(rune(service[i-1])) || i+1 < len(service) && unicode.IsLower(rune(service[i+1])))
		if startsWord {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// fileName returns the file of a service: api_keys_gen.go for APIKeys.
func fileName(service string) string {
	return strings.ReplaceAll(words(service), " ", "_") + "_gen.go"
}
