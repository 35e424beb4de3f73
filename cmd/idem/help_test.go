package main

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// TestEveryCommandHasExamplesThatParse holds the help to the command line that there is.
func TestEveryCommandHasExamplesThatParse(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: each of the many examples needs a new parser")
	}
	t.Setenv("IDEM_API_TOKEN", "made up") // the examples leave it to the variable
	quiet := streams{strings.NewReader(""), io.Discard, io.Discard}
	parser, err := newParser(context.Background(), quiet, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		t.Run(leaf.FullPath(), func(t *testing.T) {
			_, shown, found := strings.Cut(leaf.Detail, "Examples:\n\n")
			if !found {
				t.Fatal("its help has no examples")
			}
			own := false
			for line := range strings.Lines(shown) {
				args := arguments(line)
				if args == nil {
					continue
				}
				parser, err := newParser(context.Background(), quiet, func(int) {})
				if err != nil {
					t.Fatal(err)
				}
				command, err := parser.Parse(args)
				if err != nil {
					t.Errorf("%q: %v", strings.TrimSpace(line), err)
					continue
				}
				own = own || command.Selected().FullPath() == leaf.FullPath()
			}
			if !own {
				t.Error("no example is of this command")
			}
		})
	}
}

var call = regexp.MustCompile(`(?:^|[|(] ?|^[A-Z_]+=.* )idem (.*)$`)

// arguments are what a line of an example gives to idem, nil if it calls something else.
// Quotes are those of the shell; what comes after a pipe or a redirection is not idem's.
func arguments(line string) []string {
	match := call.FindStringSubmatch(strings.TrimSpace(line))
	if match == nil {
		return nil
	}
	args, word, quote, depth := []string{}, "", rune(0), 0
	end := func() {
		if word != "" {
			args = append(args, word)
		}
		word = ""
	}
	for _, r := range match[1] {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '\'' || r == '"':
			quote = r
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
			word = "1700000000" // what $(…) stands for
		case depth > 0:
		case strings.ContainsRune("|<>)", r):
			end()
			return args
		case unicode.IsSpace(r):
			end()
		default:
			word += string(r)
		}
	}
	end()
	return args
}
