package policy

import (
	"strings"
	"unicode"

	"cel.dev/cel-go/common"
	"github.com/goccy/go-yaml/ast"

	"github.com/idemhq/idem/internal/yamlfile"
)

// inCondition places a problem within a condition's text. YAML joins the lines of a text
// and takes away quotes, but keeps its letters in order, so the text is followed
// through the file letter by letter up to the place.
func inCondition(file *yamlfile.File, path, text string, where common.Location, problem string) error {
	e := file.Problem(path, "condition: "+problem)
	node := file.Node(path)
	if node == nil {
		return e
	}
	line, column := e.Line-1, e.Column-1
	if node.Type() == ast.LiteralType {
		line, column = line+1, 0 // a block starts on the line below its sign
	}
	letters := lettersUpTo(text, where)
	lines := file.Lines()
	for ; line < len(lines) && len(letters) > 0; line, column = line+1, 0 {
		runes := []rune(lines[line])
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
