package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	signingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	configStart   = "environments:\n  production:\n    api_key: persona_production_y\n    webhook_secrets: [wbhsec_a]\n    notifications:\n"
)

// configured reads a configuration with some notification endpoints of production.
func configured(t *testing.T, endpoints string) (Config, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"idem.yaml": configStart + endpoints, "hooks": signingSecret + "\n" + signingSecret + "\n", "key": "wbhsec_a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return LoadConfig(filepath.Join(dir, "idem.yaml"), variables())
}

func TestEndpointsAreConfigured(t *testing.T) {
	c, err := configured(t, `
      - {name: crm, url: "https://host.example/idem", secrets: [`+signingSecret+`], types: [subject.verdict_changed]}
      - {name: ops, url: "https://ops.example/idem", secrets_file: hooks}
`)
	if err != nil {
		t.Fatal(err)
	}
	endpoints := c.endpoints()
	if len(endpoints) != 2 || endpoints[0].Name != "crm" || len(endpoints[0].Types) != 1 || len(endpoints[1].Secrets) != 2 || endpoints[1].Secrets[0].Secret.Reveal() != signingSecret {
		t.Errorf("the endpoints are %+v", endpoints)
	}
}

func TestAVariableConfiguresOneEndpoint(t *testing.T) {
	c, err := LoadConfig("", variables("IDEM_SANDBOX_API_KEY=persona_sandbox_x", "IDEM_SANDBOX_WEBHOOK_SECRETS=s", "IDEM_ALLOW_PRIVATE_ADDRESSES=true",
		"IDEM_SANDBOX_NOTIFICATIONS_URL=http://127.0.0.1:9/hook", "IDEM_SANDBOX_NOTIFICATIONS_SECRETS="+signingSecret))
	if err != nil {
		t.Fatal(err)
	}
	if endpoints := c.endpoints(); len(endpoints) != 1 || endpoints[0].Name != "default" || endpoints[0].URL != "http://127.0.0.1:9/hook" || len(endpoints[0].Secrets) != 1 {
		t.Errorf("the endpoints are %+v", endpoints)
	}
}

func TestEndpointsThatCannotBeUsedAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ endpoint, want string }{
		"without https":              {`{name: crm, url: "http://host.example", secrets: [` + signingSecret + `]}`, "idem.yaml:6:26: environments.production.notifications[0].url: \"crm\": production demands https"},
		"an inner address":           {`{name: crm, url: "https://169.254.169.254/", secrets: [` + signingSecret + `]}`, "idem.yaml:6:26: "},
		"no secret":                  {`{name: crm, url: "https://host.example"}`, "idem.yaml:6:9: environments.production.notifications[0].secrets: \"crm\": at least one is needed"},
		"a secret of another form":   {`{name: crm, url: "https://host.example", secrets: [wbhsec_a]}`, "idem.yaml:6:60: environments.production.notifications[0].secrets[0]"},
		"a type that there is not":   {`{name: crm, url: "https://host.example", secrets: [` + signingSecret + `], types: [subject.verdict_change]}`, `idem.yaml:6:109: environments.production.notifications[0].types[0]: "crm": there is no type "subject.verdict_change"; did you mean "subject.verdict_changed"?`},
		"a type that is nothing":     {`{name: crm, url: "https://host.example", secrets: [` + signingSecret + `], types: [everything]}`, "there is subject.verdict_changed, case.changed"},
		"no name":                    {`{url: "https://host.example", secrets: [` + signingSecret + `]}`, "a name has 1 to 63"},
		"a file that there is not":   {`{name: crm, url: "https://host.example", secrets_file: none}`, `secrets_file of "crm"`},
		"a bad secret in a file":     {`{name: crm, url: "https://host.example", secrets_file: key}`, "idem.yaml:6:64: environments.production.notifications[0].secrets_file"},
		"a misspelt setting":         {`{name: crm, urll: "https://host.example"}`, `idem.yaml:6:21: unknown field "urll"; did you mean "url"?`},
		"a misspelt file":            {`{name: crm, url: "https://host.example", secret_file: key}`, `idem.yaml:6:50: unknown field "secret_file"; did you mean "secrets_file"?`},
		"a setting that there isn't": {`{name: crm, address: "https://host.example"}`, "unknown field"},
		"one name for two": {
			`{name: crm, url: "https://host.example", secrets: [` + signingSecret + `]}` + "\n      - " + `{name: crm, url: "https://host.example", secrets: [` + signingSecret + `]}`, "two endpoints have this name",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configured(t, "      - "+c.endpoint+"\n")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), signingSecret) || strings.Contains(err.Error(), "wbhsec_a")) {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}
