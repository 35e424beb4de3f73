package rotate

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"github.com/idemhq/idem/internal/atomicfile"
)

// Place is where a key or secrets are: a file that contains nothing else, one value a line,
// or a setting in a YAML file. The zero Place is none.
type Place struct {
	File    string
	Setting string // the path of the setting in the file, such as environments.sandbox.api_key; empty if there is nothing else in the file
}

// String describes the place.
func (p Place) String() string {
	if p.Setting == "" {
		return p.File
	}
	return p.Setting + " in " + p.File
}

// state is the beginning of the names of the files about a rotation.
func (p Place) state() string {
	if p.Setting == "" {
		return p.File
	}
	return p.File + "." + p.Setting
}

// Read returns the values.
func (p Place) Read() ([]string, error) {
	content, err := os.ReadFile(p.File)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p, err)
	}
	if p.Setting == "" {
		return strings.FieldsFunc(string(content), func(c rune) bool { return strings.ContainsRune(", \t\r\n", c) }), nil
	}
	var values []string
	path, err := yaml.PathString("$." + p.Setting)
	if err == nil {
		err = path.Read(strings.NewReader(string(content)), &values)
	}
	if err != nil { // it is not a list
		var value string
		if path == nil || path.Read(strings.NewReader(string(content)), &value) != nil {
			return nil, fmt.Errorf("read %s: it is not there", p) // the parser's error may quote a secret
		}
		values = []string{value}
	}
	return values, nil
}

// write replaces the values. A YAML file keeps everything else, except a comment on the
// same line as a list.
func (p Place) write(values []string) error {
	content := []byte(strings.Join(values, "\n") + "\n")
	if p.Setting != "" {
		var err error
		if content, err = p.rewritten(values); err != nil {
			return err
		}
	}
	if err := atomicfile.Write(p.File, content); err != nil {
		return fmt.Errorf("write %s: %w", p, err)
	}
	return nil
}

// checkWritable replaces the values by themselves. A rotation must not begin if its result
// cannot be written.
func (p Place) checkWritable(values []string) error {
	if err := p.write(values); err != nil {
		return fmt.Errorf("a rotation must be able to write the new value: %w", err)
	}
	return nil
}

// errRewrite is returned without the cause, which may quote a secret.
var errRewrite = errors.New("the setting cannot be replaced: move it to a file of its own, with api_key_file or webhook_secrets_file")

// rewritten returns the YAML file with other values. It checks that nothing else changes.
func (p Place) rewritten(values []string) ([]byte, error) {
	content, err := os.ReadFile(p.File)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p, err)
	}
	var now any
	if err := yaml.Unmarshal(content, &now); err != nil {
		return nil, fmt.Errorf("%s: %w", p, errRewrite)
	}
	old, single := at(now, p.Setting).(string)
	var next string
	if single && old != "" && len(values) == 1 {
		next = strings.Replace(string(content), old, values[0], 1)
	} else if next, err = p.replaced(content, values); err != nil {
		return nil, err
	}
	var changed any
	if err := yaml.Unmarshal([]byte(next), &changed); err != nil {
		return nil, fmt.Errorf("%s: %w", p, errRewrite)
	}
	var want any = values[0]
	if !single {
		list := make([]any, len(values))
		for i, value := range values {
			list[i] = value
		}
		want = list
	}
	if !put(now, p.Setting, want) || !reflect.DeepEqual(now, changed) {
		return nil, fmt.Errorf("%s: %w", p, errRewrite)
	}
	return []byte(next), nil
}

// replaced returns the file with a list in place of the setting.
func (p Place) replaced(content []byte, values []string) (string, error) {
	list, err := json.Marshal(values) // JSON is YAML
	if err != nil {
		return "", fmt.Errorf("%s: %w", p, errRewrite)
	}
	file, err := parser.ParseBytes(content, parser.ParseComments)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p, errRewrite)
	}
	path, err := yaml.PathString("$." + p.Setting)
	if err == nil {
		err = path.ReplaceWithReader(file, strings.NewReader(string(list)))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", p, errRewrite)
	}
	return strings.TrimRight(file.String(), "\n") + "\n", nil
}

// at returns the value at a path of mappings, or nil.
func at(tree any, path string) any {
	for _, name := range strings.Split(path, ".") {
		mapping, ok := tree.(map[string]any)
		if !ok {
			return nil
		}
		tree = mapping[name]
	}
	return tree
}

// put sets the value at a path of mappings, and reports whether there was one.
func put(tree any, path string, value any) bool {
	above, name := "", path
	if last := strings.LastIndex(path, "."); last >= 0 {
		above, name = path[:last], path[last+1:]
		tree = at(tree, above)
	}
	mapping, ok := tree.(map[string]any)
	if ok {
		_, ok = mapping[name]
		mapping[name] = value
	}
	return ok
}
