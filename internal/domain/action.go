package domain

import (
	"encoding/json"
	"fmt"
	"time"
)

// ActionKind is a kind of action that Idem can perform at Persona.
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
	SimulateInquiry      ActionKind = "simulate_inquiry" // sandbox only; rejected in production before any call
)

// ActionSpec says what to do to which resource.
type ActionSpec struct {
	Kind      ActionKind        `json:"kind"`
	Target    Ref               `json:"target,omitzero"` // the resource to act on
	Arguments map[string]string `json:"arguments"`       // such as status or tag; empty for kinds without arguments

	// Expects is the status that the target had at the time of the decision. If it has
	// changed since, an action that decides is dropped. Empty means any status.
	Expects string `json:"expects,omitempty"`
}

// Action is a call to make at Persona, requested by a decision or a person.
type Action struct {
	ID             string // axn_…
	Environment    Environment
	DecisionID     string
	Spec           ActionSpec
	DerivedKey     string // hash of environment, policy version, rule, object, transition and spec: identifies the action
	IdempotencyKey string // sent to Persona; stored before the call and reused after a crash
	KeyMadeAt      time.Time
	State          ActionState
	Attempts       int
	NextAttemptAt  time.Time
	Outcome        string          // one line: Persona's answer, or why the action is dead or dropped; no personal data
	Said           string          // titles and details of Persona's last error; may name a person, never logged
	RequestID      string          // Request-Id of Persona's last answer
	Result         json.RawMessage // result of the call, such as a one-time link; may be a credential, never logged
	CreatedAt      time.Time
	FinishedAt     time.Time
	Version        int64 // counts saves
}

// WithoutDecision begins the DecisionID of an action that no decision asked for.
const WithoutDecision = "hand_"

// FreshKey returns a new idempotency key, for when Persona would answer the current key
// with a stored error.
func (a Action) FreshKey(now time.Time) string {
	return fmt.Sprintf("%s-%d", a.DerivedKey, now.UnixMicro())
}

// ActionState is the state of an action in the outbox.
type ActionState string

const (
	ActionWaiting     ActionState = "waiting"      // to be performed at NextAttemptAt, or now if that is zero or past
	ActionDone        ActionState = "done"         // Persona accepted the call
	ActionAlreadyDone ActionState = "already_done" // the effect was there before the call
	ActionDropped     ActionState = "dropped"      // its precondition no longer holds
	ActionDead        ActionState = "dead"         // rejected for good; can be replayed or discarded
	ActionDiscarded   ActionState = "discarded"    // it was dead, and a person decided that nothing is left to do
	ActionSkipped     ActionState = "skipped"      // there was nothing to act on, such as a case for an inquiry without one
)
