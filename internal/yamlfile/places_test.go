package yamlfile

import (
	"errors"
	"testing"
)

type content struct {
	Name  string   `yaml:"name"`
	Words []string `yaml:"words"`
	Inner struct {
		Count int `yaml:"count"`
	} `yaml:"inner"`
	Rows []map[string]any `yaml:"rows"`
}

func TestReadSaysWhereAFileIsWrong(t *testing.T) {
	for name, test := range map[string]struct{ source, says string }{
		"a good file":                   {"name: a\nwords: [b]\n", ""},
		"an empty file":                 {"", ""},
		"an unknown key":                {"name: a\nnaem: b\n", `f.yaml:2:1: unknown field "naem"`},
		"a list where a text belongs":   {"name: [a]\n", "f.yaml:1:7: a list, where a text belongs"},
		"a text where a number belongs": {"inner: {count: many}\n", "f.yaml:1:16: a text, where a number belongs"},
		"a text where a list belongs":   {"words: many\n", "f.yaml:1:8: string was used where sequence is expected"},
		"a text that does not end":      {"name: \"a\n", "f.yaml:1:7: could not find end character of double-quoted text"},
		"a tag":                         {"name: a\nwords: !list [b]\n", "f.yaml:2:8: a tag (!) means nothing here; quote the text if it begins with one"},
		"a tag without a list":          {"words: !list\ninner:\n", "f.yaml:1:8: a tag (!) means nothing here; quote the text if it begins with one"},
		"a tag below":                   {"rows:\n  - a: !!str b\n", "f.yaml:2:8: a tag (!) means nothing here; quote the text if it begins with one"},
		"an alias of nothing":           {"words: *none\n", `f.yaml:1:9: could not find alias "none"`},
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
