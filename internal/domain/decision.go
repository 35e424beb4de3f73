package domain

import (
	"encoding/json"
	"time"
)

// Decision records what the policy came to on one transition, and why. There is one for
// each transition that the policy covers.
type Decision struct {
	ID            string // dec_…
	Environment   Environment
	Object        Ref
	Transition    Transition
	Result        DecisionResult
	Rule          string // the rule that decided, or that could not be evaluated; empty where none matched
	PolicyVersion string
	Explanation   string // for people; names conditions and statuses, never personal data
	Reason        string // why the facts are incomplete, or why the rule could not be evaluated; no personal data
	Actions       []ActionSpec
	Facts         json.RawMessage // what it was decided on, as policy.Facts encodes; empty in lists
	DecidedAt     time.Time
}

// DecisionResult says how a decision came about.
type DecisionResult string

const (
	Decided      DecisionResult = "decided"         // a rule matched
	NoRule       DecisionResult = "no_rule_matched" // the policy covers the transition, and no rule matched
	Incomplete   DecisionResult = "incomplete"      // a rule would approve, and a fact is missing: review
	NotEvaluated DecisionResult = "not_evaluated"   // a rule could not be evaluated: review
	Superseded   DecisionResult = "superseded"      // the object had left the status when the facts were read
)

// Verdict is what the host application may rely on for a subject.
type Verdict string

const (
	VerdictNone     Verdict = "none"     // nothing known
	VerdictPending  Verdict = "pending"  // the person has not finished, or no decision was made
	VerdictReview   Verdict = "review"   // a person must look
	VerdictApproved Verdict = "approved" // decided: may proceed
	VerdictDeclined Verdict = "declined" // decided: may not
	VerdictExpired  Verdict = "expired"  // the chance has lapsed without a decision
	VerdictRedacted Verdict = "redacted" // the data behind any verdict is gone
)
