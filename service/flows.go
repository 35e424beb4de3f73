package service

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/verify"
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

// flowProblems returns the invalid settings of an environment's flows. They are
// [*settingError]s.
func (c Config) flowProblems(env Environment) (problems []error) {
	found := verify.CheckAll(c.Environments[env].flows())
	for _, name := range slices.Sorted(maps.Keys(found)) {
		for _, p := range found[name] {
			path := fmt.Sprintf("environments.%s.flows.%s", env, name)
			if p.Setting != "" {
				path += "." + p.Setting
			}
			problems = append(problems, wrongSetting(path, p.Err))
		}
	}
	return problems
}
