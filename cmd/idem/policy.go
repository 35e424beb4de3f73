package main

import (
	"fmt"
	"os"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

type policyCommand struct {
	Check policyCheckCommand `cmd:"" help:"Check a policy file: report errors with line and column, and warn about likely mistakes. Exits 1 if the policy is invalid."`
	Show  policyShowCommand  `cmd:"" help:"Print the built-in policy, as a starting point for your own."`
}

type policyCheckCommand struct {
	File        string `arg:"" help:"The policy file."`
	Environment string `enum:"sandbox,production" default:"sandbox" help:"The environment the policy is for: ${enum} (${default}). Production allows fewer actions."`
	Strict      bool   `help:"Treat warnings as errors."`
}

func (c policyCheckCommand) Run(std streams) error {
	source, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read the policy: %w", err)
	}
	p, err := policy.Load(c.File, source, domain.Environment(c.Environment))
	if err != nil {
		return err
	}
	rules := p.Rules()
	fmt.Fprintf(std.out, "%s is valid for %s: version %s, %d rules\n", c.File, c.Environment, p.Version(), len(rules))
	for i, rule := range rules {
		fmt.Fprintf(std.out, "%3d. %s\n", i+1, rule)
	}
	warnings := p.Warnings()
	for _, warning := range warnings {
		fmt.Fprintf(std.out, "warning: %s\n", warning)
	}
	if c.Strict && len(warnings) > 0 {
		return fmt.Errorf("%s has %d warnings, which --strict treats as errors", c.File, len(warnings))
	}
	return nil
}

type policyShowCommand struct{}

func (policyShowCommand) Run(std streams) error {
	_, source := policy.Default()
	_, err := std.out.Write(source)
	return err
}
