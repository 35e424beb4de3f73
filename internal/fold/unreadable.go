package fold

import "errors"

// ErrUnreadable matches every [*UnreadableError].
var ErrUnreadable = errors.New("it cannot be read")

// UnreadableError says why an event or a resource cannot be stored as an object. Retrying
// does not help. It quotes nothing of the event.
type UnreadableError struct{ Reason Reason }

// Reason is a code for why something cannot be read.
type Reason string

// The reasons.
const (
	NotUTF8      Reason = "not_utf8"      // the body is not valid UTF-8
	Malformed    Reason = "malformed"     // not an event, or not a JSON:API resource
	DuplicateKey Reason = "duplicate_key" // a key is given twice
	BadIdentity  Reason = "bad_identity"  // the type or id cannot be stored or requested
	BadRelation  Reason = "bad_relation"  // a relationship names something that cannot be stored or requested
	BadReference Reason = "bad_reference" // the reference id is too long or cannot be stored unchanged
	BadStatus    Reason = "bad_status"    // the status is too long
	OtherObject  Reason = "other_object"  // the body is about another event or object than the envelope
	NoTime       Reason = "no_time"       // created-at is missing or not a time
)

func unreadable(reason Reason) error { return &UnreadableError{Reason: reason} }

func (e *UnreadableError) Error() string {
	says := map[Reason]string{
		NotUTF8:      "the body is not valid UTF-8",
		Malformed:    "the resource is malformed",
		DuplicateKey: "the resource gives a key twice",
		BadIdentity:  "the resource's type or id is missing or cannot be used",
		BadRelation:  "a relationship is malformed, or names a type or id that cannot be used",
		BadReference: "the reference id is too long or holds characters that cannot be stored",
		BadStatus:    "the status is too long",
		OtherObject:  "the body is about another event or object than its envelope",
		NoTime:       "created-at is missing or not a time",
	}[e.Reason]
	if says == "" {
		return string(e.Reason)
	}
	return says + " (" + string(e.Reason) + ")"
}

// Is implements [errors.Is] for [ErrUnreadable].
func (e *UnreadableError) Is(target error) bool { return target == ErrUnreadable }
