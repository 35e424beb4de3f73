package resources

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// samplePerson returns the person that Persona's sandbox puts in the place of everybody. The
// middle initial is part of the first name.
func samplePerson() map[string]any {
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

// sampleData returns the data of the person that a verification or a document of a type
// holds once it is submitted. The address and the number of the person, for those types that
// confirm one, are the inquiry's.
func sampleData(typ string, inquiry *storage.Resource, now time.Time) map[string]any {
	fields := inquiry.Attributes["fields"]
	switch typ {
	case "verification/selfie", "document/generic", "document/mdoc", "document/government-id-nfc":
		return nil
	case "verification/email-address":
		return map[string]any{"email-address": cmp.Or(engine.TextOf(engine.FieldAt(fields, "email-address")), sampleEmailAddress)}
	case "verification/phone-number":
		return map[string]any{"phone-number": cmp.Or(engine.TextOf(engine.FieldAt(fields, "phone-number")), samplePhoneNumber)}
	}
	data := samplePerson()
	switch typ {
	case "verification/aamva", "verification/government-id-nfc", "verification/mdoc", "document/government-id":
		maps.Copy(data, sampleID(now))
	case "verification/government-id":
		maps.Copy(data, sampleID(now))
		data["entity-confidence-score"], data["entity-confidence-reasons"] = 100.0, []any{"generic"}
	}
	return data
}

// neverNull returns the attributes of a type of verification that are never null, also of one
// that was skipped (OpenAPI 2025-12-08).
func neverNull(typ string, now time.Time) map[string]any {
	switch typ {
	case "verification/aamva":
		id := sampleID(now)
		return map[string]any{"birthdate": samplePerson()["birthdate"], "issue-date": id["issue-date"], "expiration-date": id["expiration-date"]}
	case "verification/phone-number":
		return map[string]any{"metadata": map[string]any{"telesign-risk-score": 1}}
	}
	return nil
}

// neverNullRedacted returns what is in the place of these attributes after a redaction.
func neverNullRedacted(typ string) map[string]any {
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

// fillInquiry writes what a verification found out into those fields of its inquiry that the
// template has.
func fillInquiry(c *engine.Change, inquiry, v, evidence *storage.Resource) {
	found := map[string]any{}
	for _, name := range inquiryFieldsFrom(v.Typ) {
		found[name] = v.Attributes[name]
	}
	switch {
	case evidence != nil && v.Typ == "verification/government-id":
		found["identification-class"], found["selected-id-class"], found["selected-country-code"] = v.Attributes["id-class"], v.Attributes["id-class"], v.Attributes["country-code"]
		found["current-government-id"] = reference("Document::GovernmentId", evidence)
	case evidence != nil && v.Typ == "verification/selfie":
		found["current-selfie"] = reference("Selfie::ProfileAndCenter", evidence)
	}
	fields, _ := inquiry.Attributes["fields"].(map[string]any)
	fields = maps.Clone(fields)
	types := fixtures.FieldTypes(c, inquiry)
	for name, value := range found {
		if typ, declared := types[name]; declared && fieldProblem(typ, value) == "" {
			fields[name] = storage.TypedField(typ, value)
		}
	}
	inquiry.Attributes["fields"] = fields
	c.Stamp(inquiry, "updated-at")
}

// inquiryFieldsFrom returns the attributes of a type of verification that become fields of
// its inquiry.
func inquiryFieldsFrom(typ string) []string {
	switch typ {
	case "verification/selfie":
		return nil
	case "verification/email-address":
		return []string{"email-address"}
	case "verification/phone-number":
		return []string{"phone-number"}
	}
	names := slices.Sorted(maps.Keys(samplePerson()))
	if typ == "verification/government-id" {
		names = append(names, "issue-date", "expiration-date", "issuing-authority")
	}
	return names
}

// reference returns the value of a field that holds a document or a selfie.
func reference(typ string, r *storage.Resource) map[string]any {
	return map[string]any{"id": r.ID, "type": typ}
}

// fillAccountFrom writes what a passed verification proved into the account of its inquiry:
// the number of a government ID, or the photo of a selfie.
func fillAccountFrom(c *engine.Change, v *storage.Resource) {
	inquiry := c.Get(v.One("inquiry"))
	if inquiry == nil {
		return
	}
	account := c.Edit(inquiry.One("account"))
	if account == nil || account.Attributes["redacted-at"] != nil {
		return
	}
	have, _ := account.Attributes["fields"].(map[string]any)
	fields := MergeFields(have, nil)
	switch v.Typ {
	case "verification/government-id":
		if v.Text("id-class") == "" || v.Text("identification-number") == "" {
			return // a test chose that nothing was read
		}
		fields[provedNumbers] = typedField(provedNumbers, []any{map[string]any{
			"identification_class": v.Attributes["id-class"], "identification_number": v.Attributes["identification-number"], "issuing_country": v.Attributes["country-code"],
		}}, nil)
		at := simclock.Stamp(c.Now)
		account.Attributes[identificationNumbers] = map[string]any{engine.TextOf(v.Attributes["id-class"]): []any{map[string]any{
			"issuing-country": v.Attributes["country-code"], "identification-class": v.Attributes["id-class"], "identification-number": v.Attributes["identification-number"],
			"created-at": at, "updated-at": at,
		}}}
	case "verification/selfie":
		fields[provedFace] = map[string]any{"type": "file", "value": engine.SamplePortrait(account.ID)}
	default:
		return
	}
	account.Attributes["fields"] = fields
	c.Stamp(account, "updated-at")
	c.Emit("account.updated-fields", account, nil)
}

// The fields of an account that verifications fill.
const (
	provedNumbers = "identification_numbers"
	provedFace    = "selfie_photo"
)

// identificationNumbers is the attribute of an account that versions before 2025-10-27 show
// in place of the field.
const identificationNumbers = "identification-numbers"
