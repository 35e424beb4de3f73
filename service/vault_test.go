package service

import (
	"encoding/base64"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/sandbox"
)

func TestTheSecretsKeyIsReadFromAFileOrAVariable(t *testing.T) {
	one := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", 32)))
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("keys", one+"\n"+one+"\n")
	write("none", "\n")
	for name, test := range map[string]struct {
		setting, variable string
		keys              int
		err               string
	}{
		"a list":               {"secrets_key: [" + one + "]", "", 1, ""},
		"a file":               {"secrets_key_file: keys", "", 2, ""},
		"a variable":           {"secrets_key_file: keys", one, 1, ""},
		"nothing":              {"", "", 0, ""},
		"a file without a key": {"secrets_key_file: none", "", 0, "has no key"},
		"a file that is gone":  {"secrets_key_file: gone", "", 0, "secrets_key_file"},
		"a key that is short":  {"secrets_key: [aHVudGVyMg==]", "", 0, "key 1 is not 32 bytes in base64"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write("idem.yaml", test.setting+"\nenvironments: {sandbox: {api_key: persona_sandbox_x, webhook_secrets: [wbhsec_a]}}\n")
			c, err := LoadConfig(path, variables("IDEM_SECRETS_KEY="+test.variable))
			if len(c.SecretsKey) != test.keys && test.err == "" {
				t.Errorf("there are %d keys", len(c.SecretsKey))
			}
			if (err == nil) != (test.err == "") || err != nil && (!strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "aHVudGVyMg")) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

func TestTheDatabaseHoldsNoSecretInTheClear(t *testing.T) {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	data := t.TempDir()
	open := func(keys ...Secret) (*Service, error) {
		return New(t.Context(), Config{
			Listen: "127.0.0.1:0", DataDir: data, LogLevel: "info", LogFormat: "text", SecretsKey: keys,
			Environments: map[Environment]EnvironmentConfig{Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: "http://127.0.0.1:1/api/v1", WebhookSecrets: []Secret{"wbhsec_a"}}},
		}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	}
	key := Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", 32))))
	s, err := open(key)
	if err != nil {
		t.Fatal(err)
	}
	e := domain.Endpoint{Environment: Sandbox, Name: "crm", URL: "https://host.example", Secrets: []domain.SigningSecret{{Secret: secret}}}
	if err := s.db.CreateEndpoint(t.Context(), e, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(data, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if b, err := os.ReadFile(file); err != nil || strings.Contains(string(b), secret) {
			t.Errorf("%s holds the secret, or an error: %v", filepath.Base(file), err)
		}
	}
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "secrets_key (IDEM_SECRETS_KEY)") {
		t.Errorf("without the key: %v", err)
	}
	if s, err = open(key); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := s.db.Endpoint(t.Context(), Sandbox, "crm"); err != nil || got.Secrets[0].Secret != secret {
		t.Errorf("with the key: error %v", err)
	}
}
