package domain

import (
	"encoding/json"
	"time"
)

// Decision records the result of the policy for one transition, and the reasons. Every
// transition that the policy covers has one.
type Decision struct {
	ID            string // dec_…
	Environment   Environment
	Object        Ref
	Transition    Transition
	Result        DecisionResult
	Rule          string // the rule that decided or could not be evaluated; empty if none matched
	PolicyVersion string
	Explanation   string // for people; names conditions and statuses, no personal data
	Reason        string // why the facts are incomplete or the rule could not be evaluated; no personal data
	Actions       []ActionSpec
	Facts         json.RawMessage // what the decision is based on, as encoded by policy.Facts; empty in lists
	DecidedAt     time.Time
}

// DecisionResult says how a decision was made.
type DecisionResult string

const (
	Decided      DecisionResult = "decided"         // a rule matched
	NoRule       DecisionResult = "no_rule_matched" // the policy covers the transition, and no rule matched
	Incomplete   DecisionResult = "incomplete"      // a rule would approve but a fact is missing: review
	NotEvaluated DecisionResult = "not_evaluated"   // a rule could not be evaluated: review
	Superseded   DecisionResult = "superseded"      // the object had changed again by the time its facts were read
)

// Verdict says whether the host application may let a person proceed.
type Verdict string

const (
	VerdictNone     Verdict = "none"     // nothing is known
	VerdictPending  Verdict = "pending"  // the person has not finished
	VerdictReview   Verdict = "review"   // a person must decide
	VerdictApproved Verdict = "approved" // the person may proceed
	VerdictDeclined Verdict = "declined" // the person may not proceed
	VerdictExpired  Verdict = "expired"  // the inquiry expired without a decision
	VerdictRedacted Verdict = "redacted" // the data behind the verdict is gone
)
