package advance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// verdictVersion is changed with what a verdict is computed by, so that those which stand
// are computed again.
const verdictVersion = "4"

// Verdicts says how verdicts are computed by a policy.
func Verdicts(p *policy.Policy, now time.Time) store.Verdicts {
	rules := p.VerdictRules()
	text, _ := json.Marshal(rules) // texts
	sum := sha256.Sum256(append(text, verdictVersion...))
	return store.Verdicts{
		Rules: hex.EncodeToString(sum[:8]),
		Now:   now,
		Of: func(objects []domain.Object) domain.Subject {
			inquiries, cases := split(objects)
			w := fold.Verdict(inquiries, cases, rules)
			return domain.Subject{Verdict: w.Verdict, Object: w.Object, Status: w.Status}
		},
	}
}

// split returns the inquiries and the cases among objects.
func split(objects []domain.Object) (inquiries, cases []domain.Object) {
	for _, o := range objects {
		switch o.Ref.Family() {
		case "inquiry":
			inquiries = append(inquiries, o)
		case "case":
			cases = append(cases, o)
		}
	}
	return inquiries, cases
}

// Reevaluate computes the verdicts of subjects again that stand by other rules, such as
// those of a policy that was replaced, and tells those that changed.
func (a *Advancer) Reevaluate(ctx context.Context, env domain.Environment) error {
	settings := a.environments[env]
	for after := ""; ; {
		last, told, err := a.store.Reevaluate(ctx, env, Verdicts(settings.Policy, a.now()), after)
		if err != nil {
			return err
		}
		a.report(ctx, env, nil, told)
		if after = last; last == "" {
			return nil
		}
	}
}
