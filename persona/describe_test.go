package persona_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

// personal lists strings that must not be printed. They are invented.
var personal = []string{"Adalovina", "Examplesson", "ada@example.com", "1990-01-31", "tok_secret", "user-1042"}

const aPersonsInquiry = `{"type":"inquiry","id":"inq_1","attributes":{"status":"approved","reference-id":"user-1042","note":"Adalovina","tags":["Examplesson"],"fields":{"name-first":{"type":"string","value":"Adalovina"},"email-address":{"type":"string","value":"ada@example.com"}}}}`

func TestPrintedAndLoggedValuesContainNoPersonalData(t *testing.T) {
	for name, test := range map[string]struct {
		value any
		want  string // the result of String or Error
	}{
		"an inquiry":           {read[persona.Inquiry](t, aPersonsInquiry), "inquiry inq_1"},
		"an account":           {read[persona.Account](t, `{"type":"account","id":"act_1","attributes":{"name-first":"Adalovina","email-address":"ada@example.com"}}`), "account act_1"},
		"a verification":       {read[persona.Verification](t, `{"type":"verification/government-id","id":"ver_1","attributes":{"name-first":"Adalovina","birthdate":"1990-01-31"}}`), "verification/government-id ver_1"},
		"an unknown resource":  {read[persona.Unknown](t, `{"type":"brand-new","id":"x_1","attributes":{"name":"Adalovina"}}`), "brand-new x_1"},
		"an event":             {read[persona.Event](t, `{"type":"event","id":"evt_1","attributes":{"payload":{"data":`+aPersonsInquiry+`}}}`), "event evt_1"},
		"the payload of one":   {&read[persona.Event](t, `{"type":"event","id":"evt_1","attributes":{"payload":{"data":`+aPersonsInquiry+`}}}`).Attributes.Payload, "inquiry inq_1"},
		"no resource":          {&persona.Inquiry{}, "no resource"},
		"a result":             {aResult(t), "inquiry inq_1"},
		"the meta of a result": {&aResult(t).Meta, "answer of 30 bytes"},
		"a token":              {read[persona.OAuthToken](t, `{"access-token":"tok_secret"}`), "answer of 29 bytes"},
		"fields":               {read[persona.Inquiry](t, aPersonsInquiry).Attributes.Fields, "2 fields"},
		"a field":              {read[persona.Inquiry](t, aPersonsInquiry).Attributes.Fields["name-first"], "string field"},
		"a page":               {&persona.Page[*persona.Inquiry]{Data: []*persona.Inquiry{read[persona.Inquiry](t, aPersonsInquiry)}}, "page of 1"},
		"a list":               {[]*persona.Inquiry{read[persona.Inquiry](t, aPersonsInquiry)}, "[inquiry inq_1]"},
		"an HTTP response":     {&persona.Response{Status: 200, Body: []byte(aPersonsInquiry), RequestID: "req_1"}, "answer 200 (request req_1)"},
		"an error":             {aRefusal(t), "persona: Inquiries.Get: 422 Unprocessable Entity: Record invalid (request req_1)"},
		"an error's details":   {aRefusal(t).Errors[0], "Record invalid"},
		"a webhook's event":    {aWebhook(t), "inquiry.approved evt_1 of inquiry inq_1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(test.value); got != test.want {
				t.Errorf("printed %q, want %q", got, test.want)
			}
			for how, text := range renderings(test.value) {
				for _, secret := range personal {
					if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprint([]byte(secret))[1:]) {
						t.Errorf("%s shows %s: %s", how, secret, text)
					}
				}
			}
		})
	}
}

// renderings returns the ways in which a program may print or log a value.
func renderings(value any) map[string]string {
	texts := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%s"} {
		texts[verb] = fmt.Sprintf(verb, value)
	}
	var text, asJSON strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "value", value)
	texts["slog as text"] = text.String()
	if _, list := value.([]*persona.Inquiry); !list { // slog encodes a slice with encoding/json
		slog.New(slog.NewJSONHandler(&asJSON, nil)).Info("x", "value", value)
		texts["slog as JSON"] = asJSON.String()
	}
	return texts
}

func read[T any](t *testing.T, body string) *T {
	t.Helper()
	v := new(T)
	if err := json.Unmarshal([]byte(body), v); err != nil {
		t.Fatal(err)
	}
	return v
}

func aResult(t *testing.T) *persona.InquiryCreateResult {
	return &persona.InquiryCreateResult{Inquiry: *read[persona.Inquiry](t, aPersonsInquiry), Meta: *read[persona.InquiryCreateResultMeta](t, `{"session-token":"tok_secret"}`)}
}

func aRefusal(t *testing.T) *persona.Error {
	t.Helper()
	s := &script{replies: []reply{{status: 422, header: map[string]string{"Request-Id": "req_1"}, body: `{"errors":[{"title":"Record invalid","details":"ada@example.com is taken by Adalovina","source":{"pointer":"/data/attributes/email-address"}}]}`}}}
	_, err := s.client(t).Inquiries.Get(t.Context(), "inq_1")
	var refusal *persona.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("error %v", err)
	}
	return refusal
}

func aWebhook(t *testing.T) *webhook.Event {
	t.Helper()
	e, err := webhook.Parse([]byte(`{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved","payload":{"data":` + aPersonsInquiry + `}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTheDetailsOfAnErrorAreAvailable(t *testing.T) {
	want := "Record invalid: ada@example.com is taken by Adalovina (/data/attributes/email-address)"
	if got := aRefusal(t).Details(); len(got) != 1 || got[0] != want {
		t.Errorf("details %q, want %q", got, want)
	}
}
