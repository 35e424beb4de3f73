package setup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"github.com/idemhq/idem/service"
)

// Environment is the configuration of an environment.
type Environment struct {
	Name    string // sandbox or production
	APIKey  string
	BaseURL string // "" for Persona's own
	Policy  string // "" for the built-in rules
	Secrets []string
}

// ErrConfigured means that the file already configures the environment.
var ErrConfigured = errors.New("the file configures this environment already")

// Write adds an environment to a configuration file, and creates the file if it does not
// exist. The rest of the file, including comments, does not change. Only the user can read
// the file. A configuration that the service would reject is not written.
func Write(path string, e Environment, listen, dataDir string) error {
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		content = []byte(newFile(e, listen, dataDir))
	case err != nil:
		return fmt.Errorf("read the configuration: %w", err)
	default:
		if content, err = added(path, content, e); err != nil {
			return err
		}
	}
	return replace(path, content)
}

// Configured reports whether a file exists and configures an environment. A file in a folder that
// does not exist is an error, so that it is found before anything is changed at Persona.
func Configured(path, environment string) (bool, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		folder := filepath.Dir(path)
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("there is no folder %s: create it, or choose another file", folder)
		}
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the configuration: %w", err)
	}
	var c struct {
		Environments map[string]any `yaml:"environments"`
	}
	if err := yaml.Unmarshal(content, &c); err != nil {
		return false, fmt.Errorf("%s is not a configuration", path) // the parser's error may quote a secret
	}
	_, configured := c.Environments[environment]
	return configured, nil
}

// newFile returns a file with one environment.
func newFile(e Environment, listen, dataDir string) string {
	return fmt.Sprintf(`# Written by idem init. It holds keys: keep it to yourself. docs/service.md explains it.
listen: %s
data_dir: %s
api_token: %s
environments:
%s`, quoted(listen), quoted(dataDir), rand.Text(), indented(e, "  "))
}

// added returns a file with an additional environment.
func added(path string, content []byte, e Environment) ([]byte, error) {
	configured, err := Configured(path, e.Name)
	if err != nil {
		return nil, err
	}
	if configured {
		return nil, ErrConfigured
	}
	file, err := parser.ParseBytes(content, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("%s is not a configuration", path)
	}
	at, err := yaml.PathString("$.environments")
	if err != nil {
		return nil, fmt.Errorf("find the environments: %w", err)
	}
	if _, err := at.FilterFile(file); err != nil { // there are none
		return append(content, []byte("environments:\n"+indented(e, "  "))...), nil
	}
	if err := at.MergeFromReader(file, strings.NewReader(indented(e, ""))); err != nil {
		return nil, fmt.Errorf("add the environment to %s: its environments are not a plain mapping", path)
	}
	return []byte(strings.TrimRight(file.String(), "\n") + "\n"), nil
}

// indented returns an environment as indented YAML.
func indented(e Environment, indent string) string {
	var b strings.Builder
	line := func(text string) { b.WriteString(indent + text + "\n") }
	line(e.Name + ":")
	line("  api_key: " + quoted(e.APIKey))
	secrets := make([]string, len(e.Secrets))
	for i, secret := range e.Secrets {
		secrets[i] = quoted(secret)
	}
	line("  webhook_secrets: [" + strings.Join(secrets, ", ") + "]")
	if e.BaseURL != "" {
		line("  base_url: " + quoted(e.BaseURL))
	}
	if e.Policy != "" {
		line("  policy: " + quoted(e.Policy))
	}
	return b.String()
}

// quoted returns a text in double quotes. YAML reads Go's escapes of it.
func quoted(text string) string { return strconv.Quote(text) }

// replace writes a new file next to the old one, loads it as the service would, and then
// renames it over the old one.
func replace(path string, content []byte) error {
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	defer os.Remove(next.Name()) // without effect once it has its name
	_, err = next.Write(content)
	if err := errors.Join(err, next.Sync(), next.Close()); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if _, err := service.LoadConfig(next.Name(), os.Getenv); err != nil {
		return fmt.Errorf("the configuration would not be accepted: %w", err)
	}
	if err := os.Rename(next.Name(), path); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}
