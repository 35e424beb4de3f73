package domain

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the maximum length of an id, a type and an event's name, in bytes. Persona's
// are below 60.
const maxName = 255

// Check reports whether an event can be processed: its id, name and object can be stored by
// every database and requested from Persona, and it has a time. The error names the invalid
// part and quotes nothing of the event.
//
// The body, the state and all other fields are not checked.
func (e Event) Check() error {
	var problems []error
	if err := checkID(e.ID); err != nil {
		problems = append(problems, fmt.Errorf("the event's id %w", err))
	}
	if err := checkType(e.Name); err != nil {
		problems = append(problems, fmt.Errorf("the event's name %w", err))
	}
	if e.CreatedAt.IsZero() {
		problems = append(problems, errors.New("the event's created-at is missing or not a time"))
	}
	return errors.Join(append(problems, e.Object.Check())...)
}

// Check reports whether r can be stored by every database and requested from Persona. The
// error does not quote r.
func (r Ref) Check() error {
	var problems []error
	if err := checkType(r.Type); err != nil {
		problems = append(problems, fmt.Errorf("the object's type %w", err))
	}
	if err := checkID(r.ID); err != nil {
		problems = append(problems, fmt.Errorf("the object's id %w", err))
	}
	return errors.Join(problems...)
}

// checkID reports why s is not a valid id. Ids become path segments.
func checkID(s string) error {
	if strings.Contains(s, "/") {
		return errors.New("contains a slash")
	}
	return checkSegment(s)
}

// checkType reports why s is not a valid type or event name. It consists of segments with
// slashes between them, such as verification/government-id.
func checkType(s string) error {
	if len(s) > maxName {
		return fmt.Errorf("is longer than %d bytes", maxName)
	}
	for segment := range strings.SplitSeq(s, "/") {
		if err := checkSegment(segment); err != nil {
			return err
		}
	}
	return nil
}

func checkSegment(s string) error {
	switch {
	case s == "":
		return errors.New("is missing or empty")
	case len(s) > maxName:
		return fmt.Errorf("is longer than %d bytes", maxName)
	case !utf8.ValidString(s):
		return errors.New("is not valid UTF-8")
	case s == "." || s == "..":
		return errors.New("is a relative path")
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }):
		return errors.New("contains white space or a control character")
	case strings.ContainsAny(s, "?#%"):
		return errors.New("contains one of the characters ?, # and %")
	default:
		return nil
	}
}
