package main

import (
	"fmt"
	"os"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

type policyCommand struct {
	Check policyCheckCommand `cmd:"" help:"Say whether a file of rules can be used, where it is wrong, and what is probably a mistake. Exits 1 when it cannot be used."`
	Show  policyShowCommand  `cmd:"" help:"Print the rules of a new service: a file to copy and to change."`
}

type policyCheckCommand struct {
	File        string `arg:"" help:"The file of rules."`
	Environment string `enum:"sandbox,production" default:"sandbox" help:"The environment the rules are for: ${enum} (${default}). Production allows less."`
	Strict      bool   `help:"Exit 1 when there are warnings, too."`
}

func (c policyCheckCommand) Run(std streams) error {
	source, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	p, err := policy.Load(c.File, source, domain.Environment(c.Environment))
	if err != nil {
		return err
	}
	rules := p.Rules()
	fmt.Fprintf(std.out, "%s can be used in %s: version %s, %d rules\n", c.File, c.Environment, p.Version(), len(rules))
	for i, rule := range rules {
		fmt.Fprintf(std.out, "%3d. %s\n", i+1, rule)
	}
	warnings := p.Warnings()
	for _, warning := range warnings {
		fmt.Fprintf(std.out, "warning: %s\n", warning)
	}
	if c.Strict && len(warnings) > 0 {
		return fmt.Errorf("%s has warnings (%d), and --strict allows none", c.File, len(warnings))
	}
	return nil
}

type policyShowCommand struct{}

func (policyShowCommand) Run(std streams) error {
	_, source := policy.Default()
	_, err := std.out.Write(source)
	return err
}
