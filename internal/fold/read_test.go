package fold

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/idemhq/idem/internal/domain"
)

// received returns an event of the inquiry inq_1 as intake stores it.
func received(body string) domain.Event {
	return domain.Event{
		Environment: domain.Sandbox, ID: "evt_1", Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, Body: []byte(body), ReceivedAt: start.Add(time.Second),
	}
}

// about returns the body of an event about a resource, dated at start.
func about(resource string) string {
	return `{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.completed","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":` + resource + `}}}}`
}

// including returns the body of an event about an inquiry, with included objects.
func including(included string) string {
	return strings.TrimSuffix(about(inquiry(`"status":"created"`, ``)), `}}}}`) + `,"included":` + included + `}}}}`
}

func inquiry(attributes, relationships string) string {
	return `{"type":"inquiry","id":"inq_1","attributes":{` + attributes + `},"relationships":{` + relationships + `}}`
}

func TestThreeCasingsAreReadAlike(t *testing.T) {
	bodies := map[string]string{
		"kebab": `{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"approved","created-at":"2026-03-01T11:00:00.000Z","reference-id":"user-7","fields":{"name_first":{"type":"string","value":"x"}}},"relationships":{"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[]},"inquiry-template":{"data":{}}}}}}}}`,
		"snake": `{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved","created_at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"approved","created_at":"2026-03-01T11:00:00.000Z","reference_id":"user-7","fields":{"name_first":{"type":"string","value":"x"}}},"relationships":{"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[]},"inquiry_template":{"data":null}}},"included":null}}}}`,
		"camel": `{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved","createdAt":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"approved","createdAt":"2026-03-01T11:00:00.000Z","referenceId":"user-7","fields":{"name_first":{"type":"string","value":"x"}}},"relationships":{"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[]},"inquiryTemplate":{"data":null}}},"included":[]}}}}`,
	}
	want, err := Read(received(bodies["kebab"]))
	if err != nil {
		t.Fatal(err)
	}
	if want.Object.ReferenceID != "user-7" || want.Object.Status != "approved" || want.Thin || want.Future || !want.At.Equal(start) {
		t.Fatalf("read %+v", want)
	}
	for casing, body := range bodies {
		got, err := Read(received(body))
		if err != nil {
			t.Fatalf("%s: %v", casing, err)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if string(a) != string(b) {
			t.Errorf("%s reads as\n%s, kebab as\n%s", casing, b, a)
		}
	}
}

func TestAPayloadWithoutWhatVerdictsNeedIsThin(t *testing.T) {
	const attributes = `"status":"completed","reference-id":null,"created-at":"2026-03-01T11:00:00.000Z"`
	const relationships = `"account":{"data":null},"verifications":{"data":[]}`
	for name, test := range map[string]struct {
		without, with string
		thin          bool
	}{
		"with everything":                              {thin: false},
		"without status":                               {without: `"status":"completed",`, thin: true},
		"without reference id":                         {without: `"reference-id":null,`, thin: true},
		"without creation time":                        {without: `,"created-at":"2026-03-01T11:00:00.000Z"`, thin: true},
		"without account":                              {without: `"account":{"data":null},`, thin: true},
		"without verifications":                        {without: `,"verifications":{"data":[]}`, thin: true},
		"without all relationships":                    {without: `,"relationships":{` + relationships + `}`, thin: true},
		"with an account without data":                 {without: `"account":{"data":null}`, with: `"account":{"links":{}}`, thin: true},
		"with a status under a key in no known casing": {without: `"status"`, with: `"Status"`, thin: true},
		"with a status that is not a string":           {without: `"completed"`, with: `7`, thin: true},
		"with an account that is null":                 {without: `"account":{"data":null}`, with: `"account":null`, thin: false},
		"with an account that is an empty object":      {without: `"account":{"data":null}`, with: `"account":{"data":{}}`, thin: false},
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Replace(about(inquiry(attributes, relationships)), test.without, test.with, 1)
			if s, err := Read(received(body)); err != nil || s.Thin != test.thin {
				t.Errorf("thin %v, error %v", s.Thin, err)
			}
		})
	}
}

func TestResourcesThatCannotBeStoredAreUnreadable(t *testing.T) {
	const fine = `"status":"created","reference-id":"user-7"`
	long := strings.Repeat("x", 256)
	for name, test := range map[string]struct {
		resource string
		want     Reason
	}{
		"bytes that are not UTF-8":                           {inquiry(fine+`,"note":"`+"\xff"+`"`, ``), NotUTF8},
		"a resource that is a list":                          {`[]`, Malformed},
		"a resource that is missing":                         {`null`, Malformed},
		"attributes that are a string":                       {`{"type":"inquiry","id":"inq_1","attributes":"none"}`, Malformed},
		"relationships that are a number":                    {`{"type":"inquiry","id":"inq_1","relationships":7}`, Malformed},
		"an id that is missing":                              {`{"type":"inquiry"}`, BadIdentity},
		"an id under a key in capitals":                      {`{"type":"inquiry","ID":"inq_1"}`, BadIdentity},
		"another object than the envelope's":                 {`{"type":"inquiry","id":"inq_2"}`, OtherObject},
		"an object of another type":                          {`{"type":"case","id":"inq_1"}`, OtherObject},
		"an attribute twice":                                 {inquiry(fine+`,"status":"approved"`, ``), DuplicateKey},
		"an attribute in two casings":                        {inquiry(fine+`,"reference_id":"user-8"`, ``), DuplicateKey},
		"attributes twice":                                   {`{"type":"inquiry","id":"inq_1","attributes":{},"attributes":{}}`, DuplicateKey},
		"a relationship twice":                               {inquiry(fine, `"account":{"data":null},"account":{"data":{"type":"account","id":"act_1"}}`), DuplicateKey},
		"the data of a relationship twice":                   {inquiry(fine, `"account":{"data":null,"data":{"type":"account","id":"act_1"}}`), DuplicateKey},
		"the id of a relationship twice":                     {inquiry(fine, `"account":{"data":{"type":"account","id":"act_1","id":"act_2"}}`), DuplicateKey},
		"a NUL in a relationship's id":                       {inquiry(fine, `"account":{"data":{"type":"account","id":"act_\u0000"}}`), BadRelation},
		"a NUL in a relationship's type":                     {inquiry(fine, `"account":{"data":{"type":"acc\u0000ount","id":"act_1"}}`), BadRelation},
		"a line break in one of many":                        {inquiry(fine, `"verifications":{"data":[{"type":"verification/selfie","id":"ver_1"},{"type":"verification/selfie","id":"ver\n2"}]}`), BadRelation},
		"half of a surrogate pair in a relationship's id":    {inquiry(fine, `"account":{"data":{"type":"account","id":"act_\ud800"}}`), BadRelation},
		"a relationship's id that is ..":                     {inquiry(fine, `"account":{"data":{"type":"account","id":".."}}`), BadRelation},
		"a relationship's id that is too long":               {inquiry(fine, `"account":{"data":{"type":"account","id":"`+long+`"}}`), BadRelation},
		"a relationship's type that is too long":             {inquiry(fine, `"account":{"data":{"type":"`+long+`","id":"act_1"}}`), BadRelation},
		"a relationship without an id":                       {inquiry(fine, `"account":{"data":{"type":"account"}}`), BadRelation},
		"a relationship with its id under a key in capitals": {inquiry(fine, `"account":{"data":{"type":"account","ID":"act_1"}}`), BadRelation},
		"a relationship that is a string":                    {inquiry(fine, `"account":"act_1"`), BadRelation},
		"a relationship to a number":                         {inquiry(fine, `"account":{"data":7}`), BadRelation},
		"a relationship to a list of numbers":                {inquiry(fine, `"verifications":{"data":[7]}`), BadRelation},
		"a reference id that is too long":                    {inquiry(`"reference-id":"`+strings.Repeat("x", 1025)+`"`, ``), BadReference},
		"a NUL in a reference id":                            {inquiry(`"reference-id":"user-7\u0000"`, ``), BadReference},
		"half of a surrogate pair in a reference id":         {inquiry(`"reference-id":"user-7\udfff"`, ``), BadReference},
		"a status that is too long":                          {inquiry(`"status":"`+strings.Repeat("x", 1025)+`"`, ``), BadStatus},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(received(about(test.resource)))
			var reason *UnreadableError
			if !errors.Is(err, ErrUnreadable) || !errors.As(err, &reason) || reason.Reason != test.want {
				t.Fatalf("error %v, want %s", err, test.want)
			}
			if strings.Contains(err.Error(), "user-7") || strings.Contains(err.Error(), long) {
				t.Errorf("the error quotes the event: %v", err)
			}
		})
	}
}

func TestKeysAreMatchedExactly(t *testing.T) {
	for name, resource := range map[string]string{
		"an id in capitals after it":      `{"type":"inquiry","id":"inq_1","ID":"inq_2","Id":"inq_3","Type":"case","attributes":{"status":"created"}}`,
		"an id in capitals before it":     `{"Type":"case","ID":"inq_2","type":"inquiry","id":"inq_1","attributes":{"status":"created"}}`,
		"attributes in capitals":          `{"type":"inquiry","id":"inq_1","attributes":{"status":"created"},"Attributes":{"status":"approved"}}`,
		"a status in capitals":            `{"type":"inquiry","id":"inq_1","attributes":{"Status":"approved","status":"created","STATUS":"approved"}}`,
		"a key that is written in escape": `{"type":"inquiry","\u0069d":"inq_1","attributes":{"stat\u0075s":"created"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read(received(about(resource)))
			if err != nil || s.Object.Ref.ID != "inq_1" || s.Object.Status != "created" {
				t.Errorf("read %v as %q, error %v", s.Object.Ref, s.Object.Status, err)
			}
		})
	}
}

func TestABodyWithAnotherEventIDIsUnreadable(t *testing.T) {
	e := received(about(inquiry(`"status":"created"`, ``)))
	e.ID = "evt_2"
	var reason *UnreadableError
	if _, err := Read(e); !errors.As(err, &reason) || reason.Reason != OtherObject {
		t.Errorf("error %v", err)
	}
}

func TestAnEventWithoutATimeIsUnreadable(t *testing.T) {
	body := strings.Replace(about(inquiry(`"status":"created"`, ``)), `"2026-03-01T12:00:00.000Z"`, `"yesterday"`, 1)
	var reason *UnreadableError
	if _, err := Read(received(body)); !errors.As(err, &reason) || reason.Reason != NoTime {
		t.Errorf("error %v", err)
	}
}

func TestAnEventFromTheFutureCountsFromItsReceipt(t *testing.T) {
	for name, test := range map[string]struct {
		received time.Time
		at       time.Time
		future   bool
	}{
		"five minutes ahead is within the tolerance of clocks": {received: start.Add(-5 * time.Minute), at: start},
		"more than five minutes is the future":                 {received: start.Add(-5*time.Minute - 1), at: start.Add(-5*time.Minute - 1), future: true},
		"years are the future":                                 {received: start.AddDate(-9, 0, 0), at: start.AddDate(-9, 0, 0), future: true},
		"an event from Persona's list has no receipt":          {at: start},
	} {
		t.Run(name, func(t *testing.T) {
			e := received(including(`[{"type":"account","id":"act_1","attributes":{}}]`))
			e.ReceivedAt = test.received
			s, err := Read(e)
			if err != nil {
				t.Fatal(err)
			}
			if s.Future != test.future || !s.At.Equal(test.at) || !s.Object.AsOf.Equal(test.at) || len(s.Included) != 1 || !s.Included[0].AsOf.Equal(test.at) {
				t.Errorf("future %v, at %v, the object as of %v, included %v", s.Future, s.At, s.Object.AsOf, s.Included)
			}
		})
	}
}

func TestANullReferenceIDIsNotWithheld(t *testing.T) {
	for attributes, want := range map[string]string{`"reference-id":null`: "null", `"referenceId":null`: "null", `"status":"created"`: "", `"reference-id":""`: `""`} {
		s, err := Read(received(about(inquiry(attributes, ``))))
		if got := string(s.Object.Attributes["reference-id"]); err != nil || got != want {
			t.Errorf("%s is kept as %q, error %v", attributes, got, err)
		}
	}
}

func TestValuesAreKeptUnchanged(t *testing.T) {
	o, err := FromResource(domain.Sandbox, []byte(inquiry(`"status":"a\u0000b","note":"x\u0000\ud800","big":1e999,"fields":{"a":1,"a":2}`, ``)))
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != "a\uFFFDb" || string(o.Attributes["note"]) != `"x\u0000\ud800"` || string(o.Attributes["big"]) != "1e999" || string(o.Attributes["fields"]) != `{"a":1,"a":2}` {
		t.Errorf("read %q %q %s %s", o.Status, o.Attributes["note"], o.Attributes["big"], o.Attributes["fields"])
	}
}

func TestUnreadableIncludedObjectsAreIgnored(t *testing.T) {
	for included, want := range map[string][]string{
		`{"no":"list"}`: nil, `null`: nil, `7`: nil, `[]`: nil,
		`[null,7,{},{"type":"account"},{"type":"account","id":".."},{"type":"account","id":"act_1"}]`: {"act_1"},
		`[{"type":"account","id":"act_1","attributes":{"a":1,"a":2}}]`:                                nil,
	} {
		s, err := Read(received(including(included)))
		var ids []string
		for _, o := range s.Included {
			ids = append(ids, o.Ref.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("%s: read %v, error %v", included, ids, err)
		}
	}
}

// storable fails the test unless every database can store an object unchanged.
func storable(t *testing.T, o domain.Object) {
	t.Helper()
	attributes, err := json.Marshal(o.Attributes)
	if err != nil {
		t.Fatalf("the attributes cannot be written: %v", err)
	}
	for _, text := range []string{o.Status, o.ReferenceID, string(attributes)} {
		if strings.Contains(text, "\x00") || !utf8.ValidString(text) {
			t.Errorf("%q cannot be stored", text)
		}
	}
	if len(o.ReferenceID) > maxReference {
		t.Errorf("the reference id has %d bytes", len(o.ReferenceID))
	}
	refs := []domain.Ref{o.Ref}
	for key, to := range o.Relationships {
		if !utf8.ValidString(key) {
			t.Errorf("the relationship %q cannot be stored", key)
		}
		refs = append(refs, to...)
	}
	for _, ref := range refs {
		if err := ref.Check(); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(about(inquiry(`"status":"created","reference-id":null`, `"account":{"data":{"type":"account","id":"act_1"}}`))))
	f.Add([]byte(about(`{"type":"inquiry","id":"inq_1","ID":"inq_2"}`)))
	f.Add([]byte(about(inquiry(`"note":"`+"\xff"+`"`, ``))))
	f.Add([]byte(about(inquiry(`"a":"\u0000\ud800"`, `"x":{"data":[{"type":"a/b","id":"c"}]}`))))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := received(string(body))
		s, err := Read(e)
		if err != nil {
			if !errors.Is(err, ErrUnreadable) {
				t.Errorf("an error without a reason: %v", err)
			}
			return
		}
		if s.EventID != e.ID || s.Object.Ref != e.Object {
			t.Errorf("read %s of %s", s.EventID, s.Object.Ref)
		}
		if s.At.After(e.ReceivedAt.Add(maxAhead)) {
			t.Errorf("an event of %v was received at %v", s.At, e.ReceivedAt)
		}
		storable(t, s.Object)
		for _, o := range s.Included {
			storable(t, o)
		}
	})
}

func FuzzFromResource(f *testing.F) {
	for _, resource := range []string{
		inquiry(`"status":"created","reference-id":"user-7"`, `"account":{"data":{}},"verifications":{"data":[{"type":"verification/selfie","id":"ver_1"}]}`),
		`{"type":"account","id":"act_1","attributes":{"accountStatus":"Open"},"relationships":null}`,
		`{"type":"inquiry","id":"inq_1","attributes":{"a":1,"a":2}}`,
		`{"type":"inquiry","id":".."}`, `[]`, `{`, ``,
	} {
		f.Add([]byte(resource))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := FromResource(domain.Sandbox, raw)
		if err != nil {
			if !errors.Is(err, ErrUnreadable) {
				t.Errorf("an error without a reason: %v", err)
			}
			return
		}
		storable(t, o)
		again, err := FromResource(domain.Sandbox, raw)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(o) {
			t.Errorf("read twice, it is\n%v and\n%v, error %v", o, again, err)
		}
	})
}
