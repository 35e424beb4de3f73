package persona_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
)

// BenchmarkDecode compares this package with encoding/json, which reads the same bytes into
// a struct with the same fields in the same run. ×json is the ratio of the times;
// json-allocs/op are the allocations of encoding/json.
func BenchmarkDecode(b *testing.B) {
	inquiry := []byte(inquiryOf1800Bytes)
	b.Run("an inquiry", func(b *testing.B) {
		race(b, inquiry, reflect.TypeFor[persona.Inquiry](), func() error {
			return new(persona.Inquiry).UnmarshalJSON(inquiry)
		})
	})
	b.Run("an inquiry by json.Unmarshal", func(b *testing.B) {
		race(b, inquiry, reflect.TypeFor[persona.Inquiry](), func() error {
			return json.Unmarshal(inquiry, new(persona.Inquiry))
		})
	})
	b.Run("a page of events", func(b *testing.B) {
		page := pageOfEvents(50)
		client := answering(b, page)
		race(b, page, reflect.TypeFor[struct{ Data []persona.Event }](), func() error {
			got, err := client.Events.ListPage(b.Context(), persona.EventListParams{})
			if err == nil && len(got.Data) != 50 {
				err = fmt.Errorf("%d events", len(got.Data))
			}
			return err
		})
	})
}

// race measures read, and alternately encoding/json with a plain struct that has the fields
// of t, so that both run under the same conditions.
func race(b *testing.B, body []byte, t reflect.Type, read func() error) {
	plain := plainType(t)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	byJSON := func() error { return json.Unmarshal(body, reflect.New(plain).Interface()) }
	allocs := testing.AllocsPerRun(10, func() { _ = byJSON() })
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		if err := read(); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		b.StopTimer()
		start = time.Now()
		if err := byJSON(); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(ours)/float64(theirs), "×json")
	b.ReportMetric(allocs, "json-allocs/op")
}

// plainType returns a type with the same fields as a program without this package would
// declare it: no type except time.Time decodes itself.
func plainType(t reflect.Type) reflect.Type {
	switch t {
	case reflect.TypeFor[persona.Time]():
		return reflect.TypeFor[time.Time]()
	case reflect.TypeFor[persona.ToOne]():
		return reflect.TypeFor[struct{ Data *persona.Identifier }]()
	case reflect.TypeFor[persona.ToMany]():
		return reflect.TypeFor[struct{ Data []persona.Identifier }]()
	case reflect.TypeFor[persona.Field]():
		return reflect.TypeFor[struct {
			Type  string          `json:"type"`
			Value json.RawMessage `json:"value"`
		}]()
	case reflect.TypeFor[persona.Resource]():
		return reflect.TypeFor[struct{ Type, ID string }]()
	case reflect.TypeFor[persona.EventPayload](), reflect.TypeFor[json.RawMessage]():
		return reflect.TypeFor[json.RawMessage]()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return reflect.PointerTo(plainType(t.Elem()))
	case reflect.Slice:
		return reflect.SliceOf(plainType(t.Elem()))
	case reflect.Map:
		return reflect.MapOf(t.Key(), plainType(t.Elem()))
	case reflect.Struct:
		return reflect.StructOf(plainFields(t))
	default:
		return t
	}
}

func plainFields(t reflect.Type) (fields []reflect.StructField) {
	for i := range t.NumField() {
		field := t.Field(i)
		field.Type, field.Index, field.Offset = plainType(field.Type), nil, 0
		if field.Anonymous {
			fields = append(fields, reflect.VisibleFields(field.Type)...)
			continue
		}
		fields = append(fields, field)
	}
	return fields
}

// answering returns a client that gets the same body for every call.
func answering(b *testing.B, body []byte) *persona.Client {
	b.Helper()
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
	})
	client, err := persona.NewClient(persona.WithAPIKey(testKey), persona.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		b.Fatal(err)
	}
	return client
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func pageOfEvents(n int) []byte {
	var events []string
	for i := range n {
		events = append(events, fmt.Sprintf(`{"type":"event","id":"evt_%d","attributes":{"name":"inquiry.completed","created-at":"2026-03-01T12:10:00.000Z","redacted-at":null,"context":{},"payload":{"data":%s,"included":[]}}}`, i, inquiryOf1800Bytes))
	}
	return []byte(`{"data":[` + strings.Join(events, ",") + `],"links":{"prev":null,"next":null}}`)
}

// inquiryOf1800Bytes is an inquiry in Persona's form. The data is invented.
const inquiryOf1800Bytes = `{"type":"inquiry","id":"inq_AbCdEfGhIjKlMnOpQrStUvWx","attributes":{"status":"completed","reference-id":"user-1042","note":null,"behaviors":{"api-version-less-than-minimum-count":0,"autofill-cancels":0,"autofill-starts":0,"behavior-threat-level":"low","bot-score":1,"bot-score-version":"","completion-time":12.5,"debugger-attached":false,"devtools-open":false,"distraction-events":0,"hesitation-baseline":10,"hesitation-count":0,"hesitation-percentage":null,"hesitation-time":0,"mobile-sdk-version-less-than-minimum-count":0,"request-spoof-attempts":0,"shortcut-copies":0,"shortcut-pastes":0,"user-agent-spoof-attempts":0},"tags":["new","eu"],"creator":"API","reviewer-comment":null,"updated-at":"2026-03-01T12:10:00.000Z","created-at":"2026-03-01T12:00:00.000Z","started-at":"2026-03-01T12:01:00.000Z","expires-at":null,"completed-at":"2026-03-01T12:10:00.000Z","failed-at":null,"marked-for-review-at":null,"decisioned-at":null,"expired-at":null,"redacted-at":null,"previous-step-name":"verify_selfie","next-step-name":"complete","fields":{"name-first":{"type":"string","value":"Ada"},"name-last":{"type":"string","value":"Example"},"birthdate":{"type":"date","value":"1990-01-31"},"email-address":{"type":"string","value":"ada@example.com"},"address-country-code":{"type":"string","value":null}}},"relationships":{"account":{"data":{"type":"account","id":"act_AbCdEfGhIjKlMnOpQrStUvWx"}},"inquiry-template":{"data":{"type":"inquiry-template","id":"itmpl_AbCdEfGhIjKl"}},"reports":{"data":[]},"verifications":{"data":[{"type":"verification/government-id","id":"ver_AbCdEfGhIjKl"},{"type":"verification/selfie","id":"ver_MnOpQrStUvWx"}]},"sessions":{"data":[{"type":"inquiry-session","id":"iqse_AbCdEfGh"}]}}}`
