package policy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rulesSection is what docs/service.md says about rules.
func rulesSection(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/service.md")
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

func TestTheDocumentedPolicyCanBeUsed(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(rulesSection(t))
	if block == nil {
		t.Fatal("there is no policy")
	}
	load(t, block[1])
}

func TestEveryVariableAndFunctionIsDocumented(t *testing.T) {
	l, err := newLanguage(nil)
	if err != nil {
		t.Fatal(err)
	}
	section := rulesSection(t)
	for _, name := range l.variables {
		if !strings.Contains(section, "| `"+name+"` |") {
			t.Errorf("the variable %s is not documented", name)
		}
	}
	for _, name := range functionNames() {
		if !strings.Contains(section, "| `"+name+"(") {
			t.Errorf("the function %s is not documented", name)
		}
	}
	_, table, _ := strings.Cut(section, "| variable | type | what it is |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		if !slices.Contains(l.variables, match[1]) {
			t.Errorf("%s is documented, and there is no such variable", match[1])
		}
	}
}
