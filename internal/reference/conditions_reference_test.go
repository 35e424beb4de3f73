package reference

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tri is the result of a condition. It is unknown if the condition needs a value that is
// absent or of the wrong type.
type tri int

const (
	no tri = iota
	yes
	unknown
)

func is(holds bool) tri {
	if holds {
		return yes
	}
	return no
}

func (t tri) not() tri {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// both is no if one is no, even if the other is unknown.
func both(a, b tri) tri {
	switch {
	case a == no || b == no:
		return no
	case a == yes && b == yes:
		return yes
	}
	return unknown
}

func either(a, b tri) tri { return both(a.not(), b.not()).not() }

// condition is a condition with its text for the real policy.
type condition struct {
	text  string
	holds func(*facts) tri

	// sees and misses mean that it tests for presence, and can become true because a value
	// is present or because one is absent.
	sees, misses bool
}

func (a *condition) and(b *condition) *condition {
	return &condition{
		fmt.Sprintf("(%s && %s)", a.text, b.text),
		func(f *facts) tri { return both(a.holds(f), b.holds(f)) },
		a.sees || b.sees, a.misses || b.misses,
	}
}

func (a *condition) or(b *condition) *condition {
	return &condition{
		fmt.Sprintf("(%s || %s)", a.text, b.text),
		func(f *facts) tri { return either(a.holds(f), b.holds(f)) },
		a.sees || b.sees, a.misses || b.misses,
	}
}

func (a *condition) not(form string) *condition {
	return &condition{
		fmt.Sprintf(form, a.text),
		func(f *facts) tri { return a.holds(f).not() },
		a.misses, a.sees,
	}
}

// choose returns a ? b : c.
func (a *condition) choose(b, c *condition) *condition {
	asks := a.sees || a.misses
	return &condition{
		fmt.Sprintf("(%s ? %s : %s)", a.text, b.text, c.text),
		func(f *facts) tri {
			switch a.holds(f) {
			case yes:
				return b.holds(f)
			case no:
				return c.holds(f)
			}
			return unknown
		},
		asks || b.sees || c.sees, asks || b.misses || c.misses,
	}
}

// part is a condition on one thing; %s in its text stands for the thing.
type part struct {
	text         string
	holds        func(*thing) tri // nil for no thing
	sees, misses bool
}

// about returns a condition on one of the facts.
func (p part) about(variable string, which func(*facts) *thing) *condition {
	return &condition{strings.ReplaceAll(p.text, "%s", variable), func(f *facts) tri { return p.holds(which(f)) }, p.sees, p.misses}
}

// all is true unless it is false for an element.
func (p part) all(list string, which func(*facts) []*thing) *condition {
	return &condition{
		fmt.Sprintf("%s.all(e, %s)", list, strings.ReplaceAll(p.text, "%s", "e")),
		func(f *facts) tri {
			holds := yes
			for _, t := range which(f) {
				holds = both(holds, p.holds(t))
			}
			return holds
		}, p.sees, p.misses,
	}
}

// exists is true if it is true for an element.
func (p part) exists(list string, which func(*facts) []*thing) *condition {
	return &condition{
		fmt.Sprintf("%s.exists(e, %s)", list, strings.ReplaceAll(p.text, "%s", "e")),
		func(f *facts) tri {
			holds := no
			for _, t := range which(f) {
				holds = either(holds, p.holds(t))
			}
			return holds
		}, p.sees, p.misses,
	}
}

func (p part) and(q part) part {
	return part{
		fmt.Sprintf("(%s && %s)", p.text, q.text),
		func(t *thing) tri { return both(p.holds(t), q.holds(t)) },
		p.sees || q.sees, p.misses || q.misses,
	}
}

func (p part) or(q part) part {
	return part{
		fmt.Sprintf("(%s || %s)", p.text, q.text),
		func(t *thing) tri { return either(p.holds(t), q.holds(t)) },
		p.sees || q.sees, p.misses || q.misses,
	}
}

func (p part) not() part {
	return part{"!(" + p.text + ")", func(t *thing) tri { return p.holds(t).not() }, p.misses, p.sees}
}

// snake returns the name of an attribute in conditions.
func snake(key string) string { return strings.ReplaceAll(key, "-", "_") }

// has tests whether an attribute is present.
func has(key string) part {
	return part{"has(%s." + snake(key) + ")", func(t *thing) tri { return is(t != nil && t.attributes[key] != nil) }, true, false}
}

// attribute compares an attribute with a value of its type.
func attribute[T comparable](key, operator string, value T) part {
	return part{
		text: fmt.Sprintf("%%s.%s %s %s", snake(key), operator, literal(value)),
		holds: func(t *thing) tri {
			if t == nil {
				return unknown
			}
			found, ok := t.attributes[key].(T)
			if !ok {
				return unknown
			}
			return is((found == value) == (operator == "=="))
		},
	}
}

// flag is the value of a boolean attribute.
func flag(key string) part {
	p := attribute(key, "==", true)
	p.text = "%s." + snake(key)
	return p
}

// typed compares the type.
func typed(typ string) part {
	return part{text: "%s.type == " + literal(typ), holds: func(t *thing) tri {
		if t == nil {
			return unknown
		}
		return is(t.typ == typ)
	}}
}

// tagged tests for a tag.
func tagged(tag string) part {
	return part{text: literal(tag) + " in %s.tags", holds: func(t *thing) tri {
		if t == nil {
			return unknown
		}
		tags, ok := t.attributes["tags"].([]any)
		if !ok {
			return unknown
		}
		return is(slices.Contains(tags, any(tag)))
	}}
}

// earlier compares a time.
func earlier(key, than string) part {
	return part{text: fmt.Sprintf("%%s.%s < timestamp(%s)", snake(key), literal(than)), holds: func(t *thing) tri {
		if t == nil {
			return unknown
		}
		at, ok := t.moment(key)
		if !ok {
			return unknown
		}
		return is(stamp(at) < than)
	}}
}

// checked tests whether a check of an attempt has a status and no other one.
func checked(name, status string) part {
	return part{
		text: fmt.Sprintf("%%s.checks.exists(c, c.name == %s && c.status == %s)", literal(name), literal(status)),
		holds: func(t *thing) tri {
			return overChecks(t, no, func(check map[string]any, holds tri) tri {
				return either(holds, both(member(check, "name", name), member(check, "status", status)))
			})
		},
	}
}

// unchecked tests whether no check of an attempt has a status.
func unchecked(status string) part {
	return part{
		text: fmt.Sprintf("%%s.checks.all(c, c.status != %s)", literal(status)),
		holds: func(t *thing) tri {
			return overChecks(t, yes, func(check map[string]any, holds tri) tri {
				return both(holds, member(check, "status", status).not())
			})
		},
	}
}

func overChecks(t *thing, holds tri, next func(map[string]any, tri) tri) tri {
	if t == nil {
		return unknown
	}
	checks, ok := t.attributes["checks"].([]any)
	if !ok {
		return unknown
	}
	for _, c := range checks {
		check, _ := c.(map[string]any)
		holds = next(check, holds)
	}
	return holds
}

func member(of map[string]any, key, value string) tri {
	found, ok := of[key].(string)
	if !ok {
		return unknown
	}
	return is(found == value)
}

// field compares a template field.
func field(key, operator string, value any) part {
	return part{
		text: fmt.Sprintf("%%s.fields[%s] %s %s", literal(key), operator, literal(value)),
		holds: func(t *thing) tri {
			found, ok := fieldOf(t, key)
			if !ok {
				return unknown
			}
			switch operator {
			case "==":
				return is(found == value)
			case "!=":
				return is(found != value)
			}
			number, ok := found.(float64)
			if !ok {
				return unknown
			}
			return is(number >= value.(float64))
		},
	}
}

// hasField tests whether a template field is present.
func hasField(key string) part {
	return part{literal(key) + " in %s.fields", func(t *thing) tri {
		if t == nil {
			return unknown
		}
		if _, ok := t.attributes["fields"].(map[string]any); !ok {
			return unknown
		}
		_, ok := fieldOf(t, key)
		return is(ok)
	}, true, false}
}

// fieldOf returns the value of a field, whose key may have any casing. If two keys name the
// same field, it is unknown.
func fieldOf(t *thing, key string) (value any, ok bool) {
	if t == nil {
		return nil, false
	}
	fields, _ := t.attributes["fields"].(map[string]any)
	found := 0
	for k, f := range fields {
		if kebab(k) == key {
			field, _ := f.(map[string]any)
			value, found = field["value"], found+1
		}
	}
	return value, found == 1 && value != nil
}

// ask returns a condition without parts.
func ask(text string, holds func(*facts) tri) *condition { return &condition{text: text, holds: holds} }

// evidence is a condition that must not be negated, since missing data is not evidence.
func evidence(text string, holds func(*facts) tri) *condition {
	return &condition{text: text, holds: holds, sees: true}
}

func literal(value any) string {
	switch v := value.(type) {
	case string:
		return strconv.Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return fmt.Sprint(value)
}
