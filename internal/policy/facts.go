package policy

import "github.com/idemhq/idem/internal/domain"

// Facts are what a decision is made on. They encode as JSON without loss: Decide on the
// decoded facts gives an equal Outcome.
type Facts struct {
	Environment domain.Environment
	Transition  domain.Transition

	// Inquiry is the inquiry of the transition; of a case its newest inquiry; nil where
	// there is none.
	Inquiry   *domain.Object
	Inquiries []domain.Object // of a case all of its inquiries; else the inquiry alone
	Account   *domain.Object  // of Inquiry; nil where it has none
	Cases     []domain.Object // of the inquiry; of a case the case alone

	Verifications  []domain.Object // every attempt, of all Inquiries
	Reports        []domain.Object // of all Inquiries, and those that a case names itself
	AccountReports []domain.Object // of the accounts, where the policy asks for them
	Sessions       []domain.Object // of all Inquiries

	DeclinedBefore bool // an older inquiry of the subject was declined

	// Missing says what could not be read or is withheld, as ids and attribute names,
	// never values. The facts are whole when it is empty.
	Missing []string
}

// Outcome is what the policy came to on one transition.
type Outcome struct {
	Result      domain.DecisionResult
	Rule        string // that decided, or that could not be evaluated; empty where none matched
	Explanation string // for people: the rule's own words and the failed checks; no personal data
	Reason      string // why the rule's own actions were replaced by a review; empty where they were not
	Actions     []Action
}

// Action is an action that an outcome asks for.
type Action struct {
	Rule string            // that asked for it
	Spec domain.ActionSpec // its Target is zero where the facts have nothing to act on
}
