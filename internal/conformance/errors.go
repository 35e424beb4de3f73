package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Error lists the problems of one request, response or event.
type Error struct {
	What     string // for example "GET /inquiries/{inquiry-id}: response 200"
	Problems []Problem
}

// Problem is one problem.
type Problem struct {
	Where  string // a JSON pointer into the body, or "header X", "query x", "path", "body"
	Detail string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.What)
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "\n\t%s: %s", p.Where, p.Detail)
	}
	return b.String()
}

// report collects problems.
type report struct {
	what     string
	problems []Problem
}

func (r *report) add(where, detail string, args ...any) {
	p := Problem{where, fmt.Sprintf(detail, args...)}
	if !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return &Error{What: r.what, Problems: r.problems}
}

// check validates a value against the schema at a pointer. prefix is prepended to
// positions.
func (d *Document) check(r *report, pointer string, value any, prefix string) {
	schema, err := d.schema(pointer)
	if err != nil {
		r.add("document", "%v", err)
		return
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(schema.Validate(value), &invalid) {
		return
	}
	found := leaves(invalid)
	for _, leaf := range found {
		where := prefix + join("", leaf.InstanceLocation...)
		if where == "" {
			where = "body"
		}
		switch {
		case !unknownProperty(leaf):
			r.add(where, "%s", leaf.BasicOutput().Error)
		case !followsFrom(leaf, found):
			r.add(where, "is not a property of the schema")
		}
	}
}

// leaves returns the failures without further causes.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

// unknownProperty reports whether a property failed for unevaluatedProperties: false.
func unknownProperty(e *jsonschema.ValidationError) bool {
	_, ok := e.ErrorKind.(*kind.FalseSchema)
	return ok
}

// followsFrom reports whether an unknown property is only a consequence of another failure:
// if one property of an object fails, that part of the schema counts as not evaluated, and
// so do all properties in it.
func followsFrom(unknown *jsonschema.ValidationError, all []*jsonschema.ValidationError) bool {
	object := unknown.InstanceLocation[:len(unknown.InstanceLocation)-1]
	return slices.ContainsFunc(all, func(e *jsonschema.ValidationError) bool {
		at := e.InstanceLocation
		return !unknownProperty(e) && len(at) >= len(object) && slices.Equal(at[:len(object)], object)
	})
}
