package domain

import (
	"encoding/json"
	"fmt"
	"time"
)

// ActionKind is one thing Idem can do at Persona.
type ActionKind string

const (
	ApproveInquiry       ActionKind = "approve_inquiry"
	DeclineInquiry       ActionKind = "decline_inquiry"
	MarkInquiryForReview ActionKind = "mark_inquiry_for_review"
	GenerateOneTimeLink  ActionKind = "generate_one_time_link"
	SetCaseStatus        ActionKind = "set_case_status"
	TagInquiry           ActionKind = "tag_inquiry"
	TagCase              ActionKind = "tag_case"
	TagAccount           ActionKind = "tag_account"
	SimulateInquiry      ActionKind = "simulate_inquiry" // sandbox only; refused in production before anything is sent
)

// ActionSpec is what a rule asks for, before it becomes an Action.
type ActionSpec struct {
	Kind      ActionKind        `json:"kind"`
	Target    Ref               `json:"target"`    // the resource to act on
	Arguments map[string]string `json:"arguments"` // such as status or tag; empty for kinds that take none

	// Expects is the status that the target had when it was decided on. An action that
	// decides is dropped when somebody else has moved the target since; empty for any.
	Expects string `json:"expects,omitempty"`
}

// Action is one call to make at Persona, because of a decision or a person.
type Action struct {
	ID             string // act-on-Persona id of ours: axn_…
	Environment    Environment
	DecisionID     string
	Spec           ActionSpec
	DerivedKey     string // of (environment, policy version, rule, object, transition, action): what makes this action this one
	IdempotencyKey string // what Persona is told; stored before the call, reused after a crash
	KeyMadeAt      time.Time
	State          ActionState
	Attempts       int
	NextAttemptAt  time.Time
	Outcome        string          // one line: what Persona said, or why the action is dead or dropped; no personal data
	Said           string          // what Persona said when it refused last: title and details; may name a person, never logged
	RequestID      string          // Persona's Request-Id of the last answer
	Result         json.RawMessage // what the call yielded, such as a one-time link: a credential, never logged
	CreatedAt      time.Time
	FinishedAt     time.Time
	Version        int64 // counts the times the action was saved
}

// FreshKey is an idempotency key that the action has not used yet: for when the one it
// has would only bring a stored answer back.
func (a Action) FreshKey(now time.Time) string {
	return fmt.Sprintf("%s-%d", a.DerivedKey, now.UnixMicro())
}

// ActionState is where an action stands in the outbox.
type ActionState string

const (
	ActionWaiting     ActionState = "waiting"      // to be performed now or at NextAttemptAt
	ActionDone        ActionState = "done"         // Persona accepted the call
	ActionAlreadyDone ActionState = "already_done" // the state asked for was there before the call
	ActionDropped     ActionState = "dropped"      // its precondition no longer holds
	ActionDead        ActionState = "dead"         // refused for good; visible, can be replayed
	ActionSkipped     ActionState = "skipped"      // there was nothing to act on, such as a case for an inquiry without one
)
