package policy

import "github.com/idemhq/idem/internal/domain"

// Outcome is the result of the policy for one transition.
type Outcome struct {
	Result      domain.DecisionResult
	Rule        string // the rule that decided or could not be evaluated; empty if none matched
	Explanation string // for people: the rule's explanation and the failed checks; no personal data
	Reason      string // why the rule's actions were replaced by a review; empty if they were not
	Actions     []Action
}

// Action is a requested action.
type Action struct {
	Rule string            // the rule that requested it
	Spec domain.ActionSpec // its Target is zero if there is nothing to act on
}
