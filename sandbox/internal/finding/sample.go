package finding

import (
	"cmp"
	"maps"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// SamplePerson returns the person that Persona's sandbox puts in the place of everybody. The
// middle initial is part of the first name.
func SamplePerson() map[string]any {
	return map[string]any{
		"name-first": "ALEXANDER J", "name-middle": nil, "name-last": "SAMPLE", "birthdate": "1977-07-17", "identification-number": sampleNumber,
		"address-street-1": "600 CALIFORNIA STREET", "address-city": "SAN FRANCISCO", "address-subdivision": "CA", "address-postal-code": "94109", "address-country-code": "US",
	}
}

const (
	sampleClass  = "dl" // a driver license
	sampleNumber = "I1234562"
)

// sampleID returns what is printed on the government ID of the sample person, next to the
// person's own data.
func sampleID(now time.Time) map[string]any {
	return map[string]any{
		"id-class": sampleClass, "sex": "Male", "issuing-authority": "CA", "issuing-subdivision": "CA",
		"issue-date": now.AddDate(-1, 0, 0).Format(time.DateOnly), "expiration-date": now.AddDate(5, 0, 0).Format(time.DateOnly),
	}
}

// SampleData returns the data of the person that a verification or a document of a type
// holds once it is submitted. The address and the number of the person, for those types that
// confirm one, are the inquiry's.
func SampleData(typ string, inquiry *storage.Resource, now time.Time) map[string]any {
	fields := inquiry.Attributes["fields"]
	switch typ {
	case "verification/selfie", "document/generic", "document/mdoc", "document/government-id-nfc":
		return nil
	case "verification/email-address":
		return map[string]any{"email-address": cmp.Or(engine.TextOf(engine.FieldAt(fields, "email-address")), sampleEmailAddress)}
	case "verification/phone-number":
		return map[string]any{"phone-number": cmp.Or(engine.TextOf(engine.FieldAt(fields, "phone-number")), samplePhoneNumber)}
	}
	data := SamplePerson()
	switch typ {
	case "verification/aamva", "verification/government-id-nfc", "verification/mdoc", "document/government-id":
		maps.Copy(data, sampleID(now))
	case "verification/government-id":
		maps.Copy(data, sampleID(now))
		data["entity-confidence-score"], data["entity-confidence-reasons"] = 100.0, []any{"generic"}
	}
	return data
}

// NeverNull returns the attributes of a type of verification that are never null, also of one
// that was skipped (OpenAPI 2025-12-08).
func NeverNull(typ string, now time.Time) map[string]any {
	switch typ {
	case "verification/aamva":
		id := sampleID(now)
		return map[string]any{"birthdate": SamplePerson()["birthdate"], "issue-date": id["issue-date"], "expiration-date": id["expiration-date"]}
	case "verification/phone-number":
		return map[string]any{"metadata": map[string]any{"telesign-risk-score": 1}}
	}
	return nil
}

// NeverNullRedacted returns what is in the place of these attributes after a redaction.
func NeverNullRedacted(typ string) map[string]any {
	switch typ {
	case "verification/aamva":
		return map[string]any{"birthdate": "1970-01-01", "issue-date": "1970-01-01", "expiration-date": "1970-01-01"}
	case "verification/phone-number":
		return map[string]any{"metadata": map[string]any{"telesign-risk-score": 0}}
	}
	return nil
}

// What a person who verifies an address or a number confirms, if the inquiry has none.
const (
	sampleEmailAddress = "alexander@example.com"
	samplePhoneNumber  = "+14155550123"
)
