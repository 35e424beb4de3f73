package service

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/internal/yamlfile"
)

// FlowConfig is a way to verify somebody: see [Service.Verify].
type FlowConfig struct {
	InquiryTemplate string        `yaml:"inquiry_template"` // itmpl_…; two flows of an environment cannot share one
	Attempts        int           `yaml:"attempts"`         // how many inquiries a subject may start; default 3
	CoolDown        time.Duration `yaml:"cool_down"`        // how long after a failed or declined inquiry the next may start; default 0
	Mode            string        `yaml:"mode"`             // link or embedded; default link
	Expiry          time.Duration `yaml:"expiry"`           // of a one-time link; default 24h
	Reapply         string        `yaml:"reapply"`          // deny: a declined subject starts nothing; default: as in the policy
}

// flows returns the flows of an environment, by their names.
func (e EnvironmentConfig) flows() []verify.Flow {
	var flows []verify.Flow
	for _, name := range slices.Sorted(maps.Keys(e.Flows)) {
		f := e.Flows[name]
		flows = append(flows, verify.Flow{
			Name: name, Template: f.InquiryTemplate, Attempts: f.Attempts, CoolDown: f.CoolDown, Mode: verify.Mode(f.Mode), Expiry: f.Expiry, Reapply: fold.Reapply(f.Reapply),
		})
	}
	return flows
}

// flowProblem is an invalid setting of a flow, with its path in the configuration.
type flowProblem struct {
	path string
	err  error
}

// flowProblems returns the invalid settings of the flows of all environments.
func (c Config) flowProblems() (problems []flowProblem) {
	for _, env := range slices.Sorted(maps.Keys(c.Environments)) {
		found := verify.CheckAll(c.Environments[env].flows())
		for _, name := range slices.Sorted(maps.Keys(found)) {
			for _, p := range found[name] {
				path := fmt.Sprintf("environments.%s.flows.%s", env, name)
				if p.Setting != "" {
					path += "." + p.Setting
				}
				problems = append(problems, flowProblem{path, fmt.Errorf("%s: %w", path, p.Err)})
			}
		}
	}
	return problems
}

// placed returns the first problem of a file's flows, with its position.
func (c Config) placed(file *yamlfile.File) error {
	problems := c.flowProblems()
	if len(problems) == 0 {
		return nil
	}
	p := problems[0]
	at := file.Problem("$."+p.path, p.err.Error())
	if above := strings.LastIndex(p.path, "."); at.Line == 0 { // the setting is missing, or the name is not one
		at = file.Problem("$."+p.path[:above], p.err.Error())
	}
	return at
}
