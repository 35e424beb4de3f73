//go:build unix

package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// TestTheQuickstart runs the commands of docs/quickstart.md as they stand, with the local
// sandbox in Persona's place. Only the variables that the page names differ.
func TestTheQuickstart(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds and starts three programs")
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the page needs %s: %v", tool, err)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "quickstart.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```bash\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 10 {
		t.Fatalf("the page has %d blocks of commands", len(blocks))
	}
	var script strings.Builder
	for _, block := range blocks {
		script.WriteString(block[1])
	}
	persona := sandbox.NewServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-x", "-c", script.String())
	cmd.Dir = root
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that the programs end with it
	end := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = end
	folder := t.TempDir()
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "IDEM_") && !strings.HasPrefix(variable, "PERSONA_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env,
		"PERSONA_BASE_URL="+persona.BaseURL(), "PERSONA_API_KEY="+sandbox.SandboxKey,
		"IDEM_INQUIRY_TEMPLATE="+sandbox.InquiryTemplateID, "IDEM_VERIFICATION_TEMPLATE="+sandbox.GovernmentIDTemplateID,
		"QUICKSTART_FOLDER="+folder, "IDEM_LISTEN="+unused(t), "HOST_LISTEN="+unused(t),
	)
	out, err := cmd.CombinedOutput()
	_ = end() // usually nobody is left
	said := string(out)
	if err != nil {
		for _, name := range []string{"idem.log", "listen.log", "host.log"} {
			log, _ := os.ReadFile(filepath.Join(folder, name))
			said += "\n" + name + ":\n" + string(log)
		}
		t.Fatalf("%v\n%s", err, said)
	}
	for _, want := range []string{`"verdict": "none"`, `"link": "http`, `"verdict": "approved"`, `"already_approved"`, "inquiry.completed"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not lead to %s:\n%s", want, said)
		}
	}
	created := 0
	for _, call := range persona.Calls(sandbox.EnvironmentSandbox) {
		if call.Operation == "Inquiries.Create" {
			created++
		}
	}
	if created != 1 {
		t.Errorf("%d inquiries were created", created)
	}
}

// TestTheRulesOfTheServicePage runs the commands of the section "Try your rules" of
// docs/service.md. Only the addresses differ.
func TestTheRulesOfTheServicePage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds and starts two programs")
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the page needs %s: %v", tool, err)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "service.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n### Try your rules\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := regexp.MustCompile("(?ms)^```bash\n(.*?)^```$").FindAllStringSubmatch(section, -1)
	if len(blocks) < 6 {
		t.Fatalf("the section has %d blocks of commands", len(blocks))
	}
	var script strings.Builder
	for _, block := range blocks {
		script.WriteString(block[1])
	}
	folder := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(folder, "idem"), ".").CombinedOutput(); err != nil {
		t.Fatalf("build idem: %v\n%s", err, out)
	}
	sandboxAt, serviceAt := unused(t), unused(t)
	commands := strings.NewReplacer(
		"127.0.0.1:8090", sandboxAt, "127.0.0.1:8080", serviceAt, "idem sandbox ", "idem sandbox --listen "+sandboxAt+" ",
		"idem init --local ", "idem init --local --base-url http://"+sandboxAt+"/api/v1 --listen "+serviceAt+" ",
		" --local ", " --local --base-url http://"+sandboxAt+"/api/v1 ",
	).Replace(script.String())

	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-x", "-c", commands)
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that the programs end with it
	end := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = end
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "IDEM_") && !strings.HasPrefix(variable, "PERSONA_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"), "IDEM_URL=http://"+serviceAt)
	out, err := cmd.CombinedOutput()
	_ = end() // usually nobody is left
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(folder, "idem.log"))
		t.Fatalf("%v\n%s\nidem.log:\n%s", err, out, log)
	}
	if want := `"result":"not_matched"`; !strings.Contains(string(out), want) {
		t.Errorf("the explanation has no %s:\n%s", want, out)
	}
}

// unused returns an address of this machine that nothing listens at.
func unused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
