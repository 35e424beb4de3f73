package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// Explain tries the rules of the present policy of an environment on the facts of a
// decision. It returns the policy's version, and no trials if the decision has no facts.
type Explain func(domain.Environment, domain.Decision) (version string, trials []policy.Trial, err error)

// Explanation says why each rule does or does not decide on the facts of a decision.
type Explanation struct {
	Decision      Decision        `json:"decision"`
	PolicyVersion string          `json:"policy_version" doc:"of the present policy, whose rules are tried; another one may have decided"`
	Rules         []ExplainedRule `json:"rules" doc:"in the order of the policy; empty if the decision has no facts"`
}

// ExplainedRule is what becomes of a rule.
type ExplainedRule struct {
	Rule       string               `json:"rule"`
	Result     policy.TrialResult   `json:"result" enum:"matched,not_matched,not_evaluated,not_tried,not_applicable" doc:"not_tried: an earlier rule decided; not_applicable: it is for other transitions"`
	Problem    string               `json:"problem,omitempty" doc:"why the condition cannot be evaluated"`
	Conditions []ExplainedCondition `json:"conditions" doc:"the parts of the condition that must all hold; empty if there is none or it was not tried"`
}

// ExplainedCondition is a part of a condition. It contains no values of the facts.
type ExplainedCondition struct {
	Condition string `json:"condition"`
	Holds     bool   `json:"holds"`
	Problem   string `json:"problem,omitempty" doc:"why it cannot be evaluated"`
}

// registerExplain adds the operation that explains decisions.
func registerExplain(api huma.API, s *server) {
	huma.Get(api, "/v1/{environment}/decisions/{id}/explanation", s.explainDecision, needs(domain.ScopeRead),
		described("explain-decision", "Explain a decision", "Tries the rules of the present policy on the facts of the decision, and shows which parts of each condition hold."))
}

func (s *server) explainDecision(ctx context.Context, in *IDInput) (*struct{ Body Explanation }, error) {
	env, d, err := rowOf(ctx, s, in, s.Store.Decision)
	if err != nil {
		return nil, err
	}
	version, trials, err := s.Explain(env, d)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	e := Explanation{Decision: showDecision(d), PolicyVersion: version, Rules: []ExplainedRule{}}
	for _, t := range trials {
		rule := ExplainedRule{t.Rule, t.Result, t.Problem, []ExplainedCondition{}}
		for _, p := range t.Parts {
			rule.Conditions = append(rule.Conditions, ExplainedCondition{p.Text, p.Holds, p.Problem})
		}
		e.Rules = append(e.Rules, rule)
	}
	return &struct{ Body Explanation }{e}, nil
}
