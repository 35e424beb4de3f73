package main

import (
	"fmt"

	"github.com/idemhq/idem/cmd/idem/internal/completion"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

func (completionCommand) Help() string {
	return examples(
		`# For this shell; put the line into ~/.bashrc or ~/.zshrc for every shell`,
		`source <(idem completion bash)`,
		`source <(idem completion zsh)`,
		`idem completion fish > ~/.config/fish/completions/idem.fish`)
}

func (c completionCommand) Run(std streams) error {
	script, err := completion.Script(c.Shell)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(std.out, script)
	return err
}
