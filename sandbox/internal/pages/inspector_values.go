package pages

import (
	"cmp"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// shown is a value as the inspector shows it. The kind decides which fields are set: text,
// time, status, chips, pairs, table or code.
type shown struct {
	Kind    string
	Text    string
	Link    string // of a text that is an id or a file
	Time    time.Time
	Chips   []string
	Pairs   []shownPair
	Columns []string
	Rows    [][]shown
}

type shownPair struct {
	Name  string
	Value shown
}

// shownDeep is how many levels of maps are shown as such. Deeper ones are shown as code.
const shownDeep = 3

// show returns how an attribute's value is shown. It is not ok if there is no value.
func show(name string, value any) (s shown, ok bool) { return showWithin(name, value, shownDeep) }

func showWithin(name string, value any, deep int) (s shown, ok bool) {
	switch v := value.(type) {
	case nil:
		return shown{}, false
	case string:
		return showText(name, v)
	case bool:
		return shown{Kind: "text", Text: map[bool]string{true: "yes", false: "no"}[v]}, true
	case int:
		return shown{Kind: "text", Text: strconv.Itoa(v)}, true
	case int64:
		return shown{Kind: "text", Text: strconv.FormatInt(v, 10)}, true
	case float64:
		return shown{Kind: "text", Text: engine.TextOf(v)}, true
	case []string:
		return shown{Kind: "chips", Chips: v}, len(v) > 0
	case []any:
		return showList(v, deep-1)
	case map[string]any:
		return showMap(v, deep-1)
	default:
		return shown{Kind: "code", Text: indented(v)}, true
	}
}

func showText(name, text string) (shown, bool) {
	if text == "" {
		return shown{}, false
	}
	if at := simclock.Moment(text); !at.IsZero() && strings.Contains(text, "T") {
		return shown{Kind: "time", Time: at}, true
	}
	if address, err := url.Parse(text); err == nil && address.Query().Has("access_token") && strings.HasPrefix(address.Path, "/files/") {
		return shown{Kind: "text", Text: path.Base(address.Path), Link: address.RequestURI()}, true
	}
	if name == "status" || strings.HasSuffix(name, "-status") {
		return shown{Kind: "status", Text: text}, true
	}
	return shown{Kind: "text", Text: text}, true
}

// showList shows plain values as chips, and a list of maps as a table.
func showList(list []any, deep int) (shown, bool) {
	plain, alike := true, true
	columns := map[string]bool{} // that have a value
	for _, element := range list {
		one, isMap := element.(map[string]any)
		alike = alike && isMap
		for name, value := range one {
			if _, ok := showWithin(name, value, deep); ok {
				columns[name] = true
			}
		}
		switch element.(type) {
		case map[string]any, []any, nil:
			plain = false
		}
	}
	switch {
	case len(list) == 0:
		return shown{}, false
	case plain:
		s := shown{Kind: "chips"}
		for _, element := range list {
			s.Chips = append(s.Chips, engine.TextOf(element))
		}
		return s, true
	case alike && deep >= 0:
		s := shown{Kind: "table", Columns: columnOrder(columns)}
		for _, element := range list {
			var row []shown
			for _, name := range s.Columns {
				cell, _ := showWithin(name, element.(map[string]any)[name], deep)
				row = append(row, cell)
			}
			s.Rows = append(s.Rows, row)
		}
		return s, true
	default:
		return shown{Kind: "code", Text: indented(list)}, true
	}
}

// columnOrder sorts columns: name, type and status first.
func columnOrder(columns map[string]bool) []string {
	rank := map[string]int{"name": -3, "type": -2, "status": -1}
	return slices.SortedFunc(maps.Keys(columns), func(a, b string) int {
		return cmp.Or(rank[a]-rank[b], strings.Compare(a, b))
	})
}

// showMap shows names with their values. It omits the types of fields, and names without a
// value.
func showMap(m map[string]any, deep int) (shown, bool) {
	if deep < 0 {
		return shown{Kind: "code", Text: indented(m)}, len(m) > 0
	}
	s := shown{Kind: "pairs"}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		value := m[name]
		if field, isMap := value.(map[string]any); isMap {
			if inner, isField := field["value"]; isField && field["type"] != nil && len(field) == 2 {
				value = inner
			}
		}
		if v, ok := showWithin(name, value, deep); ok {
			s.Pairs = append(s.Pairs, shownPair{name, v})
		}
	}
	return s, len(s.Pairs) > 0
}

// toneOfCode returns the tone of an HTTP status. 0 is no answer.
func toneOfCode(code int) string {
	switch {
	case code == 0 || code >= 500:
		return "bad"
	case code >= 400:
		return "open"
	default:
		return "good"
	}
}
