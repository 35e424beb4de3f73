package domain

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds an id, a type and an event's name, in bytes. Persona's are below 60.
const maxName = 255

// Check reports whether an event can be worked on: its id, its name and its object can be
// stored by every database and asked for at Persona, and it has a moment. The error says
// which of them is wrong and holds nothing of the event.
//
// Body, state and all else are not looked at.
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

// Check reports whether r can be stored by every database and asked for at Persona. The
// error says what is wrong with it and does not quote it.
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

// checkID reports what keeps s from being an id. Ids become segments of paths.
func checkID(s string) error {
	if strings.Contains(s, "/") {
		return errors.New("holds a slash")
	}
	return checkSegment(s)
}

// checkType reports what keeps s from being a type or an event's name: ids with slashes
// between them, such as verification/government-id.
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
		return errors.New("holds white space or a control character")
	case strings.ContainsAny(s, "?#%"):
		return errors.New("holds one of the characters ?, # and %")
	default:
		return nil
	}
}
