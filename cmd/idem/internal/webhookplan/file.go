// Package webhookplan compares the webhooks at Persona with a file, and applies the file.
package webhookplan

import (
	"fmt"
	"net/url"
	"os"
	"slices"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/internal/yamlfile"
	"github.com/idemhq/idem/persona/webhook"
)

// File lists webhooks. Other webhooks are not changed.
type File struct {
	Webhooks []Webhook `yaml:"webhooks"`
}

// Webhook is a webhook of the file, identified by its name. Settings that are omitted are
// not changed; those of a new webhook are Persona's defaults.
type Webhook struct {
	Name    string   `yaml:"name"`
	URL     string   `yaml:"url"`
	Events  []string `yaml:"events"`  // names, or "*"
	Enabled *bool    `yaml:"enabled"` // true unless set

	Description            *string        `yaml:"description"`
	APIVersion             *string        `yaml:"api_version"`
	KeyInflection          *string        `yaml:"key_inflection"` // kebab, snake or camel
	AttributesBlocklist    []string       `yaml:"attributes_blocklist"`
	FileAccessTokenSeconds *int64         `yaml:"file_access_token_expires_in"`
	PayloadFilter          map[string]any `yaml:"payload_filter"`
	IncludedAllowlist      map[string]any `yaml:"included_allowlist"`     // as Persona writes it
	RelationshipAllowlist  map[string]any `yaml:"relationship_allowlist"` // as Persona writes it
}

// Read reads a file. Errors give the line and column of the problem.
func Read(path string) (File, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return File{}, fmt.Errorf("read the webhooks: %w", err)
	}
	var f File
	y := yamlfile.New(path, source)
	if err := y.Read(&f); err != nil {
		return f, err
	}
	if len(f.Webhooks) == 0 {
		return f, y.Problem("$", "there are no webhooks: begin with the key webhooks")
	}
	names := map[string]bool{}
	for i, w := range f.Webhooks {
		at := func(key string) string { return fmt.Sprintf("$.webhooks[%d].%s", i, key) }
		u, err := url.Parse(w.URL)
		switch {
		case w.Name == "":
			return f, y.Problem(fmt.Sprintf("$.webhooks[%d]", i), "the webhook has no name: it is known by its name")
		case names[w.Name]:
			return f, y.Problem(at("name"), fmt.Sprintf("there are two webhooks named %q", w.Name))
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return f, y.Problem(at("url"), fmt.Sprintf("%q is not a web address", w.URL))
		case len(w.Events) == 0:
			return f, y.Problem(fmt.Sprintf("$.webhooks[%d]", i), `the webhook has no events: list their names, or "*" for all`)
		case w.KeyInflection != nil && !slices.Contains([]string{"kebab", "snake", "camel"}, *w.KeyInflection):
			return f, y.Problem(at("key_inflection"), fmt.Sprintf("%q is not kebab, snake or camel", *w.KeyInflection))
		}
		names[w.Name] = true
	}
	return f, nil
}

// Warnings lists the events that Persona does not document, each with the most similar
// documented one. They may exist anyway: the set of events is open.
func (f File) Warnings() (warnings []string) {
	var documented []string
	for _, name := range webhook.Documented() {
		documented = append(documented, string(name))
	}
	for _, w := range f.Webhooks {
		for _, name := range w.Events {
			if name == "*" || webhook.Known(webhook.Name(name)) {
				continue
			}
			suggestion := spelling.DidYouMean(name, documented)
			warnings = append(warnings, fmt.Sprintf("%s: Persona does not document the event %q%s", w.Name, name, suggestion))
		}
	}
	return warnings
}
