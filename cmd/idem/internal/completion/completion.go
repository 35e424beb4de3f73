// Package completion provides shell completion: the scripts for the shells, and the
// candidates for the next word.
package completion

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Command is the first argument that the scripts pass to the program. The second is the
// name of the shell. The rest are the words up to and including the one to complete.
const Command = "__complete"

var (
	//go:embed idem.bash
	bash string
	//go:embed idem.zsh
	zsh string
	//go:embed idem.fish
	fish string
)

// Script returns the script for a shell: bash, zsh or fish.
func Script(shell string) (string, error) {
	switch shell {
	case "bash":
		return bash, nil
	case "zsh":
		return zsh, nil
	case "fish":
		return fish, nil
	}
	return "", fmt.Errorf("there is no completion for the shell %q", shell)
}

// A Candidate is a word that can come next.
type Candidate struct{ Word, Help string }

// Write writes candidates in the form that the script of a shell reads.
func Write(w io.Writer, shell string, candidates []Candidate) {
	for _, c := range candidates {
		help, _, _ := strings.Cut(c.Help, ". ")
		help = strings.TrimSuffix(help, ".")
		switch shell {
		case "zsh":
			fmt.Fprintf(w, "%s:%s\n", strings.ReplaceAll(c.Word, ":", `\:`), help)
		case "fish":
			fmt.Fprintf(w, "%s\t%s\n", c.Word, help)
		default:
			fmt.Fprintln(w, c.Word)
		}
	}
}

// Completer completes the command line of an application.
type Completer struct {
	App *kong.Application

	// Values are the values of flags and arguments by name, in addition to their enums.
	Values map[string][]string
}

// Candidates returns the completions of the last word. There are none where a file or free
// text is expected.
func (c Completer) Candidates(words []string) []Candidate {
	words, apart := join(words)
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	at, open := walk(c.App.Node, words[:len(words)-1])
	name, value, assigned := strings.Cut(last, "=")
	switch flag := flagOf(at, name); {
	case open != nil:
		return matching(c.values(open.Value, ""), last)
	case assigned && flag != nil && apart:
		return matching(c.values(flag.Value, ""), value)
	case assigned && flag != nil:
		return matching(c.values(flag.Value, name+"="), last)
	case strings.HasPrefix(last, "-"):
		return matching(flags(at), last)
	}
	return matching(append(commands(at), c.arguments(at)...), last)
}

// join joins the three words into which bash splits --flag=value. It reports whether the
// last word was split: bash then completes the value alone.
func join(words []string) (joined []string, apart bool) {
	for _, word := range words {
		n := len(joined)
		apart = n > 0 && strings.HasPrefix(joined[n-1], "--") && (word == "=" || strings.HasSuffix(joined[n-1], "="))
		if apart {
			joined[n-1] += word
			continue
		}
		joined = append(joined, word)
	}
	return joined, apart
}

// walk returns the command that the words name, and the flag whose value comes next, if
// any.
func walk(node *kong.Node, words []string) (at *kong.Node, open *kong.Flag) {
	for _, word := range words {
		switch {
		case open != nil:
			open = nil
		case strings.HasPrefix(word, "-"):
			if flag := flagOf(node, word); flag != nil && !flag.IsBool() {
				open = flag
			}
		default:
			if child := childOf(node, word); child != nil {
				node = child
			}
		}
	}
	return node, open
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name || slices.Contains(child.Aliases, name) {
			return child
		}
	}
	return nil
}

func flagOf(node *kong.Node, word string) *kong.Flag {
	for _, flag := range allFlags(node) {
		if word == "--"+flag.Name || flag.Short != 0 && word == "-"+string(flag.Short) {
			return flag
		}
	}
	return nil
}

// allFlags returns the flags of a command and of its parents.
func allFlags(node *kong.Node) []*kong.Flag {
	return slices.Concat(node.AllFlags(true)...)
}

func commands(node *kong.Node) (out []Candidate) {
	for _, child := range node.Children {
		if !child.Hidden {
			out = append(out, Candidate{child.Name, child.Help})
		}
	}
	return out
}

func (c Completer) arguments(node *kong.Node) (out []Candidate) {
	for _, argument := range node.Positional {
		out = append(out, c.values(argument, "")...)
	}
	return out
}

func flags(node *kong.Node) (out []Candidate) {
	for _, flag := range allFlags(node) {
		out = append(out, Candidate{"--" + flag.Name, flag.Help})
	}
	return out
}

// values returns the values that a flag or an argument is limited to.
func (c Completer) values(v *kong.Value, prefix string) (out []Candidate) {
	for _, value := range slices.Concat(v.EnumSlice(), c.Values[v.Name]) {
		if value != "" {
			out = append(out, Candidate{Word: prefix + value})
		}
	}
	return out
}

func matching(all []Candidate, prefix string) []Candidate {
	all = slices.DeleteFunc(all, func(c Candidate) bool { return !strings.HasPrefix(c.Word, prefix) })
	slices.SortFunc(all, func(a, b Candidate) int { return cmp.Compare(a.Word, b.Word) })
	return all
}
