package yamlfile

import (
	"errors"
	"testing"
	"time"
)

type content struct {
	Name  string   `yaml:"name"`
	Words []string `yaml:"words"`
	Inner struct {
		Count int `yaml:"count"`
	} `yaml:"inner"`
	Rows  []map[string]any `yaml:"rows"`
	Wait  time.Duration    `yaml:"wait"`
	Since time.Time        `yaml:"since"`
}

func TestErrorsHavePositions(t *testing.T) {
	for name, test := range map[string]struct{ source, says string }{
		"a good file":                  {"name: a\nwords: [b]\n", ""},
		"an empty file":                {"", ""},
		"an unknown key":               {"name: a\nnaem: b\n", `f.yaml:2:1: unknown field "naem"`},
		"a list instead of a string":   {"name: [a]\n", "f.yaml:1:7: a list, but a string is expected"},
		"a string instead of a number": {"inner: {count: many}\n", "f.yaml:1:16: a string, but a number is expected"},
		"a string instead of a list":   {"words: many\n", "f.yaml:1:8: string was used where sequence is expected"},
		"a string without an end":      {"name: \"a\n", "f.yaml:1:7: could not find end character of double-quoted text"},
		"a tag":                        {"name: a\nwords: !list [b]\n", "f.yaml:2:8: YAML tags are not supported; quote the value if it begins with !"},
		"a tag without a list":         {"words: !list\ninner:\n", "f.yaml:1:8: YAML tags are not supported; quote the value if it begins with !"},
		"a tag below":                  {"rows:\n  - a: !!str b\n", "f.yaml:2:8: YAML tags are not supported; quote the value if it begins with !"},
		"a duration without a unit":    {"name: a\nwait: \"30\"\n", `f.yaml:2:7: missing unit in duration "30"`},
		"a duration in unknown units":  {"words: [a]\nwait: 3x\n", `f.yaml:2:7: unknown unit "x" in duration "3x"`},
		"a date":                       {"since: 2026-01-02\n", ""},
		"a time":                       {"since: 2026-01-02T03:04:05Z\n", ""},
		"a time with a zone":           {"since: \"2026-01-02T03:04:05.5+01:00\"\n", ""},
		"no time":                      {"since:\nname: a\n", ""},
		"a word instead of a time":     {"name: a\nsince: yesterday\n", `f.yaml:2:8: "yesterday" is not a time such as 2026-01-02T03:04:05Z, nor a date`},
		"a day that does not exist":    {"since: 2026-13-01\n", `f.yaml:1:8: "2026-13-01" is not a time such as 2026-01-02T03:04:05Z, nor a date`},
		"an unknown alias":             {"words: *none\n", `f.yaml:1:9: could not find alias "none"`},
	} {
		t.Run(name, func(t *testing.T) {
			var into content
			err := New("f.yaml", []byte(test.source)).Read(&into)
			if got := text(err); got != test.says {
				t.Errorf("says %q, want %q", got, test.says)
			}
		})
	}
}

func TestAPanicOfTheLibraryIsAnError(t *testing.T) {
	err := guard(func() error { panic("as in issue 735") })
	if got := text(err); got != "the file cannot be read as YAML" {
		t.Errorf("error %q", got)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("name: a\nwords: [b, &x c, *x]\ninner: {count: 1}\nrows:\n  - a: |\n      b\n"))
	f.Add([]byte("words: !x\n0000: !!map {<<: *a}\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		var into content
		file := New("f.yaml", source)
		err := file.Read(&into)
		var placed *Error
		if err != nil && (!errors.As(err, &placed) || placed.Problem == "" || placed.Line < 0) {
			t.Errorf("error %#v", err)
		}
		if at := file.Problem("$.rows[0]", "is wrong"); at.Line < 0 || at.Problem != "is wrong" {
			t.Errorf("a problem is at %#v", at)
		}
	})
}
