package hostile

import "strings"

// identities returns events with unusable ids, names or objects.
func identities() []Case {
	var cases []Case
	long := strings.Repeat("x", 9000)
	for _, of := range []struct{ what, from string }{
		{"the event's id", `"id":"evt_ID"`}, {"the object's id", `"id":"inq_ID"`}, {"the object's type", `"type":"inquiry"`}, {"the name", `"name":"inquiry.created"`},
	} {
		key := of.from[:strings.Index(of.from, ":")+1]
		for _, value := range []struct{ is, json string }{
			{"is missing", ""}, {"is null", "null"}, {"is a number", "7"}, {"is a list", `["x"]`}, {"is an object", `{}`}, {"is empty", `""`}, {"is two dots", `".."`},
			{"holds a NUL", `"a_ID\u0000"`}, {"holds a line break", `"a_ID\nb"`}, {"holds a space", `"a ID"`}, {"is 9,000 bytes long", `"` + long + `ID"`},
			{"is not UTF-8", "\"a_ID\xff\""}, {"holds half of a surrogate pair", `"a_ID\ud800"`}, {"holds a percent sign", `"a_ID%2e"`},
		} {
			to := key + value.json
			old := of.from
			if value.json == "" {
				to, old = "", of.from+","
			}
			cases = append(cases, Case{Name: of.what + " " + value.is, Body: swap(old, to), Want: refused})
		}
	}
	path := func(id string) func(string) []byte { return swap("inq_ID", id) }
	return append(cases, []Case{
		{Name: "an object's id that is a dot", Body: path("."), Want: refused},
		{Name: "an object's id that leads elsewhere", Body: path("../accounts/act_ID"), Want: refused},
		{Name: "an object's id with a slash", Body: path("inq_ID/approve"), Want: refused},
		{Name: "an object's id with a query", Body: path("inq_ID?include=account"), Want: refused},
		{Name: "an object's id with a fragment", Body: path("inq_ID#x"), Want: refused},
		{Name: "an object's id with a right-to-left mark", Body: path("inq_ID\u202e"), Want: refused},
		{Name: "an object's type that leads elsewhere", Body: swap(`"type":"inquiry"`, `"type":"inquiry/../case"`), Want: refused},
		{Name: "an object's type that ends in a slash", Body: swap(`"type":"inquiry"`, `"type":"inquiry/"`), Want: refused},
		{Name: "an event of another type", Body: swap(`"type":"event"`, `"type":"inquiry"`), Want: refused},
		{Name: "an event without a type", Body: swap(`"type":"event",`, ``), Want: refused},
		{Name: "an event in a list", Body: text(`{"data":[` + strings.TrimSuffix(strings.TrimPrefix(sound, `{"data":`), `}`) + `]}`), Want: refused},
		{Name: "an event that is null", Body: text(`{"data":null}`), Want: refused},
		{Name: "an event without attributes", Body: text(`{"data":{"type":"event","id":"evt_ID"}}`), Want: refused},
		{Name: "an event whose attributes are a list", Body: text(`{"data":{"type":"event","id":"evt_ID","attributes":[]}}`), Want: refused},
		{Name: "an inquiry in place of an event", Body: text(`{"data":` + inquiry + `}`), Want: refused},
		{Name: "no payload", Body: swap(`,"payload":{"data":`+inquiry+`}`, ``), Want: refused},
		{Name: "a payload that is null", Body: swap(`{"data":`+inquiry+`}`, `null`), Want: refused},
		{Name: "a payload that is a list", Body: swap(`{"data":`+inquiry+`}`, `[`+inquiry+`]`), Want: refused},
		{Name: "a payload without data", Body: swap(`{"data":`+inquiry+`}`, `{}`), Want: refused},
		{Name: "a payload of several objects", Body: swap(inquiry, `[`+inquiry+`]`), Want: refused},
		{Name: "a payload of a text", Body: swap(inquiry, `"inq_ID"`), Want: refused},

		{Name: "ids of 190 bytes", Body: swap("evt_ID", "evt_ID"+strings.Repeat("e", 180), "inq_ID", "inq_ID"+strings.Repeat("i", 180)), Want: applied},
		{Name: "ids of odd characters", Body: swap("evt_ID", "evt_ID~!$&'()*+,;=:@|`^{}[]<>", "inq_ID", "inq_ID~!$&'()*+,;=:@|`^{}[]<>"), Want: applied},
		{Name: "an id that looks like SQL", Body: swap("inq_ID", "inq_ID'--"), Want: applied},
		{Name: "an id in escapes", Body: swap("inq_ID", `\u0069nq_ID`), Want: applied},
		{Name: "an id of dots and more", Body: swap("inq_ID", "..ID"), Want: applied},
	}...)
}

// moments returns events with unusual times.
func moments() []Case {
	at := func(json string) func(string) []byte { return swap(`"2026-03-01T12:00:00.000Z"`, json) }
	return []Case{
		{Name: "no moment", Body: swap(`"created-at":"2026-03-01T12:00:00.000Z",`, ``), Want: refused},
		{Name: "a moment that is null", Body: at(`null`), Want: refused},
		{Name: "a moment that is empty", Body: at(`""`), Want: refused},
		{Name: "a moment that is a word", Body: at(`"yesterday"`), Want: refused},
		{Name: "a moment in seconds", Body: at(`1772366400`), Want: refused},
		{Name: "a moment that is a list", Body: at(`["2026-03-01T12:00:00Z"]`), Want: refused},
		{Name: "a moment without a zone", Body: at(`"2026-03-01T12:00:00"`), Want: refused},
		{Name: "a moment that is a day", Body: at(`"2026-03-01"`), Want: refused},
		{Name: "a moment on the 30th of February", Body: at(`"2026-02-30T12:00:00Z"`), Want: refused},
		{Name: "a moment at 25 o'clock", Body: at(`"2026-03-01T25:00:00Z"`), Want: refused},
		{Name: "a moment of the year 10000", Body: at(`"10000-03-01T12:00:00Z"`), Want: refused},
		{Name: "a moment before all time", Body: at(`"0001-01-01T00:00:00Z"`), Want: refused},
		{Name: "a moment of the year 1", Body: at(`"0001-01-01T00:00:01Z"`), Want: applied},
		{Name: "a moment of 1969", Body: at(`"1969-12-31T23:59:59Z"`), Want: applied},
		{Name: "a moment of 1970", Body: at(`"1970-01-01T00:00:00Z"`), Want: applied},
		{Name: "a moment in nanoseconds", Body: at(`"2026-03-01T12:00:00.123456789Z"`), Want: applied},
		{Name: "a moment of another zone", Body: at(`"2026-03-01T12:00:00+14:00"`), Want: applied},
		{Name: "a moment in escapes", Body: at(`"2026\u002d03-01T12:00:00Z"`), Want: applied},
		{Name: "a moment in a hundred years", Body: at(`"2126-03-01T12:00:00Z"`), Want: applied},
		{Name: "the last moment that there is", Body: at(`"9999-12-31T23:59:59.999Z"`), Want: applied},
	}
}

// kinds returns events with all kinds of names and objects.
func kinds() []Case {
	object := func(typ, status string) string {
		return `{"type":"` + typ + `","id":"obj_ID","attributes":{` + status + `}}`
	}
	return []Case{
		{Name: "a session", Body: about("inquiry-session.started", object("inquiry-session", `"status":"active"`)), Want: applied},
		{Name: "a case", Body: about("case.created", object("case", `"status":"Open","created-at":"2026-03-01T11:00:00.000Z"`)), Want: applied},
		{Name: "a case of an odd status", Body: about("case.created", object("case", `"status":"\u0000\ud83d\ude00 <b>"`)), Want: applied},
		{Name: "an account", Body: about("account.created", object("account", `"reference-id":"user-ID","account-status":"Default"`)), Want: applied},
		{Name: "a verification", Body: about("verification.passed", object("verification/government-id", `"status":"passed"`)), Want: applied},
		{Name: "a report", Body: about("report/watchlist.ready", object("report/watchlist", `"status":"ready","has-match":true`)), Want: applied},
		{Name: "a transaction", Body: about("transaction.created", object("transaction", `"status":"created","reference-id":"user-ID"`)), Want: applied},
		{Name: "a document", Body: about("document.created", object("document/government-id", `"status":"initiated"`)), Want: applied},
		{Name: "a selfie", Body: about("selfie.created", object("selfie/profile-and-center", `"status":"initiated"`)), Want: applied},
		{Name: "an event of one kind about an object of another", Body: about("report/watchlist.ready", object("case", `"status":"Open"`)), Want: applied},
		{Name: "an object without attributes", Body: swap(inquiry, `{"type":"inquiry","id":"inq_ID"}`), Want: applied},

		{Name: "a name that there is not yet", Body: swap("inquiry.created", "inquiry.teleported"), Want: unhandled},
		{Name: "a name in capitals", Body: swap("inquiry.created", "Inquiry.Created"), Want: unhandled},
		{Name: "a name that is a star", Body: swap("inquiry.created", "*"), Want: unhandled},
		{Name: "a kind that there is not yet", Body: about("inquiry.created", object("moon-phase", `"status":"full"`)), Want: unhandled},
		{Name: "a kind in capitals", Body: about("inquiry.created", object("Inquiry", `"status":"approved"`)), Want: unhandled},
		{Name: "a workflow's run", Body: about("workflow-run.created", object("workflow-run", `"status":"completed"`)), Want: unhandled},
		{Name: "an unknown kind that is not UTF-8", Body: about("inquiry.created", object("moon-phase", "\"status\":\"\xff\"")), Want: unhandled},
		{Name: "an unknown kind with keys twice", Body: about("inquiry.created", object("moon-phase", `"a":1,"a":2`)), Want: unhandled},
	}
}
