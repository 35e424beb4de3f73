package rotate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const inYAML = `# written by hand
listen: 127.0.0.1:1 # where
environments:
  sandbox: # the first
    api_key: "persona_a" # the key
    webhook_secrets:
      - wbhsec_1 # made in March
    tolerance: 5m # not more
  production: {api_key: persona_b, webhook_secrets: [wbhsec_2]}
`

func placeIn(t *testing.T, content, setting string) Place {
	t.Helper()
	path := filepath.Join(t.TempDir(), "idem.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return Place{path, setting}
}

func TestASettingIsReplacedAndTheRestStays(t *testing.T) {
	for name, c := range map[string]struct {
		setting string
		was, to []string
		want    *strings.Replacer
	}{
		"a key":         {"environments.sandbox.api_key", []string{"persona_a"}, []string{"persona_new"}, strings.NewReplacer("persona_a", "persona_new")},
		"another key":   {"environments.production.api_key", []string{"persona_b"}, []string{"persona_new"}, strings.NewReplacer("persona_b", "persona_new")},
		"a list":        {"environments.production.webhook_secrets", []string{"wbhsec_2"}, []string{"wbhsec_3", "wbhsec_2"}, strings.NewReplacer("[wbhsec_2]", `["wbhsec_3", "wbhsec_2"]`)},
		"the same key":  {"environments.sandbox.api_key", []string{"persona_a"}, []string{"persona_a"}, strings.NewReplacer()},
		"the same list": {"environments.production.webhook_secrets", []string{"wbhsec_2"}, []string{"wbhsec_2"}, strings.NewReplacer("[wbhsec_2]", `["wbhsec_2"]`)},
	} {
		t.Run(name, func(t *testing.T) {
			p := placeIn(t, inYAML, c.setting)
			if got, err := p.Read(); err != nil || !slices.Equal(got, c.was) {
				t.Errorf("it has %q, error %v", got, err)
			}
			if err := p.write(c.to); err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(p.File)
			if err != nil || string(content) != c.want.Replace(inYAML) {
				t.Errorf("the file is\n%s\nwant\n%s", content, c.want.Replace(inYAML))
			}
			if got, err := p.Read(); err != nil || !slices.Equal(got, c.to) {
				t.Errorf("then it has %q, error %v", got, err)
			}
		})
	}
	p := placeIn(t, inYAML, "environments.sandbox.webhook_secrets") // a list with a line for each
	if err := p.write([]string{"wbhsec_3", "wbhsec_1"}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(p.File)
	if got, readErr := p.Read(); err != nil || readErr != nil || !slices.Equal(got, []string{"wbhsec_3", "wbhsec_1"}) || !strings.Contains(string(content), "tolerance: 5m # not more") {
		t.Errorf("it has %q, error %v %v", got, err, readErr)
	}
}

func TestWhatCannotBeReplacedSafelyIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ content, setting string }{
		"a key that a comment repeats": {"# persona_a\nenvironments: {sandbox: {api_key: persona_a}}\n", "environments.sandbox.api_key"},
		"a key that another repeats":   {"other: persona_a\nenvironments: {sandbox: {api_key: persona_a}}\n", "environments.sandbox.api_key"},
		"an alias":                     {"key: &key persona_a\nenvironments: {sandbox: {api_key: *key}}\n", "environments.sandbox.api_key"},
		"a setting that is not there":  {"environments: {sandbox: {}}\n", "environments.sandbox.api_key"},
		"a file that is not YAML":      {"environments: [persona_secret", "environments.sandbox.api_key"},
	} {
		t.Run(name, func(t *testing.T) {
			p := placeIn(t, c.content, c.setting)
			err := p.checkWritable([]string{"persona_new"})
			if err == nil || strings.Contains(err.Error(), "persona_secret") {
				t.Errorf("error %v", err)
			}
			if content, err := os.ReadFile(p.File); err != nil || string(content) != c.content {
				t.Errorf("the file is now %q, error %v", content, err)
			}
		})
	}
	if _, err := placeIn(t, "environments: [persona_secret", "environments.sandbox.api_key").Read(); err == nil || strings.Contains(err.Error(), "persona_secret") {
		t.Errorf("error %v", err)
	}
}
