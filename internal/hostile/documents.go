package hostile

import (
	"strings"

	"github.com/idemhq/idem/internal/fold"
)

// documents returns bodies that are not JSON, or too much of it.
func documents() []Case {
	nested := func(open, shut string, depth int) string {
		return strings.Repeat(open, depth) + strings.Repeat(shut, depth)
	}
	value := func(json string) func(string) []byte { return swap(`"status"`, `"odd":`+json+`,"status"`) }
	return []Case{
		{Name: "a word", Body: text(`hello`), Want: refused},
		{Name: "a number", Body: text(`7`), Want: refused},
		{Name: "a string", Body: text(`"evt_ID"`), Want: refused},
		{Name: "null", Body: text(`null`), Want: refused},
		{Name: "a list", Body: text(`[` + sound + `]`), Want: refused},
		{Name: "two documents", Body: text(sound + sound), Want: refused},
		{Name: "a document and a comma", Body: text(sound + `,`), Want: refused},
		{Name: "a document cut off in its middle", Body: text(sound[:len(sound)/2]), Want: refused},
		{Name: "a document without its last brace", Body: text(sound[:len(sound)-1]), Want: refused},
		{Name: "a comma before a brace", Body: swap(`"user-ID"}`, `"user-ID",}`), Want: refused},
		{Name: "a comment", Body: swap(`{"type":"event"`, `/* c */{"type":"event"`), Want: refused},
		{Name: "single quotes", Body: text(strings.ReplaceAll(sound, `"`, `'`)), Want: refused},
		{Name: "a key without quotes", Body: swap(`"type":"event"`, `type:"event"`), Want: refused},
		{Name: "a line break inside of a string", Body: value("\"a\nb\""), Want: refused},
		{Name: "a raw NUL inside of a string", Body: value("\"a\x00b\""), Want: refused},
		{Name: "a NUL between values", Body: value("1\x00"), Want: refused},
		{Name: "an escape that there is not", Body: value(`"\x41"`), Want: refused},
		{Name: "NaN", Body: value(`NaN`), Want: refused},
		{Name: "infinity", Body: value(`-Infinity`), Want: refused},
		{Name: "a number with a leading zero", Body: value(`007`), Want: refused},
		{Name: "a number that begins with a plus", Body: value(`+7`), Want: refused},
		{Name: "a hexadecimal number", Body: value(`0x7`), Want: refused},
		{Name: "true in capitals", Body: value(`True`), Want: refused},
		{Name: "a hundred thousand brackets", Body: text(strings.Repeat(`[`, 100_000)), Want: refused},
		{Name: "a hundred thousand braces", Body: text(strings.Repeat(`{"data":`, 100_000)), Want: refused},
		{Name: "lists nested a thousand deep", Body: value(nested(`[`, `]`, 1000)), Want: refused},
		{Name: "objects nested a thousand deep", Body: value(strings.Repeat(`{"a":`, 1000) + `1` + strings.Repeat(`}`, 1000)), Want: refused},

		{Name: "lists nested ninety deep", Body: value(nested(`[`, `]`, 90)), Want: applied},
		{Name: "white space everywhere", Body: text(" \r\n\t" + strings.ReplaceAll(sound, `:{`, " :\t{\n ") + "\n"), Want: applied},
		{Name: "a number beyond all floats", Body: value(`1e999999`), Want: applied},
		{Name: "a number of a thousand digits", Body: value(strings.Repeat("9", 1000)), Want: applied},
		{Name: "a number near zero", Body: value(`-1e-999999`), Want: applied},
		{Name: "minus zero", Body: value(`-0`), Want: applied},
		{Name: "a key of ten thousand bytes", Body: swap(`"status"`, `"`+strings.Repeat("k", 10_000)+`":1,"status"`), Want: applied},
		{Name: "ten thousand attributes", Body: swap(`"status"`, many(10_000)+`"status"`), Want: applied},
		{Name: "keys that JavaScript knows", Body: swap(`"status"`, `"__proto__":{"status":"approved"},"constructor":1,"status"`), Want: applied},

		{Name: "a value that is not UTF-8", Body: value("\"\xff\xfe\""), Want: poison(fold.NotUTF8)},
		{Name: "a value in Latin 1", Body: value("\"caf\xe9\""), Want: poison(fold.NotUTF8)},
		{Name: "a value with half of a character", Body: value("\"\xc3\""), Want: poison(fold.NotUTF8)},
		{Name: "a value with an overlong slash", Body: value("\"\xc0\xaf\""), Want: poison(fold.NotUTF8)},
		{Name: "a value with a surrogate in UTF-8", Body: value("\"\xed\xa0\x80\""), Want: poison(fold.NotUTF8)},
		{Name: "a key that is not UTF-8", Body: swap(`"status"`, "\"\xff\":1,\"status\""), Want: poison(fold.NotUTF8)},
		{Name: "bytes that are not UTF-8 beside the event", Body: text(`{"meta":"` + "\xff" + `",` + sound[1:]), Want: poison(fold.NotUTF8)},

		{Name: "a value with an escaped NUL", Body: value(`"a\u0000b"`), Want: applied},
		{Name: "a key with an escaped NUL", Body: swap(`"status"`, `"a\u0000b":1,"status"`), Want: applied},
		{Name: "a value with half of a surrogate pair", Body: value(`"\ud800"`), Want: applied},
		{Name: "a value with the pair turned round", Body: value(`"\udc00\ud800"`), Want: applied},
		{Name: "a value of every plane", Body: value(`"\u0001\u007f\u0080\u200b\u202e\ufeff\uffff😀\ud83d\ude00"`), Want: applied},
		{Name: "a value that is SQL", Body: value(`"'; DROP TABLE events; --"`), Want: applied},
		{Name: "a value that is HTML", Body: value(`"<script>alert(1)</script>"`), Want: applied},
	}
}

// many returns n members, each followed by a comma.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"a`)
		for ; i > 0; i /= 10 {
			b.WriteByte(byte('0' + i%10))
		}
		b.WriteString(`":1,`)
	}
	return b.String()
}

// keys returns events with a duplicate key, or with keys in another case.
func keys() []Case {
	return []Case{
		{Name: "data twice", Body: text(`{"data":{},` + sound[1:]), Want: refused},
		{Name: "the event's type twice", Body: swap(`"type":"event"`, `"type":"event","type":"event"`), Want: refused},
		{Name: "the event's id twice", Body: swap(`"id":"evt_ID"`, `"id":"evt_ID","id":"evt_other"`), Want: refused},
		{Name: "the event's id twice, once empty", Body: swap(`"id":"evt_ID"`, `"id":"","id":"evt_ID"`), Want: refused},
		{Name: "the event's id twice, once in escapes", Body: swap(`"id":"evt_ID"`, `"\u0069d":"evt_other","id":"evt_ID"`), Want: refused},
		{Name: "the name twice", Body: swap(`"name"`, `"name":"inquiry.approved","name"`), Want: refused},
		{Name: "the moment twice", Body: swap(`"created-at"`, `"created-at":"2026-03-01T12:00:00Z","created-at"`), Want: refused},
		{Name: "the moment in two casings", Body: swap(`"created-at"`, `"createdAt":"2026-03-01T12:00:00Z","created-at"`), Want: refused},
		{Name: "the payload twice", Body: swap(`"payload"`, `"payload":{},"payload"`), Want: refused},
		{Name: "the payload's data twice", Body: swap(`"payload":{`, `"payload":{"data":null,`), Want: refused},
		{Name: "the object's type twice", Body: swap(`"type":"inquiry"`, `"type":"inquiry","type":"case"`), Want: refused},
		{Name: "the object's id twice", Body: swap(`"id":"inq_ID"`, `"id":"inq_ID","id":"inq_other"`), Want: refused},
		{Name: "the object's id twice, once empty", Body: swap(`"id":"inq_ID"`, `"id":"","id":"inq_ID"`), Want: refused},
		{Name: "data in capitals alone", Body: swap(`{"data":{"type":"event"`, `{"Data":{"type":"event"`), Want: refused},
		{Name: "the event's id in capitals alone", Body: swap(`"id":"evt_ID"`, `"ID":"evt_ID"`), Want: refused},
		{Name: "the name in capitals alone", Body: swap(`"name"`, `"Name"`), Want: refused},
		{Name: "the payload in capitals alone", Body: swap(`"payload"`, `"Payload"`), Want: refused},
		{Name: "the object's id in capitals alone", Body: swap(`"id":"inq_ID"`, `"ID":"inq_ID"`), Want: refused},
		{Name: "the moment in capitals alone", Body: swap(`"created-at"`, `"Created-At"`), Want: refused},

		{Name: "another event's id in capitals", Body: swap(`"id":"evt_ID"`, `"id":"evt_ID","ID":"evt_other","Id":"evt_third"`), Want: applied},
		{Name: "another object's id in capitals", Body: swap(`"id":"inq_ID"`, `"id":"inq_ID","ID":"inq_other","Id":"inq_third"`), Want: applied},
		{Name: "another object's id in capitals before", Body: swap(`"id":"inq_ID"`, `"ID":"inq_other","id":"inq_ID"`), Want: applied},
		{Name: "another object's id with a long s", Body: swap(`"attributes":{"status"`, `"attributeſ":{"status":"approved"},"attributes":{"status"`), Want: applied},
		{Name: "another type in capitals", Body: swap(`"type":"inquiry"`, `"Type":"account","type":"inquiry","TYPE":"case"`), Want: applied},
		{Name: "other attributes in capitals", Body: swap(`"relationships"`, `"Attributes":{"status":"approved"},"relationships"`), Want: applied},
		{Name: "another status in capitals", Body: swap(`"status":"created"`, `"Status":"approved","status":"created","STATUS":"declined"`), Want: applied},
		{Name: "another data in capitals", Body: text(`{"Data":{"id":"evt_other"},` + sound[1:]), Want: applied},
		{Name: "another payload in capitals", Body: swap(`"payload"`, `"Payload":{"data":{"type":"inquiry","id":"inq_other"}},"payload"`), Want: applied},
		{Name: "keys in escapes", Body: swap(`"data"`, `"d\u0061ta"`, `"id":"evt_ID"`, `"\u0069\u0064":"evt_ID"`, `"status"`, `"stat\u0075s"`), Want: applied},
		{Name: "a key twice deep inside of an attribute", Body: swap(`"status"`, `"fields":{"a":{"value":1,"value":2},"a":3},"status"`), Want: applied},

		{Name: "the attributes twice", Body: swap(`"relationships"`, `"attributes":{"status":"approved"},"relationships"`), Want: poison(fold.DuplicateKey)},
		{Name: "the relationships twice", Body: swap(`"relationships"`, `"relationships":{},"relationships"`), Want: poison(fold.DuplicateKey)},
		{Name: "the status twice", Body: swap(`"status":"created"`, `"status":"created","status":"approved"`), Want: poison(fold.DuplicateKey)},
		{Name: "the status twice, once in escapes", Body: swap(`"status":"created"`, `"status":"created","\u0073tatus":"approved"`), Want: poison(fold.DuplicateKey)},
		{Name: "the reference id in two casings", Body: swap(`"reference-id"`, `"reference_id":"user-other","reference-id"`), Want: poison(fold.DuplicateKey)},
		{Name: "a relationship twice", Body: swap(`"account":`, `"account":{"data":null},"account":`), Want: poison(fold.DuplicateKey)},
		{Name: "a relationship's id twice", Body: swap(`"id":"act_ID"`, `"id":"act_ID","id":"act_other"`), Want: poison(fold.DuplicateKey)},
		{Name: "the included twice", Body: swap(`"payload":{`, `"payload":{"included":[],"included":[],`), Want: refused},
		{Name: "the context twice", Body: swap(`"payload"`, `"context":{},"context":{},"payload"`), Want: refused},
	}
}
