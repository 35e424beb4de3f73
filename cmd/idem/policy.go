package main

import (
	"fmt"
	"io"
	"os"

	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

type policyCommand struct {
	Check policyCheckCommand `cmd:"" help:"Check a policy file: report errors with line and column, and warn about likely mistakes. Exits 1 if the policy is invalid."`
	Show  policyShowCommand  `cmd:"" help:"Print the built-in policy, as a starting point for your own."`
}

type policyCheckCommand struct {
	output
	File        string `arg:"" help:"The policy file."`
	Environment string `enum:"sandbox,production" default:"sandbox" placeholder:"ENVIRONMENT" help:"The environment the policy is for: sandbox or production (${default}). Production allows fewer actions."`
	Strict      bool   `help:"Treat warnings as errors."`
}

func (policyCheckCommand) Help() string {
	return examples("idem policy check rules.yaml", "idem policy check --environment production --strict rules.yaml")
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
	checked := checkedPolicy{c.File, c.Environment, p.Version(), p.Rules(), p.Warnings()}
	if err := c.print(std.out, checked, checked.print); err != nil {
		return err
	}
	if n := len(checked.Warnings); c.Strict && n > 0 {
		return fmt.Errorf("%s has %d warnings, which --strict treats as errors", c.File, n)
	}
	return nil
}

// checkedPolicy is what a check found in a policy that is valid.
type checkedPolicy struct {
	File        string   `json:"file"`
	Environment string   `json:"environment"`
	Version     string   `json:"version"`
	Rules       []string `json:"rules"`
	Warnings    []string `json:"warnings"`
}

func (p checkedPolicy) print(w io.Writer) {
	fmt.Fprintf(w, "%s is valid for %s: version %s, %d rules\n", p.File, p.Environment, p.Version, len(p.Rules))
	for i, rule := range p.Rules {
		fmt.Fprintf(w, "%3d. %s\n", i+1, rule)
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(w, "%s %s\n", show.Doubtful("warning:"), warning)
	}
}

type policyShowCommand struct{}

func (policyShowCommand) Help() string { return examples("idem policy show > rules.yaml") }

func (policyShowCommand) Run(std streams) error {
	_, source := policy.Default()
	_, err := std.out.Write(source)
	return err
}
