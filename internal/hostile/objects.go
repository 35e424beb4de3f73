package hostile

import (
	"strings"

	"github.com/idemhq/idem/internal/fold"
)

// attributes returns inquiries with unusual attributes.
func attributes() []Case {
	all := func(json string) func(string) []byte {
		return swap(`{"status":"created","created-at":"2026-03-01T11:00:00.000Z","reference-id":"user-ID"}`, json)
	}
	status := func(json string) func(string) []byte { return swap(`"created","created-at"`, json+`,"created-at"`) }
	return []Case{
		{Name: "attributes that are null", Body: all(`null`), Want: applied},
		{Name: "attributes that are empty", Body: all(`{}`), Want: applied},
		{Name: "attributes that are a list", Body: all(`[]`), Want: poison(fold.Malformed)},
		{Name: "attributes that are a text", Body: all(`"none"`), Want: poison(fold.Malformed)},
		{Name: "attributes that are a number", Body: all(`7`), Want: poison(fold.Malformed)},
		{Name: "attributes that are false", Body: all(`false`), Want: poison(fold.Malformed)},

		{Name: "a status that is null", Body: status(`null`), Want: applied},
		{Name: "a status that is a number", Body: status(`7`), Want: applied},
		{Name: "a status that is a list", Body: status(`["approved"]`), Want: applied},
		{Name: "a status that is an object", Body: status(`{"value":"approved"}`), Want: applied},
		{Name: "a status that is empty", Body: status(`""`), Want: applied},
		{Name: "a status that is not known", Body: status(`"on_the_moon"`), Want: applied},
		{Name: "a status in capitals", Body: status(`"APPROVED"`), Want: applied},
		{Name: "a status with a space behind", Body: status(`"approved "`), Want: applied},
		{Name: "a status with a NUL behind", Body: status(`"approved\u0000"`), Want: applied},
		{Name: "a status with a mark that is not seen", Body: status(`"appr\u200boved"`), Want: applied},
		{Name: "a status in letters that look alike", Body: status(`"аpproved"`), Want: applied},
		{Name: "a status with a line break", Body: status(`"approved\nlevel=ERROR"`), Want: applied},
		{Name: "a status of 1,024 bytes", Body: status(`"` + strings.Repeat("s", 1024) + `"`), Want: applied},
		{Name: "a status of a byte more", Body: status(`"` + strings.Repeat("s", 1025) + `"`), Want: poison(fold.BadStatus)},

		{Name: "a moment of creation that is a word", Body: swap(`"2026-03-01T11:00:00.000Z"`, `"yesterday"`), Want: applied},
		{Name: "a moment of redaction that is a word", Body: swap(`"status"`, `"redacted-at":"yesterday","status"`), Want: applied},
		{Name: "a redaction", Body: swap("inquiry.created", "inquiry.redacted", `"status"`, `"redacted-at":"2026-03-01T12:00:00.000Z","status"`, `"user-ID"`, `null`), Want: applied},
		{Name: "a redaction of the year 9999", Body: swap("inquiry.created", "inquiry.redacted", `"status"`, `"redacted-at":"9999-12-31T23:59:59Z","status"`), Want: applied},
		{Name: "fields that are a text", Body: swap(`"status"`, `"fields":"none","status"`), Want: applied},
		{Name: "fields that are null", Body: swap(`"status"`, `"fields":null,"status"`), Want: applied},
		{Name: "fields of every type", Body: swap(`"status"`, `"fields":{"a":{"type":"string","value":null},"b":7,"c":[],"":{}},"status"`), Want: applied},
		{Name: "an attribute without a name", Body: swap(`"status"`, `"":1,"status"`), Want: applied},
		{Name: "checks of odd shapes", Body: about("verification.passed", `{"type":"verification/selfie","id":"ver_ID","attributes":{"status":"passed","checks":[null,7,"x",{},{"name":7,"status":[]}]}}`), Want: applied},

		{Name: "snake case", Body: swap(`"created-at":"2026-03-01T11`, `"created_at":"2026-03-01T11`, `"reference-id"`, `"reference_id"`, `"created-at":"2026-03-01T12`, `"created_at":"2026-03-01T12`), Want: applied},
		{Name: "camel case", Body: swap(`"created-at":"2026-03-01T11`, `"createdAt":"2026-03-01T11`, `"reference-id"`, `"referenceId"`, `"created-at":"2026-03-01T12`, `"createdAt":"2026-03-01T12`), Want: applied},
		{Name: "camel case with numbers", Body: swap(`"status"`, `"addressStreet1":"x","addressStreet2":"y","referenceID2":1,"status"`), Want: applied},
		{Name: "three casings at once", Body: swap(`"status"`, `"updated_at":"2026-03-01T11:00:00Z","redactedAt":null,"status"`), Want: applied},
	}
}

// references returns inquiries with unusual reference ids.
func references() []Case {
	reference := func(json string) func(string) []byte { return swap(`"user-ID"`, json) }
	return []Case{
		{Name: "no reference id", Body: swap(`,"reference-id":"user-ID"`, ``), Want: applied},
		{Name: "a reference id that is null", Body: reference(`null`), Want: applied},
		{Name: "a reference id that is empty", Body: reference(`""`), Want: applied},
		{Name: "a reference id that is a number", Body: reference(`7`), Want: applied},
		{Name: "a reference id that is an object", Body: reference(`{"id":"user-ID"}`), Want: applied},
		{Name: "a reference id of spaces", Body: reference(`"   "`), Want: applied},
		{Name: "a reference id with slashes and dots", Body: reference(`"../../user-ID?x#y%00"`), Want: applied},
		{Name: "a reference id of many languages", Body: reference(`"użytkownik-用户-ID-😀"`), Want: applied},
		{Name: "a reference id with a line break", Body: reference(`"user-ID\nadmin"`), Want: applied},
		{Name: "a reference id that looks like SQL", Body: reference(`"' OR 1=1 --ID"`), Want: applied},
		{Name: "a reference id of 1,024 bytes", Body: reference(`"ID` + strings.Repeat("r", 1020) + `"`), Want: applied},
		{Name: "a reference id of 1,025 bytes", Body: reference(`"` + strings.Repeat("r", 1025) + `"`), Want: poison(fold.BadReference)},
		{Name: "a reference id of 9,000 bytes", Body: reference(`"` + strings.Repeat("r", 9000) + `"`), Want: poison(fold.BadReference)},
		{Name: "a reference id with a NUL", Body: reference(`"user-ID\u0000"`), Want: poison(fold.BadReference)},
		{Name: "a reference id that is a NUL", Body: reference(`"\u0000"`), Want: poison(fold.BadReference)},
		{Name: "a reference id with half of a surrogate pair", Body: reference(`"user-ID\ud800"`), Want: poison(fold.BadReference)},
	}
}

// relationships returns inquiries with unusual relationships.
func relationships() []Case {
	all := func(json string) func(string) []byte {
		return swap(`{"account":{"data":{"type":"account","id":"act_ID"}},"verifications":{"data":[]}}`, json)
	}
	account := func(json string) func(string) []byte {
		return swap(`{"data":{"type":"account","id":"act_ID"}}`, json)
	}
	id := func(json string) func(string) []byte { return swap(`"act_ID"`, json) }
	verifications := func(json string) func(string) []byte {
		return swap(`"verifications":{"data":[]}`, `"verifications":`+json)
	}
	bad := poison(fold.BadRelation)
	return []Case{
		{Name: "relationships that are missing", Body: swap(`,"relationships":{"account":{"data":{"type":"account","id":"act_ID"}},"verifications":{"data":[]}}`, ``), Want: applied},
		{Name: "relationships that are null", Body: all(`null`), Want: applied},
		{Name: "relationships that are empty", Body: all(`{}`), Want: applied},
		{Name: "relationships that are a list", Body: all(`[]`), Want: poison(fold.Malformed)},
		{Name: "relationships that are a number", Body: all(`7`), Want: poison(fold.Malformed)},
		{Name: "a relationship that is null", Body: account(`null`), Want: applied},
		{Name: "a relationship that is empty", Body: account(`{}`), Want: applied},
		{Name: "a relationship of links alone", Body: account(`{"links":{"related":"/accounts/act_ID"}}`), Want: applied},
		{Name: "a relationship to null", Body: account(`{"data":null}`), Want: applied},
		{Name: "a relationship to an empty object", Body: account(`{"data":{}}`), Want: applied},
		{Name: "a relationship in capitals", Body: account(`{"Data":{"type":"account","id":"act_ID"}}`), Want: applied},
		{Name: "a relationship that is a text", Body: account(`"act_ID"`), Want: bad},
		{Name: "a relationship that is a list", Body: account(`[]`), Want: bad},
		{Name: "a relationship to a text", Body: account(`{"data":"act_ID"}`), Want: bad},
		{Name: "a relationship to a number", Body: account(`{"data":7}`), Want: bad},
		{Name: "a relationship to a list of lists", Body: verifications(`{"data":[[]]}`), Want: bad},
		{Name: "a relationship to a list of nulls", Body: verifications(`{"data":[null]}`), Want: bad},
		{Name: "a relationship to a list of texts", Body: verifications(`{"data":["ver_ID"]}`), Want: bad},
		{Name: "a relationship to empty objects", Body: verifications(`{"data":[{},{}]}`), Want: applied},
		{Name: "a relationship to one thing twice", Body: verifications(`{"data":[{"type":"verification/selfie","id":"ver_ID"},{"type":"verification/selfie","id":"ver_ID"}]}`), Want: applied},
		{Name: "a relationship to itself", Body: account(`{"data":{"type":"inquiry","id":"inq_ID"}}`), Want: applied},
		{Name: "a relationship to an unknown kind", Body: account(`{"data":{"type":"moon-phase","id":"moon_ID"}}`), Want: applied},
		{Name: "a relationship of an odd name", Body: all(`{"a\u0000/..":{"data":{"type":"account","id":"act_ID"}}}`), Want: applied},
		{Name: "a relationship without an id", Body: account(`{"data":{"type":"account"}}`), Want: bad},
		{Name: "a relationship without a type", Body: account(`{"data":{"id":"act_ID"}}`), Want: bad},
		{Name: "a relationship's id in capitals", Body: account(`{"data":{"type":"account","ID":"act_ID"}}`), Want: bad},
		{Name: "a relationship's id that is null", Body: id(`null`), Want: bad},
		{Name: "a relationship's id that is a number", Body: id(`7`), Want: bad},
		{Name: "a relationship's id that is empty", Body: id(`""`), Want: bad},
		{Name: "a relationship's id with a NUL", Body: id(`"act_ID\u0000"`), Want: bad},
		{Name: "a relationship's id with a line break", Body: id(`"act_ID\n"`), Want: bad},
		{Name: "a relationship's id that is two dots", Body: id(`".."`), Want: bad},
		{Name: "a relationship's id that leads elsewhere", Body: id(`"../inquiries/inq_ID"`), Want: bad},
		{Name: "a relationship's id of 9,000 bytes", Body: id(`"` + strings.Repeat("a", 9000) + `"`), Want: bad},
		{Name: "a relationship's id with half of a surrogate pair", Body: id(`"act_ID\udfff"`), Want: bad},
		{Name: "a relationship's type with a NUL", Body: account(`{"data":{"type":"acc\u0000ount","id":"act_ID"}}`), Want: bad},
		{Name: "a relationship's type of 9,000 bytes", Body: account(`{"data":{"type":"` + strings.Repeat("a", 9000) + `","id":"act_ID"}}`), Want: bad},
		{Name: "a relationship that no list of ours knows, with a NUL", Body: all(`{"unheard-of":{"data":[{"type":"account","id":"act_ID"},{"type":"account","id":"\u0000"}]}}`), Want: bad},
	}
}

// includes returns inquiries with unusual included resources. Unreadable ones are ignored,
// since they can be read from Persona.
func includes() []Case {
	included := func(json string) func(string) []byte {
		return swap(inquiry, inquiry+`,"included":`+json)
	}
	return []Case{
		{Name: "included that is null", Body: included(`null`), Want: applied},
		{Name: "included that is empty", Body: included(`[]`), Want: applied},
		{Name: "included that is an object", Body: included(`{"type":"account","id":"act_ID"}`), Want: applied},
		{Name: "included that is a text", Body: included(`"none"`), Want: applied},
		{Name: "included of nulls and numbers", Body: included(`[null,7,"x",[],{}]`), Want: applied},
		{Name: "included without ids", Body: included(`[{"type":"account"},{"id":"act_ID"}]`), Want: applied},
		{Name: "included with a NUL in an id", Body: included(`[{"type":"account","id":"act_ID\u0000","attributes":{}}]`), Want: applied},
		{Name: "included with a reference id of 9,000 bytes", Body: included(`[{"type":"account","id":"act_ID","attributes":{"reference-id":"` + strings.Repeat("r", 9000) + `"}}]`), Want: applied},
		{Name: "included with keys twice", Body: included(`[{"type":"account","id":"act_ID","id":"act_other"}]`), Want: applied},
		{Name: "included with the object itself", Body: included(`[` + strings.Replace(inquiry, `"created"`, `"approved"`, 1) + `]`), Want: applied},
		{Name: "included that is not UTF-8", Body: included("[{\"type\":\"account\",\"id\":\"act_ID\",\"attributes\":{\"x\":\"\xff\"}}]"), Want: poison(fold.NotUTF8)},
		{Name: "included of ten thousand", Body: included(`[` + strings.Repeat(`{},`, 9999) + `{}]`), Want: applied},
	}
}

// histories returns events that follow another event of the same object.
func histories() []Case {
	approved := swap("evt_ID", "evt_ID_before", "inquiry.created", "inquiry.approved", `"status":"created"`, `"status":"approved"`, "2026-03-01T12:00:00.000Z", "2026-03-01T13:00:00.000Z")
	redacted := swap("evt_ID", "evt_ID_before", "inquiry.created", "inquiry.redacted", `"status"`, `"redacted-at":"2026-03-01T12:30:00.000Z","status"`, "2026-03-01T12:00:00.000Z", "2026-03-01T12:30:00.000Z")
	later := func(pairs ...string) func(string) []byte {
		return swap(append([]string{"2026-03-01T12:00:00.000Z", "2026-03-01T14:00:00.000Z"}, pairs...)...)
	}
	return []Case{
		{Name: "the same event again", Before: swap(), Body: swap(), Want: applied},
		{Name: "another body under a known id", Before: swap(), Body: swap(`"status":"created"`, `"status":"approved"`), Want: applied},
		{Name: "an event that is late", Before: approved, Body: swap(), Want: stale},
		{Name: "an undecided status after a decision", Before: approved, Body: later(), Want: stale},
		{Name: "a status that is not known after a decision", Before: approved, Body: later(`"created","created-at"`, `"on_the_moon","created-at"`), Want: stale},
		{Name: "anything after a redaction", Before: redacted, Body: later(), Want: stale},
		{Name: "a decision after a redaction", Before: redacted, Body: later("inquiry.created", "inquiry.approved", `"status":"created"`, `"status":"approved"`), Want: stale},
		{Name: "the other decision after a decision", Before: approved, Body: later("inquiry.created", "inquiry.declined", `"status":"created"`, `"status":"declined"`), Want: applied},
		{Name: "a reference id that is taken away", Before: approved, Body: later(`"status":"created"`, `"status":"approved"`, `"user-ID"`, `null`), Want: applied},
		{Name: "a reference id that is somebody else's", Before: approved, Body: later(`"status":"created"`, `"status":"approved"`, `"user-ID"`, `"user-other"`), Want: applied},
		{Name: "poison after what is sound", Before: approved, Body: later(`"user-ID"`, `"\u0000"`), Want: poison(fold.BadReference)},
		{Name: "what is sound after poison", Before: swap("evt_ID", "evt_ID_before", `"user-ID"`, `"\u0000"`), Body: later(), Want: applied},
		{Name: "an event after one of the future", Before: swap("evt_ID", "evt_ID_before", "2026-03-01T12:00:00.000Z", "2126-03-01T12:00:00.000Z"), Body: later("2026-03-01T14:00:00.000Z", "2126-03-02T12:00:00.000Z", `"created","created-at"`, `"pending","created-at"`), Want: applied},
	}
}
