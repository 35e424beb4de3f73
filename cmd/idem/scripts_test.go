package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// scripted is a call of idem in a script.
type scripted struct {
	args   []string
	failed bool
}

// scriptedCalls returns the calls of idem in testdata/script, also those of the shell scripts
// there.
func scriptedCalls(t *testing.T) (calls []scripted) {
	t.Helper()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n'\"();|", r) })
			at := slices.IndexFunc(words, func(word string) bool { return word == "idem" || word == "usage" })
			if at >= 0 {
				calls = append(calls, scripted{words[at+1:], words[at] == "usage" || slices.Contains(words[:at], "!")})
			}
		}
	}
	return calls
}

// of reports whether the call is of a command.
func (s scripted) of(command *kong.Node) bool {
	words := strings.Fields(command.FullPath())[1:]                                                  // without idem
	words = slices.DeleteFunc(words, func(word string) bool { return strings.HasPrefix(word, "(") }) // other names
	return len(s.args) >= len(words) && slices.Equal(s.args[:len(words)], words)
}

// has reports whether the call has a flag, by its long or its short name.
func (s scripted) has(flag *kong.Flag) bool {
	return slices.ContainsFunc(s.args, func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return name == "--"+flag.Name || flag.Short != 0 && name == "-"+string(flag.Short)
	})
}

// TestTheScriptsHaveEveryCommandWithItsErrorsAndFlags fails if a new command or flag is in no
// script.
func TestTheScriptsHaveEveryCommandWithItsErrorsAndFlags(t *testing.T) {
	parser, err := newParser(context.Background(), streams{strings.NewReader(""), io.Discard, io.Discard}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	all := scriptedCalls(t)
	for _, leaf := range parser.Model.Leaves(true) {
		var calls []scripted
		for _, call := range all {
			if call.of(leaf) {
				calls = append(calls, call)
			}
		}
		failed := func(c scripted) bool { return c.failed }
		if !slices.ContainsFunc(calls, failed) {
			t.Errorf("no script has an error of %s", leaf.FullPath())
		}
		if !slices.ContainsFunc(calls, func(c scripted) bool { return !c.failed }) {
			t.Errorf("no script has a %s that succeeds", leaf.FullPath())
		}
		for _, flag := range leaf.Flags {
			having := calls
			if slices.Contains([]string{"config", "environment", "token", "url"}, flag.Name) {
				having = all // commands share their code
			}
			if !slices.ContainsFunc(having, func(c scripted) bool { return c.has(flag) }) {
				t.Errorf("no script has %s --%s", leaf.FullPath(), flag.Name)
			}
		}
	}
}
