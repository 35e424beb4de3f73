package resources

import (
	"maps"
	"reflect"
	"slices"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
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
	if _, overwritten := found["name-last"]; overwritten {
		finding.KeepMagic(inquiry)
	}
	fields, _ := inquiry.Attributes["fields"].(map[string]any)
	fields = maps.Clone(fields)
	declared := schema.OfInquiry(c, inquiry)
	for name, value := range found {
		if typ := declared.Types[name]; typ != "" && declared.Problem(name, value) == "" {
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
	names := slices.Sorted(maps.Keys(finding.SamplePerson()))
	if typ == "verification/government-id" {
		names = append(names, "issue-date", "expiration-date", "issuing-authority")
	}
	return names
}

// reference returns the value of a field that holds a document or a selfie.
func reference(typ string, r *storage.Resource) map[string]any {
	return map[string]any{"id": r.ID, "type": typ}
}

// declaredBy returns the fields that an account's type declares. The fixtures' type declares
// all that is filled in, which need not be read again for every account.
func declaredBy(c *engine.Change, account *storage.Resource) schema.Fields {
	if id := account.One("account-type"); id != fixtures.AccountTypeID {
		return schema.Of(c.Get(id))
	}
	return schema.Fields{}
}

// fillAccountFrom writes what a passed verification proved into the account that it is about:
// the number of a government ID, or the photo of a selfie.
func fillAccountFrom(c *engine.Change, v *storage.Resource) {
	var account *storage.Resource
	if inquiry := c.Get(v.One("inquiry")); inquiry != nil {
		account = c.Edit(inquiry.One("account"))
	} else if transaction := c.Get(v.One("transaction")); transaction != nil {
		account = c.Edit(accountOf(transaction))
	}
	if account == nil || account.Attributes["redacted-at"] != nil {
		return
	}
	have, _ := account.Attributes["fields"].(map[string]any)
	declared := declaredBy(c, account)
	fields := schema.Merge(have, nil)
	switch v.Typ {
	case "verification/government-id":
		if v.Text("id-class") == "" || v.Text("identification-number") == "" {
			return // a test chose that nothing was read
		}
		account.Attributes[identificationNumbers] = numbersWith(account.Attributes[identificationNumbers], v, simclock.Stamp(c.Now))
		if has(declared, provedNumbers, "array") {
			fields[provedNumbers] = numberFieldWith(fields[provedNumbers], v)
		}
	case "verification/selfie":
		if has(declared, provedFace, "file") {
			fields[provedFace] = map[string]any{"type": "file", "value": engine.SamplePortrait(account.ID)}
		}
	default:
		return
	}
	if reflect.DeepEqual(fields, have) {
		return
	}
	account.Attributes["fields"] = fields
	c.Stamp(account, "updated-at")
	c.Emit("account.updated-fields", account, nil)
}

// has reports whether fields are declared with a field of a type, or are not described.
func has(declared schema.Fields, name, typ string) bool {
	return declared.Types == nil || declared.Types[name] == typ
}

// numberFieldWith returns the field with an account's numbers, with that of a verification.
func numberFieldWith(field any, v *storage.Resource) map[string]any {
	added, _ := schema.Field(provedNumbers, []any{map[string]any{
		"identification_class": v.Attributes["id-class"], "identification_number": v.Attributes["identification-number"], "issuing_country": v.Attributes["country-code"],
	}}, nil)["value"].([]any)
	old, _ := field.(map[string]any)
	list, _ := old["value"].([]any)
	if !slices.ContainsFunc(list, func(have any) bool { return reflect.DeepEqual(have, added[0]) }) {
		list = append(slices.Clone(list), added[0])
	}
	return map[string]any{"type": "array", "value": list}
}

// numbersWith returns the numbers of an account by class, with that of a verification. A
// number that was there was updated.
func numbersWith(have any, v *storage.Resource, at string) map[string]any {
	old, _ := have.(map[string]any)
	numbers := maps.Clone(old)
	if numbers == nil {
		numbers = map[string]any{}
	}
	entry := map[string]any{
		"issuing-country": v.Attributes["country-code"], "identification-class": v.Attributes["id-class"], "identification-number": v.Attributes["identification-number"],
		"created-at": at, "updated-at": at,
	}
	class := v.Text("id-class")
	list, _ := numbers[class].([]any)
	list = slices.Clone(list)
	same := slices.IndexFunc(list, func(other any) bool {
		is, _ := other.(map[string]any)
		return is["identification-number"] == entry["identification-number"] && is["issuing-country"] == entry["issuing-country"]
	})
	if same < 0 {
		numbers[class] = append(list, entry)
		return numbers
	}
	is, _ := list[same].(map[string]any)
	entry["created-at"] = is["created-at"]
	list[same] = entry
	numbers[class] = list
	return numbers
}

// The fields of an account that verifications fill.
const (
	provedNumbers = "identification_numbers"
	provedFace    = "selfie_photo"
)

// identificationNumbers is the attribute of an account that versions before 2025-10-27 show
// in place of the field.
const identificationNumbers = "identification-numbers"

// fillAccount writes an inquiry's fields into its account if the account has none (Persona
// help: Accounts).
func fillAccount(c *engine.Change, inquiry *storage.Resource) {
	account := c.Edit(inquiry.One("account"))
	if account == nil {
		return
	}
	fields, _ := account.Attributes["fields"].(map[string]any)
	for name, field := range fields {
		if name != provedNumbers && name != provedFace && schema.HasValues(map[string]any{name: field}) {
			return
		}
	}
	written, declared := map[string]any{}, declaredBy(c, account)
	for name, path := range engine.AccountShortcuts() {
		if name == "country-code" {
			name = "address-country-code"
		}
		if value := engine.FieldAt(inquiry.Attributes["fields"], name); value != nil && declared.Accepts(path, value) {
			schema.SetPath(written, path, value)
		}
	}
	if len(written) == 0 {
		return
	}
	account.Attributes["fields"] = schema.Merge(fields, written)
	c.Stamp(account, "updated-at")
	c.Emit("account.updated-fields", account, nil)
}
