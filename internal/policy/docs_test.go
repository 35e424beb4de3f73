package policy

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"

	"github.com/idemhq/idem/internal/action"
)

const docs = "../../docs/service.md"

var update = flag.Bool("update", false, "write the table of variables into docs/service.md")

// rulesSection returns the section of docs/service.md about rules.
func rulesSection(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "\n## Rules\n")
	section, _, ends := strings.Cut(after, "\n## ")
	if !found || !ends {
		t.Fatal("docs/service.md has no section on rules")
	}
	return section
}

func TestTheDocumentedPolicyIsValidAndHasNoProbableMistake(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(rulesSection(t))
	if block == nil {
		t.Fatal("docs/service.md has no example of a policy")
	}
	if warnings := load(t, block[1]).Warnings(); len(warnings) > 0 {
		t.Error(warnings)
	}
}

// tableHead begins the table of variables in docs/service.md.
const tableHead = "| variable | type | what it is |\n| --- | --- | --- |\n"

// "go test ./internal/policy -update" writes the table of variables into docs/service.md.
func TestTheDocumentedVariablesAreThoseOfTheTable(t *testing.T) {
	l, err := newLanguage(nil)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, v := range l.variables() {
		if v.means != "" {
			fmt.Fprintf(&table, "| `%s` | %s | %s |\n", v.name, typeName(v.typ), v.means)
		}
	}
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), tableHead)
	documented, after, ends := strings.Cut(rest, "\n\n")
	if !found || !ends {
		t.Fatal("docs/service.md has no table of variables")
	}
	if documented+"\n" == table.String() {
		return
	}
	if !*update {
		t.Fatalf("the table is\n%s\nwant\n%s\nrun: go test ./internal/policy -update", documented, table.String())
	}
	if err := os.WriteFile(docs, []byte(before+tableHead+table.String()+"\n"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// typeName returns the name of a type as docs/service.md writes it.
func typeName(t *cel.Type) string {
	if t.Kind() == cel.ListKind {
		return "list of " + typeName(t.Parameters()[0])
	}
	return t.TypeName()
}

func TestEveryFunctionIsDocumented(t *testing.T) {
	section := rulesSection(t)
	for _, name := range functionNames() {
		if !strings.Contains(section, "| `"+name+"(") {
			t.Errorf("the function %s is not documented", name)
		}
	}
}

func TestEveryActionIsDocumented(t *testing.T) {
	_, actions, _ := strings.Cut(rulesSection(t), "**Actions:** ")
	actions, _, _ = strings.Cut(actions, "\n")
	for _, name := range action.Names() {
		if !strings.Contains(actions, "`"+name+"`") && !strings.Contains(actions, "`"+name+": ") {
			t.Errorf("the action %s is not documented", name)
		}
	}
}
