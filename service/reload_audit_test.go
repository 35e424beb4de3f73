package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/sandbox"
)

// reloads returns the entries about reloads, newest last.
func (w *world) reloads() (entries []string) {
	w.t.Helper()
	trail, err := w.service.db.AuditTrail(w.t.Context(), domain.Sandbox, 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	if broken := audit.Verify(audit.Entry{}, trail); broken != 0 {
		w.t.Errorf("the audit trail is broken at %d", broken)
	}
	for _, e := range trail {
		if strings.HasPrefix(e.What, "configuration.") {
			entries = append(entries, e.Actor+" "+e.What+": "+e.Detail)
		}
	}
	return entries
}

func TestAReloadIsInTheAuditTrailWithTheNamesOfWhatChanged(t *testing.T) {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	f := newFolder(t)
	text, err := os.ReadFile(filepath.Join(f.dir, "idem.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	base := string(text)
	with := func(lines ...string) string { return base + strings.Join(lines, "\n") + "\n" }
	flows := "    flows: {kyc: {inquiry_template: itmpl_1}, kyb: {inquiry_template: itmpl_2}}"
	clone, err := f.client.APIKeys.Clone(t.Context(), f.ownKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name, file, text string
		rejected         bool
		want             string
	}{
		{"nothing", "idem.yaml", base, false, "idem configuration.reloaded: nothing has changed"},
		{"a policy", "rules.yaml", policyNamed("second"), false, "idem configuration.reloaded: changed: environments.sandbox.policy"},
		{"flows", "idem.yaml", with(flows), false, "idem configuration.reloaded: changed: environments.sandbox.flows (kyb added, kyc added)"},
		{"one flow", "idem.yaml", with(strings.Replace(flows, "itmpl_2", "itmpl_3", 1)), false, "idem configuration.reloaded: changed: environments.sandbox.flows (kyb changed)"},
		{"an endpoint", "idem.yaml", with("    notifications: [{name: crm, url: 'https://host.example', secrets: [" + secret + "]}]"), false,
			"idem configuration.reloaded: changed: environments.sandbox.notifications (crm added), environments.sandbox.flows (kyb removed, kyc removed)"},
		{"its secret", "idem.yaml", with("    notifications: [{name: crm, url: 'https://host.example', secrets: [" + secret + ", " + secret[:len(secret)-1] + "x]}]"), false,
			"idem configuration.reloaded: changed: environments.sandbox.notifications (crm changed)"},
		{"webhook secrets", "secrets", f.secret + "\nwbhsec_second", false, "idem configuration.reloaded: changed: environments.sandbox.webhook_secrets"},
		{"a rejected policy", "rules.yaml", "rules: [", true, "idem configuration.rejected: changed: environments.sandbox.policy; it cannot be used, and nothing was changed: see the log"},
		{"the policy again", "rules.yaml", policyNamed("second"), false, "idem configuration.reloaded: nothing has changed"},
		{"a rejected key", "key", "persona_sandbox_hidden", true, "idem configuration.rejected: changed: environments.sandbox.api_key; it cannot be used, and nothing was changed: see the log"},
		{"a new key", "key", clone.Attributes.Value, false, "idem configuration.reloaded: changed: environments.sandbox.api_key"},
		{"an unreadable file", "idem.yaml", "environments: [", true, "idem configuration.rejected: the configuration cannot be read; nothing was changed: see the log"},
		{"a setting that needs a restart", "idem.yaml", with("    tolerance: 1m"), false,
			"idem configuration.reloaded: changed: environments.sandbox.tolerance, environments.sandbox.notifications (crm removed); needs a restart: environments.sandbox.tolerance"},
	} {
		f.write(step.file, step.text)
		if err := f.apply(); (err != nil) != step.rejected {
			t.Fatalf("%s: error %v", step.name, err)
		}
		entries := f.reloads()
		if len(entries) == 0 || entries[len(entries)-1] != step.want {
			t.Errorf("%s: the last of %d entries is %q, want %q", step.name, len(entries), entries[max(0, len(entries)-1):], step.want)
		}
	}
	if all := strings.Join(f.reloads(), "\n"); strings.Contains(all, "whsec_") || strings.Contains(all, "wbhsec_") || strings.Contains(all, "persona_sandbox_") || strings.Contains(all, sandbox.SandboxKey) {
		t.Error("the audit trail holds a secret")
	}
}

// A database that does not answer must not prevent a reload: a new key may be urgent.
func TestAReloadWorksWithoutTheAuditTrail(t *testing.T) {
	f := newFolder(t)
	f.write("secrets", f.secret+"\nwbhsec_second")
	f.stop()
	if err := f.apply(); err != nil {
		t.Errorf("the reload failed: %v", err)
	}
	if !strings.Contains(f.log.String(), "a reload is not in the audit trail") {
		t.Error("the log does not say that the audit trail lacks it")
	}
}
