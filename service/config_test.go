package service

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func variables(pairs ...string) func(string) string {
	return func(name string) string {
		for _, pair := range pairs {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestVariablesAreEnoughToConfigureAnEnvironment(t *testing.T) {
	c, err := LoadConfig("", variables("IDEM_SANDBOX_API_KEY=persona_sandbox_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=wbhsec_a, wbhsec_b"))
	if err != nil {
		t.Fatal(err)
	}
	e := c.Environments[Sandbox]
	if len(c.Environments) != 1 || e.APIKey.Reveal() != "persona_sandbox_x" || len(e.WebhookSecrets) != 2 || c.Listen != "127.0.0.1:8080" || c.DataDir != ".idem" {
		t.Errorf("configured %+v", c)
	}
}

func TestVariablesOverrideTheFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("key", "persona_production_y\n")
	write("secrets", "wbhsec_new\nwbhsec_old\n")
	path := write("idem.yaml", `
listen: 127.0.0.1:9999
environments:
  production:
    api_key_file: key
    webhook_secrets_file: secrets
    policy: rules.yaml
    tolerance: 2m
`)
	c, err := LoadConfig(path, variables("IDEM_LISTEN=127.0.0.1:7777", "IDEM_API_TOKEN=t"))
	if err != nil {
		t.Fatal(err)
	}
	e := c.Environments[Production]
	if c.Listen != "127.0.0.1:7777" || e.APIKey.Reveal() != "persona_production_y" || len(e.WebhookSecrets) != 2 || e.WebhookSecrets[1].Reveal() != "wbhsec_old" ||
		e.Policy != filepath.Join(dir, "rules.yaml") || e.Tolerance.Minutes() != 2 {
		t.Errorf("configured %+v", c)
	}
}

func TestTrustedProxiesAreNetworksOrAddresses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.yaml")
	if err := os.WriteFile(path, []byte("trusted_proxies: [10.1.2.3/8, 192.0.2.7, 'fd00::1/8']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := []string{"IDEM_SANDBOX_API_KEY=persona_sandbox_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=s"}
	for name, test := range map[string]struct {
		path      string
		variables []string
		want      string
	}{
		"from the file":                   {path: path, want: "[10.0.0.0/8 192.0.2.7/32 fd00::/8]"},
		"from the variable":               {variables: []string{"IDEM_TRUSTED_PROXIES=10.0.0.0/8, 2001:db8::1"}, want: "[10.0.0.0/8 2001:db8::1/128]"},
		"the variable overrides the file": {path: path, variables: []string{"IDEM_TRUSTED_PROXIES=10.0.0.0/8"}, want: "[10.0.0.0/8]"},
		"none":                            {want: "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := LoadConfig(test.path, variables(append(environment, test.variables...)...))
			if err != nil {
				t.Fatal(err)
			}
			if networks, err := c.proxies(); err != nil || fmt.Sprint(networks) != test.want {
				t.Errorf("trusts %v, error %v", networks, err)
			}
		})
	}
}

func TestBadConfigurationsSayWhatToSet(t *testing.T) {
	for name, test := range map[string]struct {
		variables []string
		says      string
	}{
		"an empty configuration":                      {nil, "IDEM_SANDBOX_API_KEY"},
		"no secret":                                   {[]string{"IDEM_SANDBOX_API_KEY=persona_sandbox_x"}, "environments.sandbox.webhook_secrets (IDEM_SANDBOX_WEBHOOK_SECRETS) is missing or blank"},
		"no key":                                      {[]string{"IDEM_PRODUCTION_WEBHOOK_SECRETS=wbhsec_a"}, "environments.production.api_key (IDEM_PRODUCTION_API_KEY) is missing"},
		"a production key in the sandbox":             {[]string{"IDEM_SANDBOX_API_KEY=persona_production_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=s"}, "key of the other environment"},
		"a sandbox key in production":                 {[]string{"IDEM_PRODUCTION_API_KEY=persona_sandbox_x", "IDEM_PRODUCTION_WEBHOOK_SECRETS=s"}, "key of the other environment"},
		"one webhook secret for both":                 {[]string{"IDEM_SANDBOX_API_KEY=persona_sandbox_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=a,b", "IDEM_PRODUCTION_API_KEY=persona_production_x", "IDEM_PRODUCTION_WEBHOOK_SECRETS=b"}, "both have the same webhook secret"},
		"an address without a port":                   {[]string{"IDEM_SANDBOX_API_KEY=persona_sandbox_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=s", "IDEM_LISTEN=here"}, "IDEM_LISTEN"},
		"a proxy that is not a network":               {[]string{"IDEM_SANDBOX_API_KEY=persona_sandbox_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=s", "IDEM_TRUSTED_PROXIES=10.0.0.0/8,balancer"}, `trusted_proxies (IDEM_TRUSTED_PROXIES): "balancer" is not a network`},
		"a proxy network that contains every address": {[]string{"IDEM_SANDBOX_API_KEY=persona_sandbox_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=s", "IDEM_TRUSTED_PROXIES=0.0.0.0/0"}, "contains every address"},
		"an unknown log level":                        {[]string{"IDEM_SANDBOX_API_KEY=persona_sandbox_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=s", "IDEM_LOG_LEVEL=loud"}, "log_level"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadConfig("", variables(test.variables...))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want one with %q", err, test.says)
			}
			if err != nil && strings.Contains(err.Error(), "persona_production_x") {
				t.Errorf("the error contains the key: %v", err)
			}
		})
	}
}

func TestABlankSecretIsRejected(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.yaml")
	if err := os.WriteFile(path, []byte("environments:\n  sandbox:\n    api_key: persona_sandbox_x\n    webhook_secrets: [wbhsec_a, \"\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadConfig(path, variables())
	if err == nil || !strings.Contains(err.Error(), "environments.sandbox.webhook_secrets (IDEM_SANDBOX_WEBHOOK_SECRETS) is missing or blank") {
		t.Errorf("error %v", err)
	}
}

func TestAnErrorAboutAnUnknownSettingHasItsPositionButNoText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.yaml")
	if err := os.WriteFile(path, []byte("listen: 127.0.0.1:1\napi_kee: persona_sandbox_secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadConfig(path, variables())
	if err == nil || !strings.Contains(err.Error(), "idem.yaml:2:1: ") || strings.Contains(err.Error(), "persona_sandbox_secret") {
		t.Errorf("error %v", err)
	}
}

func TestAnErrorAboutADurationGivesExamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.yaml")
	if err := os.WriteFile(path, []byte("environments:\n  sandbox:\n    tolerance: fast\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadConfig(path, variables())
	if err == nil || !strings.HasSuffix(err.Error(), "idem.yaml:3:16: this is not a duration such as 90s, 10m or 24h") {
		t.Errorf("error %v", err)
	}
}

func TestErrorsAboutMalformedYAMLPrintNoSecret(t *testing.T) {
	for name, line := range map[string]string{
		"an alias":      "token: *persona_sandbox_secret",
		"a tag":         "token: !persona_sandbox_secret",
		"a broken text": "token: \"persona_sandbox_secret",
		"a list":        "token: [persona_sandbox_secret]",
		"a number":      "reconcile: persona_sandbox_secret",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "idem.yaml")
			if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := LoadConfig(path, variables())
			if err == nil || !strings.Contains(err.Error(), "idem.yaml") || strings.Contains(err.Error(), "persona_sandbox_secret") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	var b strings.Builder
	e := EnvironmentConfig{APIKey: "persona_sandbox_x", WebhookSecrets: []Secret{"wbhsec_a"}}
	slog.New(slog.NewTextHandler(&b, nil)).Info("configured", "key", e.APIKey)
	for _, text := range []string{fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), b.String()} {
		if strings.Contains(text, "persona_sandbox_x") || strings.Contains(text, "wbhsec_a") {
			t.Errorf("printed %s", text)
		}
	}
}

func TestTheServiceRejectsAnInvalidPolicy(t *testing.T) {
	dir := t.TempDir()
	policy := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(policy, []byte("version: \"1\"\nrules:\n  - name: r\n    on: {object: inquiry, to: [completed]}\n    when: inquirie.status == 'x'\n    then: [approve_inquiry]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Listen: "127.0.0.1:0", DataDir: dir, LogLevel: "info", LogFormat: "text", Environments: map[Environment]EnvironmentConfig{
		Sandbox: {APIKey: "persona_sandbox_x", WebhookSecrets: []Secret{"s"}, Policy: policy},
	}}
	_, err := New(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "rules.yaml:5:") {
		t.Errorf("error %v", err)
	}
}

func TestAnErrorAboutARenamedSettingSaysTheNewName(t *testing.T) {
	for old, now := range renames() {
		path := filepath.Join(t.TempDir(), "idem.yaml")
		if err := os.WriteFile(path, []byte("listen: 127.0.0.1:1\n"+old+": x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadConfig(path, variables()); err == nil || !strings.Contains(err.Error(), "idem.yaml:2:1: unknown field") || !strings.Contains(err.Error(), now) {
			t.Errorf("%s in the file: %v", old, err)
		}
		if _, err := LoadConfig("", variables("IDEM_"+strings.ToUpper(old)+"=x")); err == nil || !strings.Contains(err.Error(), "IDEM_"+strings.ToUpper(now)) {
			t.Errorf("%s as a variable: %v", old, err)
		}
	}
}

func TestAnErrorAboutASettingOfTheFileHasItsPosition(t *testing.T) {
	const sandbox = "environments:\n  sandbox:\n    api_key: persona_sandbox_x\n    webhook_secrets: [wbhsec_a]\n"
	for source, says := range map[string]string{
		"log_level: wran\n" + sandbox:                            `idem.yaml:1:12: log_level (IDEM_LOG_LEVEL): "wran" is not debug, info, warn or error; did you mean "warn"?`,
		"log_format: jsn\n" + sandbox:                            `idem.yaml:1:13: log_format (IDEM_LOG_FORMAT): "jsn" is not json or text; did you mean "json"?`,
		"listen: 8080\n" + sandbox:                               `idem.yaml:1:9: listen (IDEM_LISTEN): "8080" is not host:port`,
		"database_url: mysql://host\n" + sandbox:                 `idem.yaml:1:15: database_url (IDEM_DATABASE_URL): it must begin with postgres://`,
		"retention: -5m\n" + sandbox:                             `idem.yaml:1:12: retention: only PostgreSQL deletes old events`,
		"reconcile_interval: 1ms\n" + sandbox:                    `idem.yaml:1:21: reconcile_interval (IDEM_RECONCILE_INTERVAL): 1ms is less than a second`,
		"trusted_proxies: [balancer]\n" + sandbox:                `idem.yaml:1:18: trusted_proxies (IDEM_TRUSTED_PROXIES): "balancer" is not a network`,
		"secrets_key: [abc]\n" + sandbox:                         `idem.yaml:1:14: secrets_key (IDEM_SECRETS_KEY): key 1 is not 32 bytes`,
		sandbox + "    tolerance: -5m\n":                         `idem.yaml:5:16: environments.sandbox.tolerance is below zero`,
		sandbox + "    base_url: ftp://host/api\n":               `idem.yaml:5:15: environments.sandbox.base_url (IDEM_SANDBOX_BASE_URL) is not a web address`,
		sandbox + "    since: yesterday\n":                       `idem.yaml:5:12: "…" is not a time such as 2026-01-02T03:04:05Z, nor a date`,
		"environments:\n  sandbx:\n    api_key: x\n":             `environments: unknown environment "sandbx": it is "sandbox" or "production"; did you mean "sandbox"?`,
		strings.Replace(sandbox, "sandbox_x", "production_x", 1): `idem.yaml:3:14: environments.sandbox.api_key (IDEM_SANDBOX_API_KEY) is a key of the other environment`,
		strings.Replace(sandbox, "[wbhsec_a]", "[]", 1):          `idem.yaml:4:22: environments.sandbox.webhook_secrets (IDEM_SANDBOX_WEBHOOK_SECRETS) is missing or blank`,
	} {
		path := filepath.Join(t.TempDir(), "idem.yaml")
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadConfig(path, variables()); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "idem.yaml:") {
			t.Errorf("%s%v, want %s", source, err, says)
		}
	}
	path := filepath.Join(t.TempDir(), "idem.yaml")
	if err := os.WriteFile(path, []byte("log_level: info\n"+sandbox), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(path, variables("IDEM_LOG_LEVEL=loud")); err == nil || strings.Contains(err.Error(), "idem.yaml:") {
		t.Errorf("of a variable: %v", err)
	}
}
