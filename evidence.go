package idem

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"time"
)

// Evidence says why a subject has its verdict. It contains ids, statuses and names of checks,
// and no values of the person.
type Evidence struct {
	Subject Subject         `json:"subject"`
	Reason  string          `json:"reason"`  // where the verdict comes from, in words
	Reasons []DecisionBasis `json:"reasons"` // the decisions on the object of the verdict, newest first; at most five
}

// DecisionBasis is a decision with what it was based on.
type DecisionBasis struct {
	Decision
	FailedChecks   []string       `json:"failed_checks"` // required checks that failed in the verifications that count
	Verifications  []EvidenceItem `json:"verifications"`
	Reports        []EvidenceItem `json:"reports"`
	Inquiries      []EvidenceItem `json:"inquiries"`
	Cases          []EvidenceItem `json:"cases"`
	DeclinedBefore bool           `json:"declined_before"` // an older inquiry of the person was declined
	Missing        []string       `json:"missing"`         // facts that could not be read
}

// EvidenceItem is an object that a decision was based on.
type EvidenceItem struct {
	Object   Object          `json:"object"`
	Status   string          `json:"status"`
	HasMatch *bool           `json:"has_match"` // of a report; nil if unknown
	Checks   []EvidenceCheck `json:"checks"`    // of a verification
}

// EvidenceCheck is a check of a verification.
type EvidenceCheck struct {
	Name        string `json:"name"`
	Status      string `json:"status"`
	Requirement string `json:"requirement"`
}

// Decision is what the policy decided when an object moved to another status.
type Decision struct {
	ID            string       `json:"id"` // dec_…
	Object        Object       `json:"object"`
	Transition    Transition   `json:"transition"`
	Result        string       `json:"result"` // decided, no_rule_matched, incomplete, not_evaluated or superseded
	Rule          string       `json:"rule"`   // that decided, or that could not be evaluated
	PolicyVersion string       `json:"policy_version"`
	Explanation   string       `json:"explanation"`
	Reason        string       `json:"reason"` // why facts are incomplete, or why the rule could not be evaluated
	Actions       []ActionSpec `json:"actions"`
	DecidedAt     time.Time    `json:"decided_at"`
}

// Transition is a move of an object from one status to another.
type Transition struct {
	Object  Object    `json:"object"`
	From    string    `json:"from"` // empty if the object was not known before
	To      string    `json:"to"`
	At      time.Time `json:"at"`
	EventID string    `json:"event_id"` // empty if a read showed it
	Event   string    `json:"event"`    // the event's name
}

// ActionSpec is a call that a decision requests.
type ActionSpec struct {
	Kind      string            `json:"kind"`      // such as approve_inquiry
	Target    Object            `json:"target"`    // empty if there is none
	Arguments map[string]string `json:"arguments"` // such as status or tag
	Expects   string            `json:"expects"`   // the status of the target that was decided on; empty for any
}

// Action is a call at Persona and its fate.
type Action struct {
	ID             string            `json:"id"`
	DecisionID     string            `json:"decision_id"` // empty for an action that no decision asked for
	Kind           string            `json:"kind"`
	Target         Object            `json:"target"` // empty if there is none
	Arguments      map[string]string `json:"arguments"`
	IdempotencyKey string            `json:"idempotency_key"`
	State          string            `json:"state"` // waiting, done, already_done, dropped, dead, discarded or skipped
	Attempts       int               `json:"attempts"`
	NextAttemptAt  time.Time         `json:"next_attempt_at"` // zero if it is finished or due
	Outcome        string            `json:"outcome"`
	RequestID      string            `json:"request_id"` // of the last call, at Persona
	CreatedAt      time.Time         `json:"created_at"`
	FinishedAt     time.Time         `json:"finished_at"` // zero if it is not finished
}

// Evidence returns why a subject has its verdict: the decisions behind it, and the checks and
// reports that they were based on.
func (c *Client) Evidence(ctx context.Context, reference string) (Evidence, error) {
	if reference == "" {
		return Evidence{}, errNoReference
	}
	var e Evidence
	err := c.call(ctx, "read the evidence of a verdict", "subjects/"+segment(reference)+"/evidence", nil, nil, &e)
	return e, err
}

var errNoObject = errors.New("idem: the id of the object is empty")

// Decisions lists the decisions on an object, such as [Subject.Object], newest first. The
// iteration ends after the first error.
func (c *Client) Decisions(ctx context.Context, objectID string) iter.Seq2[Decision, error] {
	return rowsOf[Decision](ctx, c, "list decisions", "decisions", objectID)
}

// Actions lists the actions on an object, such as [Subject.Object], newest first. The
// iteration ends after the first error.
func (c *Client) Actions(ctx context.Context, objectID string) iter.Seq2[Action, error] {
	return rowsOf[Action](ctx, c, "list actions", "actions", objectID)
}

// rowsOf lists the rows of one object. Without the id, it would list those of everybody.
func rowsOf[T any](ctx context.Context, c *Client, op, path, objectID string) iter.Seq2[T, error] {
	if objectID == "" {
		return failed[T](errNoObject)
	}
	return pages[T](ctx, c, op, path, "before", url.Values{"object": {objectID}})
}
