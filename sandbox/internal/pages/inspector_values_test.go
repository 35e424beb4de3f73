package pages

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/webpage"
)

func TestAValueIsShownAsAPersonReadsIt(t *testing.T) {
	field := func(value any) map[string]any { return map[string]any{"type": "string", "value": value} }
	text := func(s string) shown { return shown{Kind: "text", Text: s} }
	for name, test := range map[string]struct {
		name  string
		value any
		want  shown
	}{
		"a text":        {"note", "hello", text("hello")},
		"a status":      {"account-status", "Active", shown{Kind: "status", Text: "Active"}},
		"a moment":      {"created-at", "2026-01-02T03:04:05.000Z", shown{Kind: "time", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}},
		"a day":         {"birthdate", "1977-07-17", text("1977-07-17")},
		"a file":        {"front-photo-url", "http://127.0.0.1:8090/files/front%20photo.jpg?access_token=abc.d", shown{Kind: "text", Text: "front photo.jpg", Link: "/files/front%20photo.jpg?access_token=abc.d"}},
		"another site":  {"note", "http://h//files/x?access_token=1", text("http://h//files/x?access_token=1")},
		"a number":      {"amount", 12.5, text("12.5")},
		"a count":       {"count", 3, text("3")},
		"yes":           {"live", true, text("yes")},
		"plain values":  {"tags", []any{"a", 2.0}, shown{Kind: "chips", Chips: []string{"a", "2"}}},
		"fields":        {"fields", map[string]any{"b": field("2"), "a": field(nil)}, shown{Kind: "pairs", Pairs: []shownPair{{"b", text("2")}}}},
		"things alike":  {"checks", []any{map[string]any{"status": "passed", "name": "x", "none": nil}}, shown{Kind: "table", Columns: []string{"name", "status"}, Rows: [][]shown{{text("x"), {Kind: "status", Text: "passed"}}}}},
		"things unlike": {"list", []any{"a", map[string]any{}}, shown{Kind: "code", Text: "[\n  \"a\",\n  {}\n]"}},
		"what is deep":  {"a", map[string]any{"b": map[string]any{"c": map[string]any{"d": map[string]any{"e": 1.0}}}}, shown{Kind: "pairs", Pairs: []shownPair{{"b", shown{Kind: "pairs", Pairs: []shownPair{{"c", shown{Kind: "pairs", Pairs: []shownPair{{"d", shown{Kind: "code", Text: "{\n  \"e\": 1\n}"}}}}}}}}}}},
	} {
		if got, ok := show(test.name, test.value); !ok || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s is shown as %+v", name, got)
		}
	}
	for _, nothing := range []any{nil, "", []any{}, []string{}, map[string]any{}, map[string]any{"a": nil}} {
		if got, ok := show("note", nothing); ok {
			t.Errorf("%#v is shown as %+v", nothing, got)
		}
	}
}

func TestSecretsAreMasked(t *testing.T) {
	for secret, want := range map[string]string{
		"persona_sandbox_5a0dbeef-0000-4000-8000-000000000001": "persona_sandbox_••••0001",
		"wbhsec_short":                "wbhsec_••••",
		"short":                       "••••",
		"a-long-one-without-a-prefix": "••••efix",
	} {
		if got := mask(secret); got != want {
			t.Errorf("%q is masked as %q", secret, got)
		}
	}
	got := indented(map[string]any{
		"client_secret": "s3cr3t-s3cr3t", "clientAssertion": "s3cr3t-s3cr3t", "Authorization": "s3cr3t-s3cr3t", "deep": []any{map[string]any{"session-token": "s3cr3t-s3cr3t"}},
		"file-access-token-expires-in": 21600, "secretary": "Ada",
	})
	if strings.Contains(got, "s3cr3t-s") || !strings.Contains(got, "21600") || !strings.Contains(got, "Ada") {
		t.Errorf("masked: %s", got)
	}
}

func TestAStatusHasTheToneThatAllPagesGiveIt(t *testing.T) {
	page, err := parseInspector().New("status of a test").Parse(`{{range .}}{{.}} {{tone .}}{{"\n"}}{{end}}`)
	if err != nil {
		t.Fatal(err)
	}
	statuses := []string{"approved", "resolved", "ready", "completed", "needs_review", "declined"}
	var got, want strings.Builder
	if err := page.Execute(&got, statuses); err != nil {
		t.Fatal(err)
	}
	for _, status := range statuses {
		want.WriteString(status + " " + webpage.Tone(status) + "\n")
	}
	if got.String() != want.String() {
		t.Errorf("the inspector shows\n%s, want\n%s", got.String(), want.String())
	}
}
