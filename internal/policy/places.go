package policy

import (
	"strings"
	"unicode"

	"cel.dev/cel-go/common"
	"github.com/goccy/go-yaml/ast"

	"github.com/idemhq/idem/internal/yamlfile"
)

// inCondition returns an error with the position in the file of a problem in a condition.
// YAML joins lines and removes quotes but keeps the order of the letters, so the position
// is found by following the condition through the file letter by letter.
func inCondition(file *yamlfile.File, path, text string, where common.Location, problem string) error {
	e := file.Problem(path, "condition: "+problem)
	node := file.Node(path)
	if node == nil {
		return e
	}
	line, column := e.Line-1, e.Column-1
	if node.Type() == ast.LiteralType {
		line, column = line+1, 0 // the text of a block starts on the line below its indicator
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

// lettersUpTo returns the letters of text up to and including a position, without white
// space. Lines count from one, columns from zero.
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
