package persona_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
)

func decodeInquiry(t *testing.T, body string) *persona.Inquiry {
	t.Helper()
	var inquiry persona.Inquiry
	if err := json.Unmarshal([]byte(body), &inquiry); err != nil {
		t.Fatal(err)
	}
	return &inquiry
}

func TestThreeCasingsDecodeAlike(t *testing.T) {
	for casing, body := range map[string]string{
		"kebab": `{"type":"inquiry","id":"inq_1","attributes":{"reference-id":"user-1","created-at":"2026-03-01T12:00:00.000Z","address-street-1":"1 Road","fields":{"name-first":{"type":"string","value":"x"}}},"relationships":{"inquiry-template":{"data":{"type":"inquiry-template","id":"itmpl_1"}}}}`,
		"snake": `{"type":"inquiry","id":"inq_1","attributes":{"reference_id":"user-1","created_at":"2026-03-01T12:00:00.000Z","address_street_1":"1 Road","fields":{"name-first":{"type":"string","value":"x"}}},"relationships":{"inquiry_template":{"data":{"type":"inquiry-template","id":"itmpl_1"}}}}`,
		"camel": `{"type":"inquiry","id":"inq_1","attributes":{"referenceId":"user-1","createdAt":"2026-03-01T12:00:00.000Z","addressStreet1":"1 Road","fields":{"name-first":{"type":"string","value":"x"}}},"relationships":{"inquiryTemplate":{"data":{"type":"inquiry-template","id":"itmpl_1"}}}}`,
	} {
		t.Run(casing, func(t *testing.T) {
			i := decodeInquiry(t, body)
			if i.Attributes.ReferenceID != "user-1" || i.Attributes.CreatedAt.Year() != 2026 || i.Attributes.AddressStreet1 != "1 Road" ||
				i.Relationships.InquiryTemplate.Data == nil || i.Attributes.Fields["name-first"].Text() != "x" {
				t.Errorf("decoded %+v", i)
			}
			if got := string(i.Attribute("reference-id")); got != `"user-1"` {
				t.Errorf("the attribute is %s", got)
			}
		})
	}
}

func TestUnknownAttributesAreKept(t *testing.T) {
	const body = `{"type":"inquiry","id":"inq_1","attributes":{"status":"on_the_moon","mood":{"is":"fine"},"note":null,"fields":{"snake_case":{"type":"new-type","value":[1]}}},"relationships":{"friends":{"data":[]}},"links":{"self":"x"}}`
	i := decodeInquiry(t, body)
	if i.Attributes.Status != "on_the_moon" || string(i.Attribute("mood")) != `{"is":"fine"}` || string(i.Attribute("note")) != "null" || i.Attribute("nothing") != nil {
		t.Errorf("decoded %+v", i)
	}
	if again, err := json.Marshal(i); err != nil || string(again) != body {
		t.Errorf("encodes as %s, error %v", again, err)
	}
	var unknown persona.Unknown
	const ship = `{"type":"spaceship","id":"x","attributes":{"crew":3}}`
	if err := json.Unmarshal([]byte(ship), &unknown); err != nil || string(unknown.Attributes["crew"]) != "3" {
		t.Errorf("decoded %+v, error %v", unknown, err)
	}
	object, err := persona.DecodeObject([]byte(ship))
	if err != nil || object.Identifier() != (persona.Identifier{Type: "spaceship", ID: "x"}) {
		t.Errorf("decoded %v, error %v", object, err)
	}
	if again, err := json.Marshal(object); err != nil || string(again) != ship {
		t.Errorf("encodes as %s, error %v", again, err)
	}
}

func TestValuesOfUnexpectedTypesLeaveFieldsZero(t *testing.T) {
	i := decodeInquiry(t, `{"type":"inquiry","id":"inq_1","attributes":{"status":7,"created-at":"soon","completed-at":5,"tags":"not a list","reference-id":"user-1","fields":[]},"relationships":{"account":{},"reports":{"data":{"type":"report/watchlist","id":"rep_1"}},"sessions":{"data":null},"template":"x"}}`)
	a := i.Attributes
	if a.Status != "" || !a.CreatedAt.IsZero() || a.CreatedAt.Text != "soon" || !a.CompletedAt.IsZero() || a.Tags != nil || a.ReferenceID != "user-1" || a.Fields != nil {
		t.Errorf("attributes %+v", a)
	}
	if r := i.Relationships; r.Account.Data != nil || len(r.Reports.Data) != 1 || r.Sessions.Data != nil || r.Template.Data != nil {
		t.Errorf("relationships %+v", r)
	}
}

// The type of a field's default value depends on the type of the field.
func TestADefaultValueOfAnyTypeIsKept(t *testing.T) {
	var got persona.AccountType
	body := `{"type":"account-type","id":"acttp_1","attributes":{"field-schemas":[
		{"type":"boolean","default-value":true},
		{"type":"string","default-value":"blue"},
		{"type":"multi-choices","default-value":["red","green"]}]}}`
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`true`, `"blue"`, `["red","green"]`} {
		if value := got.Attributes.FieldSchemas[i].DefaultValue; string(value) != want {
			t.Errorf("the default value of field %d is %s, want %s", i, value, want)
		}
	}
}

func TestAResourceThatWasNotReceivedDoesNotEncode(t *testing.T) {
	if b, err := json.Marshal(&persona.Inquiry{}); err == nil {
		t.Errorf("encoded as %s", b)
	}
}

func TestDecodingReplacesAllFieldsOfAnEarlierResource(t *testing.T) {
	i := decodeInquiry(t, `{"type":"inquiry","id":"inq_1","attributes":{"status":"approved","reference-id":"user-1"},"relationships":{"account":{"data":{"type":"account","id":"act_1"}}}}`)
	i.Included = []persona.Object{i}
	if err := json.Unmarshal([]byte(`{"type":"inquiry","id":"inq_2","attributes":{"status":null}}`), i); err != nil {
		t.Fatal(err)
	}
	if i.ID != "inq_2" || i.Attributes.Status != "" || i.Attributes.ReferenceID != "" || i.Relationships.Account.Data != nil || i.Included != nil {
		t.Errorf("inq_2 has something of inq_1: %+v", i)
	}
}

func TestAVerificationHasTheTypeOfItsKind(t *testing.T) {
	s := &script{replies: []reply{ok(`{"data":{"type":"verification/selfie","id":"ver_1","attributes":{"status":"passed","checks":[{"name":"selfie_liveness_detection","status":"passed","reasons":[null],"metadata":{"some_key":1}}]}},"included":[{"type":"inquiry","id":"inq_1"},{"type":"report/watchlist","id":"rep_1"},{"no":"resource"},7]}`)}}
	v, err := s.client(t).Verifications.Get(t.Context(), "ver_1")
	if err != nil {
		t.Fatal(err)
	}
	selfie, isSelfie := v.Value.(*persona.VerificationSelfie)
	if !isSelfie || v.Attributes.Status != persona.VerificationStatusPassed || selfie.Attributes.Status != persona.VerificationStatusPassed || selfie.Attributes.Checks[0].Name != "selfie_liveness_detection" {
		t.Errorf("decoded %+v", v)
	}
	if string(selfie.Attributes.Checks[0].Metadata["some_key"]) != "1" {
		t.Errorf("metadata %v", selfie.Attributes.Checks[0].Metadata)
	}
	if len(v.Included) != 2 {
		t.Fatalf("included %v", v.Included)
	}
	if _, isReport := v.Included[1].(*persona.ReportWatchlist); !isReport {
		t.Errorf("included %T", v.Included[1])
	}
}

func TestAnEventHasItsResource(t *testing.T) {
	s := &script{replies: []reply{ok(`{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved","payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"approved"}}}}}}`)}}
	event, err := s.client(t).Events.Get(t.Context(), "evt_1")
	if err != nil {
		t.Fatal(err)
	}
	inquiry, isInquiry := event.Attributes.Payload.Object().(*persona.Inquiry)
	if !isInquiry || inquiry.Attributes.Status != persona.InquiryStatusApproved {
		t.Errorf("payload %+v", event.Attributes.Payload)
	}
}

func TestFields(t *testing.T) {
	i := decodeInquiry(t, `{"type":"inquiry","id":"inq_1","attributes":{"fields":{
		"name":{"type":"string","value":"x"}, "age":{"type":"number","value":12345678901234567890.5}, "old":{"type":"boolean","value":true},
		"kinds":{"type":"multi_choices","value":["a","b"]}, "none":{"type":"string","value":null},
		"scan":{"type":"government_id","value":{"id":"doc_1","type":"Document::GovernmentId"}},
		"address":{"type":"hash","value":{"street_1":{"type":"string","value":"1 Road"}}},
		"numbers":{"type":"array","value":[{"type":"string","value":"1"},{"type":"string","value":"2"}]},
		"bare":"text"}}}`)
	f := i.Attributes.Fields
	old, isBool := f["old"].Bool()
	reference, isReference := f["scan"].Reference()
	switch {
	case f["name"].Text() != "x" || f["name"].Type != "string",
		f["age"].Number() != "12345678901234567890.5",
		!old || !isBool,
		strings.Join(f["kinds"].Texts(), "") != "ab",
		!f["none"].IsNull() || f["none"].Text() != "" || f["name"].IsNull(),
		!isReference || reference != persona.Identifier{Type: "Document::GovernmentId", ID: "doc_1"},
		f["address"].Hash()["street_1"].Text() != "1 Road",
		len(f["numbers"].Array()) != 2,
		f["bare"].Text() != "text":
		t.Errorf("fields %+v", f)
	}
	if _, isBool := f["name"].Bool(); isBool {
		t.Error("a text is a boolean")
	}
	if _, isReference := f["name"].Reference(); isReference {
		t.Error("a text is a reference")
	}
}

func TestTime(t *testing.T) {
	for text, want := range map[string]string{
		`"2023-03-28T18:34:32.000Z"`:  `"2023-03-28T18:34:32.000Z"`,
		`"2023-03-28T18:34:32+00:00"`: `"2023-03-28T18:34:32+00:00"`,
		`null`:                        `null`,
		`"soon"`:                      `"soon"`,
		`7`:                           `null`,
	} {
		var at persona.Time
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got, _ := json.Marshal(at); string(got) != want {
			t.Errorf("%s encodes as %s", text, got)
		}
	}
	made := persona.Time{Time: time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600))}
	if got, _ := json.Marshal(made); string(got) != `"2026-03-01T12:00:00.000Z"` {
		t.Errorf("a time of ours encodes as %s", got)
	}
}

func TestOptional(t *testing.T) {
	type body struct {
		Note persona.Optional[string] `json:"note,omitzero"`
	}
	for name, test := range map[string]struct {
		note persona.Optional[string]
		want string
	}{
		"absent":     {persona.Optional[string]{}, `{}`},
		"null":       {persona.Null[string](), `{"note":null}`},
		"a value":    {persona.Set("x"), `{"note":"x"}`},
		"zero value": {persona.Set(""), `{"note":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(body{test.note})
			if err != nil || string(b) != test.want {
				t.Errorf("encodes as %s, error %v", b, err)
			}
			var again body
			if err := json.Unmarshal(b, &again); err != nil || again.Note != test.note {
				t.Errorf("decodes as %+v, error %v", again, err)
			}
		})
	}
	if v, ok := persona.Set("x").Get(); v != "x" || !ok || persona.Set("x").IsNull() || !persona.Null[int]().IsNull() {
		t.Error("an optional does not say what it is")
	}
	if _, ok := persona.Null[string]().Get(); ok {
		t.Error("null is a value")
	}
	if b, _ := json.Marshal(persona.Optional[int]{}); string(b) != "null" {
		t.Errorf("an absent one encodes as %s", b)
	}
}

func TestRelationshipsEncodeInPersonasForm(t *testing.T) {
	for want, r := range map[string]any{
		`{"data":null}`:                         persona.ToOne{},
		`{"data":{"type":"account","id":"a"}}`:  persona.ToOne{Data: &persona.Identifier{Type: "account", ID: "a"}},
		`{"data":[]}`:                           persona.ToMany{},
		`{"data":[{"type":"report","id":"r"}]}`: persona.ToMany{Data: []persona.Identifier{{Type: "report", ID: "r"}}},
		`null`:                                  persona.EventPayload{},
	} {
		if got, err := json.Marshal(r); err != nil || string(got) != want {
			t.Errorf("%+v encodes as %s, error %v", r, got, err)
		}
	}
}

// Decoding never panics, and what was decoded encodes to the same JSON.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"type":"inquiry","id":"inq_1","attributes":{"status":"created","createdAt":"2026-03-01T12:00:00.000Z","fields":{"a":{"type":"string","value":1}}},"relationships":{"account":{}}}`))
	f.Add([]byte(`{"type":"verification/government-id","attributes":{"checks":[{"name":1}],"photo-urls":[{}]}}`))
	f.Add([]byte(`{"type":"event","attributes":{"payload":{"data":{"type":"case","attributes":{"address_street_1":[]}}}}}`))
	f.Add([]byte(`{"type":7}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		object, err := persona.DecodeObject(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(object)
		if err != nil {
			t.Fatalf("%s does not encode: %v", b, err)
		}
		var want, got any
		if json.Unmarshal(b, &want) == nil && (json.Unmarshal(again, &got) != nil || !equal(want, got)) {
			t.Errorf("%s encodes as %s", b, again)
		}
	})
}

func equal(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestAKeyInKebabCaseCountsBeforeOtherCasings(t *testing.T) {
	for name, attributes := range map[string]string{
		"when it comes first": `"reference-id":"kebab","reference_id":"snake","referenceId":"camel"`,
		"when it comes last":  `"referenceId":"camel","reference_id":"snake","reference-id":"kebab"`,
	} {
		t.Run(name, func(t *testing.T) {
			i := decodeInquiry(t, `{"type":"inquiry","id":"inq_1","attributes":{`+attributes+`}}`)
			if i.Attributes.ReferenceID != "kebab" || string(i.Attribute("reference-id")) != `"kebab"` {
				t.Errorf("read %q and %s", i.Attributes.ReferenceID, i.Attribute("reference-id"))
			}
		})
	}
}

func TestTheLastDuplicateKeyCounts(t *testing.T) {
	i := decodeInquiry(t, `{"type":"inquiry","id":"inq_1","attributes":{"tags":["a","b"],"status":"approved","tags":["c"],"status":7,"fields":{"x":{"value":1}},"fields":{"y":{"value":2}}},"relationships":{"account":{"data":{"type":"account","id":"act_1"}},"account":{"data":null}}}`)
	a := i.Attributes
	if strings.Join(a.Tags, " ") != "c" || a.Status != "" || len(a.Fields) != 1 || i.Relationships.Account.Data != nil {
		t.Errorf("attributes %+v, account %v", a, i.Relationships.Account.Data)
	}
}

func TestTextIsReadAsEncodingJSONReadsIt(t *testing.T) {
	for _, text := range []string{`""`, `"plain"`, `"\u00e4\n\"\\\/"`, `"ä"`, "\"\xff\"", `"\ud800"`, `"\ud83d\ude00"`} {
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if i := decodeInquiry(t, "{ \"type\" : \"inquiry\" ,\n\t\"id\" : "+text+" , \"attributes\" : { \"refe\\u0072ence-id\" : "+text+" } }"); i.ID != want || i.Attributes.ReferenceID != want {
			t.Errorf("%s was read as %q and %q", text, i.ID, i.Attributes.ReferenceID)
		}
	}
}

func TestMalformedJSONIsAnErrorAndNotAPanic(t *testing.T) {
	for _, broken := range []string{"", "{", `{"type`, `{"type":"inquiry`, `{"attributes":{"tags":[`, `{"a":"\`, "[", "tru", `{"data":{"type":"x"`, `"`, "}", "]", `{"type" "inquiry"}`} {
		if _, err := persona.DecodeObject([]byte(broken)); err == nil {
			t.Errorf("%s was read", broken)
		}
		for _, into := range []json.Unmarshaler{&persona.Inquiry{}, &persona.Verification{}, &persona.Unknown{}} {
			if err := into.UnmarshalJSON([]byte(broken)); err == nil {
				t.Errorf("%s was read into %T", broken, into)
			}
		}
		for _, into := range []json.Unmarshaler{&persona.Time{}, &persona.ToOne{}, &persona.ToMany{}, &persona.Field{}, &persona.EventPayload{}} {
			_ = into.UnmarshalJSON([]byte(broken)) // these never fail
		}
	}
	payload := persona.EventPayload{Raw: json.RawMessage(`{"data":{"type":"inq`)}
	if payload.Object() != nil || payload.Identifier() != (persona.Identifier{}) {
		t.Error("a broken payload has a resource")
	}
	r := persona.Resource{Raw: json.RawMessage(`{"attributes":{"a":`)}
	if got := r.Attribute("a"); got != nil {
		t.Errorf("a broken resource has the attribute %s", got)
	}
}

func TestAnEventPayloadIsDecodedOnDemand(t *testing.T) {
	for name, test := range map[string]struct {
		payload string
		want    persona.Identifier
	}{
		"with a resource":            {`{"data":{"attributes":{"type":"x"},"type":"inquiry","id":"inq_1"}}`, persona.Identifier{Type: "inquiry", ID: "inq_1"}},
		"with a resource of no type": {`{"data":{"id":"x_1"}}`, persona.Identifier{ID: "x_1"}},
		"with null in place of one":  {`{"data":null}`, persona.Identifier{}},
		"with something else":        {`{"data":[1]}`, persona.Identifier{}},
		"without a resource":         {`{}`, persona.Identifier{}},
		"that is null":               {`null`, persona.Identifier{}},
	} {
		t.Run(name, func(t *testing.T) {
			var event persona.Event
			body := `{"type":"event","id":"evt_1","attributes":{"payload":` + test.payload + `}}`
			if err := json.Unmarshal([]byte(body), &event); err != nil {
				t.Fatal(err)
			}
			p := event.Attributes.Payload
			if string(p.Raw) != test.payload || p.Identifier() != test.want {
				t.Errorf("payload %s of %v", p.Raw, p.Identifier())
			}
			if object := p.Object(); (object == nil) != (test.want == persona.Identifier{}) || object != nil && object.Identifier() != test.want {
				t.Errorf("object %v", object)
			}
		})
	}
}

// Unlike times, numbers of allocations do not depend on the machine.
func TestReadingAllocatesNoMoreThanEncodingJSON(t *testing.T) {
	inquiry := []byte(inquiryOf1800Bytes)
	plain := plainType(reflect.TypeFor[persona.Inquiry]())
	theirs := testing.AllocsPerRun(10, func() { _ = json.Unmarshal(inquiry, reflect.New(plain).Interface()) })
	ours := testing.AllocsPerRun(10, func() { _ = json.Unmarshal(inquiry, new(persona.Inquiry)) })
	if ours > theirs {
		t.Errorf("allocates %v times, encoding/json %v times", ours, theirs)
	}
	one := []byte(`{"type":"event","attributes":{"payload":{"data":` + inquiryOf1800Bytes + `}}}`)
	none := []byte(`{"type":"event","attributes":{"payload":{"data":null}}}`)
	withPayload := testing.AllocsPerRun(10, func() { _ = new(persona.Event).UnmarshalJSON(one) })
	without := testing.AllocsPerRun(10, func() { _ = new(persona.Event).UnmarshalJSON(none) })
	if withPayload > without {
		t.Errorf("an event with a payload allocates %v times, one without %v times", withPayload, without)
	}
}

func TestTheMetadataOfAResourceIsTyped(t *testing.T) {
	for _, body := range []string{
		`{"type":"workflow-run","id":"wfr_1","attributes":{"status":"completed"},"meta":{"processing-time-seconds":1.5}}`,
		`{"type":"workflow-run","id":"wfr_1","attributes":{"status":"completed"},"meta":{"processing_time_seconds":1.5}}`,
		`{"type":"workflow-run","id":"wfr_1","attributes":{"status":"completed"},"meta":{"processingTimeSeconds":1.5}}`,
	} {
		var run persona.WorkflowRun
		if err := json.Unmarshal([]byte(body), &run); err != nil || run.Meta.ProcessingTimeSeconds == nil || *run.Meta.ProcessingTimeSeconds != 1.5 {
			t.Errorf("%s: %+v, error %v", body, run.Meta, err)
		}
		if again, err := json.Marshal(&run); err != nil || string(again) != body {
			t.Errorf("encodes as %s, error %v", again, err)
		}
	}
	var run persona.WorkflowRun
	if err := json.Unmarshal([]byte(`{"type":"workflow-run","id":"wfr_1","meta":{"processing-time-seconds":null}}`), &run); err != nil || run.Meta.ProcessingTimeSeconds != nil {
		t.Errorf("%+v, error %v", run.Meta, err)
	}
	var template persona.ReportTemplateWatchlist
	if err := json.Unmarshal([]byte(`{"type":"report-template/watchlist","id":"rptp_1","meta":{"version":{"name":"v1"}}}`), &template); err != nil || template.Meta.Version == nil || template.Meta.Version.Name != "v1" {
		t.Errorf("%+v, error %v", template.Meta, err)
	}
}
