package fold

import "errors"

// ErrUnreadable matches every [*UnreadableError], with errors.Is.
var ErrUnreadable = errors.New("it cannot be read")

// UnreadableError says why an event or a resource cannot be kept as an object. Trying
// again changes nothing. It holds nothing of what was read.
type UnreadableError struct{ Reason Reason }

// Reason is one word for why something cannot be read.
type Reason string

// The reasons.
const (
	NotUTF8      Reason = "not_utf8"      // bytes that are not valid UTF-8
	Malformed    Reason = "malformed"     // no event, or no resource of JSON:API's form
	DuplicateKey Reason = "duplicate_key" // a key is given twice; which one counts nobody can say
	BadIdentity  Reason = "bad_identity"  // the type or the id cannot be stored or asked for
	BadRelation  Reason = "bad_relation"  // a relationship names what cannot be stored or asked for
	BadReference Reason = "bad_reference" // the reference id is too long, or would not be kept as it is
	BadStatus    Reason = "bad_status"    // the status is too long
	OtherObject  Reason = "other_object"  // the body is about another event or object than the envelope
	NoMoment     Reason = "no_moment"     // created-at is missing or not a time
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
		NoMoment:     "created-at is missing or not a time",
	}[e.Reason]
	if says == "" {
		return string(e.Reason)
	}
	return says + " (" + string(e.Reason) + ")"
}

// Is implements [errors.Is] for [ErrUnreadable].
func (e *UnreadableError) Is(target error) bool { return target == ErrUnreadable }
