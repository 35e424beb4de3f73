package policy

import "github.com/idemhq/idem/internal/domain"

// Facts are what a decision is based on. variables.go says how conditions see them. Facts
// encode as JSON without loss: Decide on decoded facts returns an equal Outcome.
type Facts struct {
	Environment domain.Environment
	Transition  domain.Transition

	Inquiry   *domain.Object  // of the transition; for a case, its newest inquiry; nil if there is none
	Inquiries []domain.Object // for a case, all its inquiries; otherwise only the inquiry
	Account   *domain.Object  // of Inquiry; nil if it has none
	Cases     []domain.Object // of the inquiry; for a case, only that case

	Verifications  []domain.Object // every attempt, of all Inquiries
	Reports        []domain.Object // of all Inquiries; for a case, also those that it names
	AccountReports []domain.Object // of the accounts; only if the policy uses them
	Sessions       []domain.Object // of all Inquiries

	DeclinedBefore bool // an older inquiry of the person was declined

	// Missing lists what could not be read or is withheld, as ids and attribute names
	// without values. If it is empty, the facts are complete.
	Missing []string
}

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
