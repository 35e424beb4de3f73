package policy

import (
	"errors"
	"strings"
	"unicode"

	"cel.dev/cel-go/common"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// places finds the lines and columns of a policy's parts.
type places struct {
	file  string
	lines []string
	tree  *ast.File
}

func newPlaces(file string, source []byte) places {
	tree, _ := parser.ParseBytes(source, 0) // where it does not parse, reading it says why
	return places{file, strings.Split(string(source), "\n"), tree}
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

// documents is how many documents the file holds.
func (p places) documents() int {
	if p.tree == nil {
		return 0
	}
	return len(p.tree.Docs)
}

// condition places a problem within a condition's text. YAML joins the lines of a text
// and takes away quotes, but keeps its letters in order, so the text is followed
// through the file letter by letter up to the place.
func (p places) condition(path, text string, where common.Location, problem string) error {
	e := &Error{File: p.file, Problem: "condition: " + problem}
	node := p.node(path)
	if node == nil {
		return e
	}
	e.Line, e.Column = node.GetToken().Position.Line, node.GetToken().Position.Column
	line, column := e.Line-1, e.Column-1
	if node.Type() == ast.LiteralType {
		line, column = line+1, 0 // a block starts on the line below its sign
	}
	letters := lettersUpTo(text, where)
	for ; line < len(p.lines) && len(letters) > 0; line, column = line+1, 0 {
		runes := []rune(p.lines[line])
		for ; column < len(runes) && len(letters) > 0; column++ {
			if runes[column] == letters[0] {
				letters = letters[1:]
				e.Line, e.Column = line+1, column+1
			}
		}
	}
	return e
}

// lettersUpTo returns the letters of a text up to and with the one at a place, without
// the space between them. Lines count from one, columns from zero.
func lettersUpTo(text string, where common.Location) []rune {
	var letters []rune
	for i, line := range strings.Split(text, "\n") {
		for j, r := range []rune(line) {
			if i+1 > where.Line() || i+1 == where.Line() && j > where.Column() {
				return letters
			}
			if !unicode.IsSpace(r) {
				letters = append(letters, r)
			}
		}
	}
	return letters
}
