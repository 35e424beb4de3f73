package service

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// reload applies a configuration that may be invalid, and returns the error.
func (w *world) reload(cfg Config) error {
	return w.service.Reload(w.t.Context(), func() (Config, error) { return cfg, cfg.Check() })
}

// folder is a folder with a configuration.
type folder struct {
	*world
	dir string
}

// newFolder starts a service that was configured by files. More settings of the sandbox are
// lines of YAML.
func newFolder(t *testing.T, more ...string) *folder {
	t.Helper()
	return newFolderThrough(t, nil, more...)
}

// newFolderThrough is newFolder with a proxy handler between the service and the sandbox's
// API.
func newFolderThrough(t *testing.T, through func(http.Handler) http.Handler, more ...string) *folder {
	t.Helper()
	w := newWorldThrough(t, "", through)
	w.stop() // the service that it started
	f := &folder{w, t.TempDir()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.write("rules.yaml", policyNamed("first"))
	f.write("key", sandbox.SandboxKey+"\n")
	f.write("secrets", w.secret+"\n")
	f.write("idem.yaml", `
listen: `+listener.Addr().String()+`
data_dir: `+filepath.Dir(sqlitetest.New(t))+`
api_token: `+apiToken+`
environments:
  sandbox:
    api_key_file: key
    webhook_secrets_file: secrets
    policy: rules.yaml
    base_url: `+cmp.Or(w.api, w.sandbox.BaseURL())+"\n"+strings.Join(more, "\n"))
	cfg, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.client.Webhooks.Update(t.Context(), w.hook, persona.WebhookUpdateParams{URL: persona.Set("http://" + listener.Addr().String() + "/webhooks/persona/sandbox")})
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + listener.Addr().String()
	w.run(listener, cfg)
	return f
}

func (f *folder) load() (Config, error) {
	return LoadConfig(filepath.Join(f.dir, "idem.yaml"), variables())
}

func (f *folder) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) apply() error { return f.service.Reload(f.t.Context(), f.load) }

// readyz returns what the service says at /readyz.
func (w *world) readyz() string {
	w.t.Helper()
	res, err := http.Get(w.url + "/readyz")
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		w.t.Fatalf("%d %s %v", res.StatusCode, body, err)
	}
	return string(body)
}

// decidedBy completes an inquiry, and returns the version of the policy that decided.
func (w *world) decidedBy(reference string) (version string) {
	w.t.Helper()
	inquiry, _ := w.applicant(reference)
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the inquiry is decided on", func() bool {
		list := get[listed[api.Decision]](w, "/v1/sandbox/decisions?object="+inquiry).Data
		if len(list) > 0 {
			version = list[0].PolicyVersion
		}
		return len(list) > 0
	})
	return version
}

func policyNamed(version string) string {
	return "version: " + version + "\nrules:\n  - name: review all\n    on: {object: inquiry, to: [completed]}\n    otherwise: true\n    then: [mark_inquiry_for_review]\n"
}

func TestAReloadAppliesAPolicy(t *testing.T) {
	f := newFolder(t)
	if got := f.decidedBy("user-1"); got != "first" {
		t.Errorf("the policy %q decided", got)
	}
	f.write("rules.yaml", policyNamed("second"))
	if err := f.apply(); err != nil {
		t.Fatal(err)
	}
	if got := f.decidedBy("user-2"); got != "second" {
		t.Errorf("after the reload the policy %q decided", got)
	}
}

func TestAConfigurationThatCannotBeUsedChangesNothing(t *testing.T) {
	f := newFolder(t)
	for name, broken := range map[string]struct{ file, text, says string }{
		"a policy with an error":       {"rules.yaml", strings.Replace(policyNamed("second"), "otherwise", "otherwize", 1), "rules.yaml:5:"},
		"a key that Persona rejects":   {"key", "persona_sandbox_unknown", "Persona rejects the new key"},
		"a key with a space":           {"key", "persona_sandbox_a b", "invalid character"},
		"a production key":             {"key", "persona_production_x", "key of the other environment"},
		"no secret":                    {"secrets", "", "webhook_secrets"},
		"a malformed file":             {"idem.yaml", "environments: [", "idem.yaml:1:"},
		"a configuration of nothing":   {"idem.yaml", "", "no environment is configured"},
		"an endpoint without a name":   {"idem.yaml", "environments: {sandbox: {api_key_file: key, webhook_secrets_file: secrets, notifications: [{url: 'https://host.example'}]}}", "name"},
		"a file that does not exist":   {"idem.yaml", "environments: {sandbox: {api_key_file: none, webhook_secrets_file: secrets}}", "api_key_file"},
		"a policy that does not exist": {"idem.yaml", "environments: {sandbox: {api_key_file: key, webhook_secrets_file: secrets, policy: none.yaml}}", "none.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			was, err := os.ReadFile(filepath.Join(f.dir, broken.file))
			if err != nil {
				t.Fatal(err)
			}
			f.write("secrets", "wbhsec_other") // must not be applied alone
			f.write(broken.file, broken.text)
			if err := f.apply(); err == nil || !strings.Contains(err.Error(), broken.says) {
				t.Errorf("error %v, want one with %q", err, broken.says)
			} else if strings.Contains(err.Error(), "persona_sandbox_unknown") {
				t.Errorf("the error contains the key: %v", err)
			}
			if text := f.readyz(); !strings.Contains(text, "configuration: the configuration on disk cannot be used") {
				t.Errorf("readyz says %q", text)
			}
			if !strings.Contains(f.metrics(), "idem_config_last_reload_successful 0") {
				t.Error("the metric does not say that the reload failed")
			}
			if got := f.decidedBy("user of " + name); got != "first" {
				t.Errorf("the policy %q decided", got)
			}
			f.write(broken.file, string(was))
			f.write("secrets", f.secret)
			if err := f.apply(); err != nil {
				t.Fatal(err)
			}
			if text := f.readyz(); text != "ready\n" || !strings.Contains(f.metrics(), "idem_config_last_reload_successful 1") {
				t.Errorf("after a good reload readyz says %q", text)
			}
		})
	}
}

func TestAReloadSwitchesToANewKey(t *testing.T) {
	f := newFolder(t)
	admin, old := f.client.APIKeys, f.ownKey()
	clone, err := admin.Clone(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	f.write("key", clone.Attributes.Value)
	if err := f.apply(); err != nil {
		t.Fatal(err)
	}
	// The test's own client uses the old key, so it looks with the new one.
	fresh := f.sandbox.Client(persona.WithAPIKey(clone.Attributes.Value))
	before, err := fresh.APIKeys.Get(t.Context(), clone.ID)
	if err != nil {
		t.Fatal(err)
	}
	if f.service.keys[Sandbox].get().Reveal() != clone.Attributes.Value || before.Attributes.LastUsedAt.IsZero() {
		t.Error("the service does not use the new key")
	}
	if got := f.decidedBy("user-1"); got != "first" {
		t.Errorf("the policy %q decided", got)
	}
}

// ownKey returns the id of the key that the service was started with.
func (w *world) ownKey() string {
	w.t.Helper()
	for key, err := range w.client.APIKeys.List(w.t.Context(), persona.APIKeyListParams{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		if !key.Attributes.LastUsedAt.IsZero() {
			return key.ID
		}
	}
	w.t.Fatal("no key was used")
	return ""
}

func TestAReloadSaysWhatNeedsARestart(t *testing.T) {
	f := newFolder(t)
	cfg, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen = "127.0.0.1:1"
	sandboxed := cfg.Environments[Sandbox]
	sandboxed.Tolerance = 1
	cfg.Environments = map[Environment]EnvironmentConfig{Sandbox: sandboxed, Production: {APIKey: "persona_production_x", WebhookSecrets: []Secret{"s"}}}
	if err := f.reload(cfg); err != nil {
		t.Fatal(err)
	}
	if text := f.readyz(); !strings.Contains(text, "these changes need a restart: listen, environments.sandbox.tolerance, environments.production") {
		t.Errorf("readyz says %q", text)
	}
	if err := f.apply(); err != nil {
		t.Fatal(err)
	}
	if text := f.readyz(); text != "ready\n" {
		t.Errorf("after the change was undone readyz says %q", text)
	}
}

func TestAChangedFileIsReloaded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	f := newFolder(t)
	ctx, stop := context.WithCancel(t.Context())
	ended, told := make(chan struct{}), make(chan os.Signal)
	go func() {
		defer close(ended)
		f.service.Follow(ctx, f.load, told)
	}()
	defer func() { stop(); <-ended }()
	told <- os.Interrupt // any signal
	f.eventually("it follows", func() bool { return strings.Count(f.log.String(), "configuration reloaded") == 1 })
	f.write("rules.yaml", policyNamed("second"))
	f.eventually("the change is applied", func() bool { return strings.Count(f.log.String(), "configuration reloaded") == 2 })
	if got := f.decidedBy("user-1"); got != "second" {
		t.Errorf("the policy %q decided", got)
	}
	f.write("idem.yaml", "listen: [")
	f.eventually("the change is rejected", func() bool { return strings.Contains(f.log.String(), "reload failed") })
}

func TestAFileThatIsBeingWrittenIsNotUsed(t *testing.T) {
	f := newFolder(t)
	cfg, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	follower := follower{service: f.service, load: f.load, paths: cfg.files()}
	follower.reload(t.Context())
	if follower.settled() {
		t.Error("unchanged files have changed")
	}
	f.write("rules.yaml", policyNamed("half"))
	if follower.settled() {
		t.Error("a change is used at the first look")
	}
	f.write("rules.yaml", policyNamed("whole"))
	if follower.settled() {
		t.Error("a file that changed since the last look is used")
	}
	if !follower.settled() {
		t.Error("a file that stayed the same is not used")
	}

	// A file that changes while it is read is read again.
	reads := 0
	follower.load = func() (Config, error) {
		cfg, err := f.load()
		if reads++; reads == 1 {
			f.write("secrets", f.secret+"\nwbhsec_second")
		}
		return cfg, err
	}
	follower.reload(t.Context())
	if reads != 2 || !strings.Contains(f.log.String(), "configuration reloaded") || follower.settled() {
		t.Errorf("%d reads", reads)
	}

	// Files that never come to rest are not used, and nothing hangs.
	follower.load = func() (Config, error) {
		reads++
		f.write("secrets", strings.Repeat("x", reads))
		return f.load()
	}
	before := strings.Count(f.log.String(), "configuration reloaded")
	follower.reload(t.Context())
	if strings.Count(f.log.String(), "configuration reloaded") != before || !strings.Contains(f.log.String(), "keep changing") {
		t.Error("files that keep changing were used")
	}
}

func TestAPipeDoesNotStopTheService(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := exec.CommandContext(t.Context(), "mkfifo", path).Run(); err != nil {
		t.Skip("there are no named pipes here:", err)
	}
	before := fingerprint([]string{path}) // it must not wait for a writer
	if fingerprint([]string{path}) != before {
		t.Error("a pipe changes")
	}
}
