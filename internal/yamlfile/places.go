// Package yamlfile says where in a YAML file a problem is. Errors are [*Error], and
// read as file:line:column: problem.
package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Error says what is wrong with a file, and where. Line and Column count from one;
// they are zero where the problem is not at one place.
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

// File finds the lines and columns of a file's parts.
type File struct {
	name   string
	source []byte
	tree   *ast.File
}

// New returns a file. The name is for errors.
func New(name string, source []byte) *File {
	f := &File{name: name, source: source}
	_ = guard(func() (err error) { // where it does not parse, Read says why
		f.tree, err = parser.ParseBytes(source, 0)
		return err
	})
	return f
}

// Read decodes the file, and refuses keys that the value has no place for, and tags,
// which mean nothing in our files.
func (f *File) Read(into any) error {
	if tag := f.tag(); tag != nil {
		at := tag.GetToken().Position
		return &Error{f.name, at.Line, at.Column, "a tag (!) means nothing here; quote the text if it begins with one"}
	}
	err := guard(func() error { return yaml.UnmarshalWithOptions(f.source, into, yaml.Strict()) })
	if err == nil {
		return nil
	}
	e := &Error{File: f.name, Problem: err.Error()}
	var positioned yaml.Error
	if errors.As(err, &positioned) {
		e.Problem = positioned.GetMessage()
		var wrong *yaml.TypeError
		if errors.As(err, &wrong) {
			e.Problem = fmt.Sprintf("%s, where %s belongs", kind(wrong.SrcType), kind(wrong.DstType))
		}
		if token := positioned.GetToken(); token != nil && token.Position != nil {
			e.Line, e.Column = token.Position.Line, token.Position.Column
		}
	}
	return e
}

// kind says in words what a type is in a file.
func kind(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kind(t.Elem())
	case reflect.String:
		return "a text"
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

// tags visits nodes until it meets a tag.
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

// guard makes an error of a panic in the YAML library, which has had several on odd
// files (github.com/goccy/go-yaml, issues 191, 373 and 735).
func guard(read func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the file cannot be read as YAML")
		}
	}()
	return read()
}

// Problem places a problem at a path such as $.rules[0].when.
func (f *File) Problem(path, problem string) *Error {
	e := &Error{File: f.name, Problem: problem}
	if node := f.Node(path); node != nil {
		e.Line, e.Column = node.GetToken().Position.Line, node.GetToken().Position.Column
	}
	return e
}

// Node returns what is at a path, or nil.
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

// Documents is how many documents the file holds.
func (f *File) Documents() int {
	if f.tree == nil {
		return 0
	}
	return len(f.tree.Docs)
}

// Lines returns the file's lines.
func (f *File) Lines() []string { return strings.Split(string(f.source), "\n") }
