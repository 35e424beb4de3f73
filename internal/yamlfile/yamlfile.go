// Package yamlfile reads YAML files with errors that have positions. Errors are [*Error],
// and read as file:line:column: problem.
package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Error is a problem in a file, with its position. Line and Column count from one; they are
// zero if the problem has no single position.
type Error struct {
	File         string
	Line, Column int
	Problem      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Problem)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
}

// File is a YAML file. It finds the positions of its parts.
type File struct {
	name   string
	source []byte
	tree   *ast.File
}

// New parses a file. The name is used in errors.
func New(name string, source []byte) *File {
	f := &File{name: name, source: source}
	_ = guard(func() (err error) { // if it cannot be parsed, Read returns the error
		f.tree, err = parser.ParseBytes(source, 0)
		return err
	})
	return f
}

// Read decodes the file. Unknown keys and YAML tags are errors.
func (f *File) Read(into any) error {
	if tag := f.tag(); tag != nil {
		at := tag.GetToken().Position
		return &Error{f.name, at.Line, at.Column, "YAML tags are not supported; quote the value if it begins with !"}
	}
	err := guard(func() error {
		return yaml.UnmarshalWithOptions(f.source, into, yaml.Strict(), yaml.CustomUnmarshaler(readTime))
	})
	if err == nil {
		return nil
	}
	e := &Error{File: f.name, Problem: err.Error()}
	var positioned yaml.Error
	if errors.As(err, &positioned) {
		e.Problem = positioned.GetMessage()
		var wrong *yaml.TypeError
		if errors.As(err, &wrong) {
			e.Problem = fmt.Sprintf("%s, but %s is expected", kind(wrong.SrcType), kind(wrong.DstType))
		}
		if token := positioned.GetToken(); token != nil && token.Position != nil {
			e.Line, e.Column = token.Position.Line, token.Position.Column
		}
	}
	if text, found := strings.CutPrefix(e.Problem, "time: "); found && e.Line == 0 {
		e.Problem = text
		f.locate(e)
	}
	return e
}

// readTime reads a time or a date. The YAML library takes everything else for no time.
func readTime(into *time.Time, text []byte) error {
	given := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	if given == "" || given == "null" || given == "~" {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, given); err == nil {
			*into = t
			return nil
		}
	}
	return fmt.Errorf("time: %q is not a time such as 2026-01-02T03:04:05Z, nor a date", given)
}

// locate sets the position of an error about a duration or a time. The YAML library leaves it out, but
// the error quotes the value.
func (f *File) locate(e *Error) {
	parts := strings.Split(e.Problem, `"`)
	if len(parts) < 3 || f.tree == nil {
		return
	}
	value := parts[len(parts)-2] // the unit may be quoted before it
	for _, document := range f.tree.Docs {
		if document.Body == nil {
			continue
		}
		first := scalar{value: value}
		ast.Walk(&first, document.Body)
		if first.node != nil {
			at := first.node.GetToken().Position
			e.Line, e.Column = at.Line, at.Column
			return
		}
	}
}

// scalar is a visitor that finds the first value with a text.
type scalar struct {
	value string
	node  ast.Node
}

// Visit implements [ast.Visitor].
func (s *scalar) Visit(node ast.Node) ast.Visitor {
	if pair, ok := node.(*ast.MappingValueNode); ok && s.node == nil && pair.Value.GetToken().Value == s.value {
		s.node = pair.Value
	}
	if s.node != nil {
		return nil
	}
	return s
}

// kind describes a type in a YAML file.
func kind(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kind(t.Elem())
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	}
	return "a number"
}

// tag returns the file's first tag, or nil.
func (f *File) tag() *ast.TagNode {
	if f.tree == nil {
		return nil
	}
	var first tags
	for _, document := range f.tree.Docs {
		if document.Body != nil {
			ast.Walk(&first, document.Body)
		}
	}
	return first.tag
}

// tags is a visitor that finds the first tag.
type tags struct{ tag *ast.TagNode }

// Visit implements [ast.Visitor].
func (t *tags) Visit(node ast.Node) ast.Visitor {
	if tag, ok := node.(*ast.TagNode); ok && t.tag == nil {
		t.tag = tag
	}
	if t.tag != nil {
		return nil
	}
	return t
}

// guard turns a panic of the YAML library into an error. It has panicked on malformed files
// several times (github.com/goccy/go-yaml, issues 191, 373 and 735).
func guard(read func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the file cannot be read as YAML")
		}
	}()
	return read()
}

// Problem returns an error at a path such as $.rules[0].when.
func (f *File) Problem(path, problem string) *Error {
	e := &Error{File: f.name, Problem: problem}
	if node := f.Node(path); node != nil {
		e.Line, e.Column = node.GetToken().Position.Line, node.GetToken().Position.Column
	}
	return e
}

// Node returns the node at a path, or nil.
func (f *File) Node(path string) ast.Node {
	yamlPath, err := yaml.PathString(path)
	if err != nil || f.tree == nil {
		return nil
	}
	node, err := yamlPath.FilterFile(f.tree)
	if err != nil || node == nil || node.GetToken() == nil {
		return nil
	}
	return node
}

// Documents returns the number of documents in the file.
func (f *File) Documents() int {
	if f.tree == nil {
		return 0
	}
	return len(f.tree.Docs)
}

// Lines returns the file's lines.
func (f *File) Lines() []string { return strings.Split(string(f.source), "\n") }
