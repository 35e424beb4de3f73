package domain

import "time"

// Decision records which rule fired on which transition, and why.
type Decision struct {
	ID            string // dec_…
	Environment   Environment
	Object        Ref
	Transition    Transition
	Rule          string
	PolicyVersion string
	Explanation   string // for people; names conditions and statuses, never personal data
	Actions       []ActionSpec
	DecidedAt     time.Time
}

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
