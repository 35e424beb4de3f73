package policy

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// places finds the lines and columns of a policy's parts.
type places struct {
	file string
	tree *ast.File
}

func newPlaces(file string, source []byte) places {
	tree, _ := parser.ParseBytes(source, 0) // where it does not parse, reading it says why
	return places{file, tree}
}

// yaml turns an error of the YAML library into ours.
func (p places) yaml(err error) error {
	e := &Error{File: p.file, Problem: err.Error()}
	var positioned yaml.Error
	if errors.As(err, &positioned) {
		e.Problem = positioned.GetMessage()
		if token := positioned.GetToken(); token != nil && token.Position != nil {
			e.Line, e.Column = token.Position.Line, token.Position.Column
		}
	}
	return e
}

// problem places a problem at a path such as $.rules[0].when.
func (p places) problem(path, problem string) error {
	e := &Error{File: p.file, Problem: problem}
	if node := p.node(path); node != nil {
		e.Line, e.Column = node.GetToken().Position.Line, node.GetToken().Position.Column
	}
	return e
}

func (p places) node(path string) ast.Node {
	yamlPath, err := yaml.PathString(path)
	if err != nil || p.tree == nil {
		return nil
	}
	node, err := yamlPath.FilterFile(p.tree)
	if err != nil || node == nil || node.GetToken() == nil {
		return nil
	}
	return node
}

// condition places the first problem of a condition: its own place within the text,
// added to where the text starts.
func (p places) condition(path string, issues *cel.Issues) error {
	first := issues.Errors()[0]
	e := &Error{File: p.file, Problem: "condition: " + first.Message}
	node := p.node(path)
	if node == nil {
		return e
	}
	start := node.GetToken().Position
	e.Line, e.Column = start.Line, start.Column+first.Location.Column()
	if strings.HasPrefix(strings.TrimSpace(node.GetToken().Origin), "\n") || node.Type() == ast.LiteralType {
		// A block starts on the line below its sign.
		e.Line += first.Location.Line()
		e.Problem = fmt.Sprintf("%s (line %d of the block)", e.Problem, first.Location.Line())
	} else {
		e.Line += first.Location.Line() - 1
	}
	return e
}
