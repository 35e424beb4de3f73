package reference

import (
	"slices"
	"strings"
	"time"
)

// thing is a resource at Persona. A key that is not in attributes is absent, nil is null,
// and other values are string, float64, bool, []any or map[string]any.
type thing struct {
	typ, id    string
	template   string // a verification's template; empty if none
	reviewer   string // the type of an inquiry's reviewer; empty if none
	inquiries  []string
	accounts   []string
	attributes map[string]any

	// What a case was about when it last got a status, as far as an event showed it, and that
	// status.
	judged       []string
	judgedStatus string
}

// judge remembers what a case is about now.
func (t *thing) judge() {
	t.judged, t.judgedStatus = slices.Concat(t.inquiries, t.accounts), t.status()
}

// vouchesFor reports whether whoever gave a case its status saw an inquiry or account in it.
func (t *thing) vouchesFor(id string) bool {
	return t.judgedStatus == t.status() && slices.Contains(t.judged, id)
}

func (t *thing) text(key string) string {
	text, _ := t.attributes[key].(string)
	return text
}

func (t *thing) status() string { return t.text("status") }

// moment returns the time of an attribute, and whether it has one.
func (t *thing) moment(key string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, t.text(key))
	return at, err == nil
}

func (t *thing) redacted() bool { return t.text("redacted-at") != "" }

func (t *thing) kind() string {
	_, kind, _ := strings.Cut(t.typ, "/")
	return kind
}

func (t *thing) is(inquiry string) bool { return slices.Contains(t.inquiries, inquiry) }
