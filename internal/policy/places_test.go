package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

func TestErrorsInConditionsHaveTheirPositionInEveryYAMLForm(t *testing.T) {
	head := "version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n    then: [approve_inquiry]\n"
	for name, test := range map[string]struct {
		when         string
		line, column int
	}{
		"plain":              {"    when: true && inquirie.x == 1\n", 6, 19},
		"over several lines": {"    when: true\n      && inquirie.x == 1\n", 7, 10},
		"in double quotes":   {"    when: \"'a' != \\\"b\\\" && inquirie.x == 1\"\n", 6, 28},
		"in single quotes":   {"    when: '''a'' != ''b'' && inquirie.x == 1'\n", 6, 30},
		"as a folded block":  {"    when: >-\n      true\n      && true\n      && inquirie.x == 1\n", 9, 10},
		"as a literal block": {"    when: |\n      true\n      && inquirie.x == 1\n", 8, 10},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load("policy.yaml", []byte(head+test.when), domain.Sandbox)
			var e *Error
			if !errors.As(err, &e) || e.Line != test.line || e.Column != test.column || !strings.Contains(e.Problem, "inquirie") {
				t.Errorf("rejected with %v, want line %d, column %d", err, test.line, test.column)
			}
		})
	}
}
