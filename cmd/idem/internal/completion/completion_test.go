package completion_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/idemhq/idem/cmd/idem/internal/completion"
)

// grammar is a command line with everything that can be completed.
type grammar struct {
	Version bool `help:"Print the version."`
	Policy  struct {
		Check struct {
			File        string `arg:""`
			Environment string `enum:"sandbox,production" default:"sandbox" short:"e"`
			Strict      bool
		} `cmd:"" help:"Check a policy: report errors. And warn."`
		Show struct{} `cmd:""`
	} `cmd:""`
	Play struct {
		Piece string `arg:""`
	} `cmd:""`
	Secret struct{} `cmd:"" hidden:""`
}

func candidates(t *testing.T, words ...string) []string {
	t.Helper()
	parser, err := kong.New(&grammar{}, kong.Name("idem"))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	completer := completion.Completer{App: parser.Model, Values: map[string][]string{"piece": {"hamlet", "othello"}}}
	for _, c := range completer.Candidates(words) {
		out = append(out, c.Word)
	}
	return out
}

func TestWhatCanComeNext(t *testing.T) {
	for name, c := range map[string]struct{ words, want []string }{
		"nothing yet":                        {nil, []string{"play", "policy"}},
		"the beginning of a command":         {[]string{"pol"}, []string{"policy"}},
		"a command below another":            {[]string{"policy", ""}, []string{"check", "show"}},
		"a flag":                             {[]string{"policy", "check", "--s"}, []string{"--strict"}},
		"a flag of the whole program":        {[]string{"play", "--v"}, []string{"--version"}},
		"the value of a flag":                {[]string{"policy", "check", "--environment", "p"}, []string{"production"}},
		"the value of a short flag":          {[]string{"policy", "check", "-e", ""}, []string{"production", "sandbox"}},
		"a value after an equals sign":       {[]string{"policy", "check", "--environment=s"}, []string{"--environment=sandbox"}},
		"the same as bash splits it":         {[]string{"policy", "check", "--environment", "=", "s"}, []string{"sandbox"}},
		"the same, before its first letter":  {[]string{"policy", "check", "--environment", "="}, []string{"production", "sandbox"}},
		"a command after a flag's value":     {[]string{"policy", "check", "--environment", "sandbox", "--st"}, []string{"--strict"}},
		"an argument with known values":      {[]string{"play", "o"}, []string{"othello"}},
		"a file":                             {[]string{"policy", "check", ""}, []string{}},
		"a word that nothing begins with":    {[]string{"zzz"}, []string{}},
		"a command that is hidden stays so":  {[]string{"sec"}, []string{}},
		"a flag that takes no value is over": {[]string{"policy", "check", "--strict", "--e"}, []string{"--environment"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := candidates(t, c.words...); !slices.Equal(got, c.want) {
				t.Errorf("it can become %q, want %q", got, c.want)
			}
		})
	}
}

func TestEachShellGetsItsForm(t *testing.T) {
	for shell, want := range map[string]string{
		"bash": "a:b\n",
		"zsh":  "a\\:b:Check it\n",
		"fish": "a:b\tCheck it\n",
	} {
		var w strings.Builder
		completion.Write(&w, shell, []completion.Candidate{{Word: "a:b", Help: "Check it. Then more."}})
		if w.String() != want {
			t.Errorf("%s gets %q, want %q", shell, w.String(), want)
		}
	}
}

func TestThereIsAScriptForEachShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, err := completion.Script(shell)
		if err != nil || !strings.Contains(script, completion.Command+" "+shell) {
			t.Errorf("%s: %v, %q", shell, err, script)
		}
	}
	if _, err := completion.Script("tcsh"); err == nil {
		t.Error("there is one for tcsh")
	}
}

// The shells that are installed find no fault with their scripts.
func TestTheScriptsParse(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("%s is not installed", shell)
			}
			script, _ := completion.Script(shell)
			file := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(path, "-n", file).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
