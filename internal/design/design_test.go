// Package design compares DESIGN.md with the code.
package design

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the imports that there are into DESIGN.md")

const (
	module = "github.com/idemhq/idem/"
	file   = "../../DESIGN.md"
	opens  = "```imports\n"
	closes = "```\n"
)

// TestTheListOfImportsIsUpToDate compares the list of imports in DESIGN.md with the imports of
// the packages, without tests. After an intended change, run it with -update.
func TestTheListOfImportsIsUpToDate(t *testing.T) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), opens)
	drawn, after, ends := strings.Cut(rest, closes)
	if !found || !ends {
		t.Fatalf("%s has no list of imports", file)
	}
	want := imports(t)
	if drawn == want {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+opens+want+closes+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the imports in DESIGN.md are not those of the code: run go test ./internal/design -update\n%s", difference(drawn, want))
}

// imports returns one line per package with the packages of this module that it imports.
func imports(t *testing.T) string {
	t.Helper()
	list := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		var ours []string
		for _, path := range fields[1:] {
			if name, ok := strings.CutPrefix(path+"/", module); ok {
				name = cmp.Or(strings.TrimSuffix(name, "/"), "idem") // the package at the root
				ours = append(ours, strings.TrimPrefix(name, "internal/"))
			}
		}
		if len(ours) == 0 {
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "internal/")
		lines = append(lines, fmt.Sprintf("%-22s %s\n", name, strings.Join(ours, " ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestTheSDKAndTheClientUseOnlyTheStandardLibrary checks the promise of the documentation to
// programs that import them.
func TestTheSDKAndTheClientUseOnlyTheStandardLibrary(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", `{{if not .Standard}}{{.ImportPath}}{{end}}`, ".", "./persona", "./persona/webhook")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, path := range strings.Fields(string(out)) {
		if !slices.Contains([]string{strings.TrimSuffix(module, "/"), module + "persona", module + "persona/webhook"}, path) {
			t.Errorf("they depend on %s", path)
		}
	}
}

// difference returns the lines that only one of two texts has.
func difference(drawn, want string) string {
	var b strings.Builder
	for _, side := range []struct{ sign, lines, others string }{{"-", drawn, want}, {"+", want, drawn}} {
		for line := range strings.Lines(side.lines) {
			if !strings.Contains("\n"+side.others, "\n"+line) {
				b.WriteString(side.sign + " " + line)
			}
		}
	}
	return b.String()
}

// maxLines is how many hand-written lines a package may have, without its tests.
const maxLines = 6000

func TestNoPackageIsTooLargeToKnow(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{$dir := .Dir}}{{.ImportPath}}{{range .GoFiles}} {{$dir}}/{{.}}{{end}}`, "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		files := strings.Fields(line)
		lines := 0
		for _, file := range files[1:] {
			if strings.HasSuffix(file, "_gen.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines += strings.Count(string(source), "\n")
		}
		if lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: move a topic into a package of its own", files[0], lines, maxLines)
		}
	}
}
