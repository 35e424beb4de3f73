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

// verdictVersion must change when the computation of verdicts changes, so that stored
// verdicts are recomputed.
const verdictVersion = "4"

// Verdicts returns how to compute verdicts under a policy.
func Verdicts(p *policy.Policy, now time.Time) store.Verdicts {
	rules := p.VerdictRules()
	text, _ := json.Marshal(rules) // cannot fail: it contains only strings
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

// split separates objects into inquiries and cases.
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

// Reevaluate recomputes the verdicts that were computed under another policy, and writes a
// notification for each that changed.
func (a *Advancer) Reevaluate(ctx context.Context, env domain.Environment) error {
	settings, _ := a.deps(env)
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
