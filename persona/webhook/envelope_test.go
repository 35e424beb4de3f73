package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

// approved is an event as Persona's defaults send it.
const approved = `{
  "data": {
    "type": "event",
    "id": "evt_aB3dE5gH7jK9mN1pQ3rS5tU7",
    "attributes": {
      "name": "inquiry.approved",
      "payload": {
        "data": {
          "type": "inquiry",
          "id": "inq_aB3dE5gH7jK9mN1pQ3rS5tU7",
          "attributes": {"status": "approved", "reference-id": "acme-user-1", "fields": {"name-first": {"type": "string", "value": "Ada"}}},
          "relationships": {"account": {"data": {"type": "account", "id": "act_1"}}}
        },
        "included": [{"type": "account", "id": "act_1", "attributes": {}}]
      },
      "created-at": "2026-11-20T09:30:00.123Z",
      "context": {}
    }
  }
}`

func event(attributes string) string {
	return `{"data":{"type":"event","id":"evt_1","attributes":{` + attributes + `}}}`
}

func TestParseEnvelopeReads(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 30, 0, 123e6, time.UTC)
	want := webhook.Envelope{ID: "evt_1", Name: "case.resolved", CreatedAt: at, ObjectType: "case", ObjectID: "case_1"}
	const payload = `"payload":{"data":{"type":"case","id":"case_1"}}`
	const created = `"created-at":"2026-11-20T09:30:00.123Z"`
	without := func(change func(*webhook.Envelope)) webhook.Envelope {
		e := want
		change(&e)
		return e
	}
	tests := []struct {
		name string
		body string
		want webhook.Envelope
	}{
		{"kebab keys", event(`"name":"case.resolved",` + created + `,` + payload), want},
		{"snake keys", event(`"name":"case.resolved","created_at":"2026-11-20T09:30:00.123Z",` + payload), want},
		{"camel keys", event(`"name":"case.resolved","createdAt":"2026-11-20T09:30:00.123Z",` + payload), want},
		{"keys in any order", `{"data":{"attributes":{` + payload + `,` + created + `,"name":"case.resolved"},"id":"evt_1","type":"event"}}`, want},
		{"keys Persona may add", `{"meta":{"x":[1,-2.5e+3,true,false,null,"é\n\u00e9"]},"data":{"links":[],"type":"event","id":"evt_1","attributes":{"new":{},"name":"case.resolved",` + created + `,` + payload + `}},"z":0}`, want},
		{"escaped characters", `{"d\u0061ta":{"type":"event","id":"evt\u005f1","attributes":{"name":"case.resolved",` + created + `,` + payload + `}}}`, want},
		{"a time in escapes", event(`"name":"case.resolved","created-at":"2026\u002d11-20T09:30:00.123Z",` + payload), want},
		{"white space everywhere", " \r\n{ \"data\" :\t{ \"type\" : \"event\" , \"id\" : \"evt_1\" , \"attributes\" : { \"name\" : \"case.resolved\" , " + created + " , " + payload + " } } } \n", want},
		{"an object inside an object that looks like another", event(`"name":"case.resolved",` + created + `,"payload":{"data":{"attributes":{"id":"x","type":"y"},"type":"case","id":"case_1"}}`), want},

		{"keys that differ in case alone", `{"DATA":1,"data":{"Type":"x","type":"event","ID":"evt_2","id":"evt_1","Id":"evt_3","attributes":{"Name":"n","name":"case.resolved",` + created + `,"Created-At":1,"Payload":{"data":{"type":"inquiry","id":"inq_1"}},` + strings.Replace(payload, `"id"`, `"ID":"case_2","Type":"inquiry","id"`, 1) + `}}}`, want},

		{"an event without a time", event(`"name":"case.resolved",` + payload), without(func(e *webhook.Envelope) { e.CreatedAt = time.Time{} })},
		{"an event with a malformed time", event(`"name":"case.resolved","created-at":"yesterday",` + payload), without(func(e *webhook.Envelope) { e.CreatedAt = time.Time{} })},
		{"an event with a number as its time", event(`"name":"case.resolved","created-at":1770000000,` + payload), without(func(e *webhook.Envelope) { e.CreatedAt = time.Time{} })},
		{"an event without a payload", event(`"name":"case.resolved",` + created), without(func(e *webhook.Envelope) { e.ObjectType, e.ObjectID = "", "" })},
		{"an event with a null payload", event(`"name":"case.resolved",` + created + `,"payload":null`), without(func(e *webhook.Envelope) { e.ObjectType, e.ObjectID = "", "" })},
		{"an event about several resources", event(`"name":"case.resolved",` + created + `,"payload":{"data":[{"type":"case","id":"case_1"}]}`), without(func(e *webhook.Envelope) { e.ObjectType, e.ObjectID = "", "" })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := webhook.ParseEnvelope([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestParseEnvelopeRejects(t *testing.T) {
	long := strings.Repeat("x", 201)
	tests := []struct {
		name string
		body string
		want string // what the error says
	}{
		{"an empty body", ``, "expected an object"},
		{"a body that is not JSON", `hello`, "expected an object"},
		{"an array", `[]`, "expected an object"},
		{"a form", `name=inquiry.approved`, "expected an object"},
		{"a body without data", `{}`, "there is no data"},
		{"null data", `{"data":null}`, "expected an object"},
		{"a resource that is no event", `{"data":{"type":"inquiry","id":"inq_1"}}`, "the type is not event"},
		{"an event without a type", `{"data":{"id":"evt_1","attributes":{"name":"n"}}}`, "the data has no type"},
		{"an event without an id", `{"data":{"type":"event","attributes":{"name":"n"}}}`, "the event has no id"},
		{"an event without a name", event(``), "the event has no name"},
		{"an id that is a number", `{"data":{"type":"event","id":1}}`, "the event's id is not a string"},
		{"an id that is too long", `{"data":{"type":"event","id":"` + long + `"}}`, "the event's id is too long"},
		{"an id that is too long in escapes", `{"data":{"type":"event","id":"` + strings.Repeat(`\u0078`, 201) + `"}}`, "the event's id is too long"},
		{"an id with a line break", `{"data":{"type":"event","id":"evt_1\nevt_2"}}`, "the event's id holds spaces"},
		{"an id with an accent", `{"data":{"type":"event","id":"évt_1"}}`, "the event's id holds spaces"},
		{"a name that is too long", event(`"name":"` + long + `"`), "the event's name is too long"},
		{"an object id that is too long", event(`"name":"n","payload":{"data":{"id":"` + long + `"}}`), "the object's id is too long"},
		{"two ids", `{"data":{"type":"event","id":"evt_1","id":"evt_2"}}`, "a member is given twice"},
		{"two ids, the first of them empty", `{"data":{"type":"event","id":"","id":"evt_2","attributes":{"name":"n"}}}`, "a member is given twice"},
		{"two names, the first of them empty", event(`"name":"","name":"n"`), "a member is given twice"},
		{"two object ids, the first of them empty", event(`"name":"n","payload":{"data":{"id":"","id":"case_1"}}`), "a member is given twice"},
		{"two object types, the first of them empty", event(`"name":"n","payload":{"data":{"type":"","type":"case"}}`), "a member is given twice"},
		{"an id in capitals alone", `{"data":{"type":"event","ID":"evt_1","attributes":{"name":"n"}}}`, "the event has no id"},
		{"data in capitals alone", `{"Data":{"type":"event","id":"evt_1","attributes":{"name":"n"}}}`, "there is no data"},
		{"two data", `{"data":{},"data":{}}`, "a member is given twice"},
		{"two payloads", event(`"name":"n","payload":{},"payload":{}`), "a member is given twice"},
		{"two times", event(`"name":"n","created-at":"2026-11-20T09:30:00Z","created_at":"2026-11-20T09:30:00Z"`), "a member is given twice"},
		{"a second document", approved + `{}`, "there is more after the JSON value"},
		{"nesting 101 deep", event(`"name":"n","payload":{"data":{"attributes":` + strings.Repeat(`[`, 96) + strings.Repeat(`]`, 96) + `}}`), "nested too deeply"},
		{"a million opening brackets", strings.Repeat(`[`, 1<<20), "expected an object"},
		{"a million opening braces in a value", `{"x":` + strings.Repeat(`{"x":`, 1<<18), "nested too deeply"},
		{"a trailing comma", `{"data":{},}`, "expected a key"},
		{"a missing colon", `{"data" {}}`, "expected a colon"},
		{"a number with a leading zero", `{"x":01}`, "expected a comma"},
		{"a number without digits after the point", `{"x":1.}`, "expected a digit"},
		{"a number without an exponent", `{"x":1e}`, "expected a digit"},
		{"a lone minus", `{"x":-}`, "expected a value"},
		{"a misspelt literal", `{"x":nul}`, "expected a value"},
		{"a raw control character", "{\"x\":\"a\nb\"}", "a control character"},
		{"a wrong escape", `{"x":"\x41"}`, "a wrong escape"},
		{"a short escape", `{"x":"\u00"}`, "a wrong escape"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := webhook.ParseEnvelope([]byte(tt.body))
			var bodyErr *webhook.BodyError
			if !errors.As(err, &bodyErr) {
				t.Fatalf("err = %v, want a BodyError", err)
			}
			if !strings.Contains(bodyErr.Detail, tt.want) {
				t.Errorf("detail = %q, want %q", bodyErr.Detail, tt.want)
			}
			noLeak(t, err, long, "evt_1", "inquiry.approved")
		})
	}
}

func TestParseEnvelopeRejectsTruncatedBodies(t *testing.T) {
	for n := range len(approved) {
		if e, err := webhook.ParseEnvelope([]byte(approved[:n])); err == nil {
			t.Fatalf("accepted the first %d bytes: %+v", n, e)
		}
	}
}

func TestParseEnvelopeAllocatesNoMoreForAHostileBody(t *testing.T) {
	small := testing.AllocsPerRun(10, func() { _, _ = webhook.ParseEnvelope([]byte(`{"x":[[[`)) })
	hostile := []byte(`{"x":` + strings.Repeat(`[`, 1<<20))
	large := testing.AllocsPerRun(10, func() { _, _ = webhook.ParseEnvelope(hostile) })
	if large > small+2 {
		t.Errorf("%v allocations for a mebibyte of brackets, %v for three", large, small)
	}
}

func FuzzParseEnvelopeAgreesWithEncodingJSON(f *testing.F) {
	for _, body := range []string{approved, event(`"name":"n"`), `{"data":{"type":"event","id":"\u00e9"}}`, `{"x":[1e9,-0.5,"\ud800"],"data":[]}`, "{}", ""} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := webhook.ParseEnvelope(body)
		if err != nil {
			if got != (webhook.Envelope{}) {
				t.Errorf("an error and an envelope: %+v", got)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted what is not JSON: %q", body)
		}
		var root struct {
			Data map[string]json.RawMessage
		}
		if json.Unmarshal(onlyMember(t, body, "data"), &root) != nil {
			return // a key in another case came last; encoding/json matches without case
		}
		var id string
		if err := json.Unmarshal(root.Data["id"], &id); err != nil || id != got.ID {
			t.Errorf("id = %q, encoding/json reads %q (%v)", got.ID, id, err)
		}
		var attributes map[string]json.RawMessage
		if err := json.Unmarshal(root.Data["attributes"], &attributes); err != nil {
			t.Fatal(err)
		}
		var name string
		if err := json.Unmarshal(attributes["name"], &name); err != nil || name != string(got.Name) {
			t.Errorf("name = %q, encoding/json reads %q (%v)", got.Name, name, err)
		}
	})
}

// onlyMember returns the object with no other member than the one named.
func onlyMember(t *testing.T, object []byte, name string) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatal(err)
	}
	one, err := json.Marshal(map[string]json.RawMessage{name: members[name]})
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func BenchmarkParseEnvelope(b *testing.B) {
	filler := `"filler":[` + strings.Repeat(`{"type":"check","name":"id_entity_detection","status":"passed","reasons":[]},`, 70) + `0],`
	body := []byte(strings.Replace(approved, `"status": "approved"`, filler+`"status": "approved"`, 1))
	b.Run("ParseEnvelope", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := webhook.ParseEnvelope(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if !json.Valid(bytes.TrimSpace(body)) {
				b.Fatal("not valid")
			}
		}
	})
}
