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
const verdictVersion = "5"

// Verdicts returns how to compute verdicts under a policy.
func Verdicts(p *policy.Policy, now time.Time) store.Verdicts {
	rules := p.VerdictRules()
	text, _ := json.Marshal(rules) // cannot fail: it contains only strings
	sum := sha256.Sum256(append(text, verdictVersion...))
	return store.Verdicts{
		Rules: hex.EncodeToString(sum[:8]),
		Now:   now,
		Of: func(objects []domain.Object) domain.Subject {
			inquiries, accounts, cases := split(objects)
			w := fold.Verdict(inquiries, accounts, cases, rules)
			return domain.Subject{Verdict: w.Verdict, Object: w.Object, Status: w.Status}
		},
	}
}

// split separates objects into inquiries, accounts and cases.
func split(objects []domain.Object) (inquiries, accounts, cases []domain.Object) {
	for _, o := range objects {
		switch o.Ref.Family() {
		case "inquiry":
			inquiries = append(inquiries, o)
		case "account":
			accounts = append(accounts, o)
		case "case":
			cases = append(cases, o)
		}
	}
	return inquiries, accounts, cases
}

// replacement is which rules for verdicts this node has replaced in an environment.
type replacement struct {
	rules string          // by these
	older map[string]bool // what was replaced
	done  bool            // all verdicts were looked at once
	newer int             // verdicts under rules that were not there then
}

// replaces reports whether a verdict that was computed under other rules is recomputed. At
// first every one is. Later only those under rules that were replaced are: a node that still
// has the older policy computes them. Rules that appear later are of a node with a newer
// policy. If both nodes replaced the other's verdicts, people would be approved and declined
// in turn.
func (r *replacement) replaces(rules string) bool {
	if !r.done {
		r.older[rules] = true
		return true
	}
	if !r.older[rules] {
		r.newer++
	}
	return r.older[rules]
}

// replacement returns the replacement by some rules, which begins anew when they change.
func (a *Advancer) replacement(env domain.Environment, rules string) *replacement {
	r := a.reevaluated[env]
	switch {
	case r == nil:
		r = &replacement{rules: rules, older: map[string]bool{}}
	case r.rules != rules:
		r.older[r.rules] = true
		r.rules, r.done = rules, false
		delete(r.older, rules)
	}
	r.newer = 0
	a.reevaluated[env] = r
	return r
}

// Reevaluate recomputes the verdicts that were computed under an older policy, and writes a
// notification for each that changed. It must not be called concurrently.
func (a *Advancer) Reevaluate(ctx context.Context, env domain.Environment) error {
	settings, _ := a.deps(env)
	r := a.replacement(env, Verdicts(settings.Policy, a.now()).Rules)
	for after := ""; ; {
		last, told, err := a.store.Reevaluate(ctx, env, Verdicts(settings.Policy, a.now()), r.replaces, after)
		if err != nil {
			return err
		}
		a.report(ctx, env, nil, told)
		if after = last; last == "" {
			break
		}
	}
	if r.done = true; r.newer > 0 {
		a.logger.WarnContext(ctx, "another node computes verdicts under a policy that this node does not have: give all nodes the same", "environment", env, "subjects", r.newer)
	}
	return nil
}
