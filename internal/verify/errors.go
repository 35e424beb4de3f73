package verify

import (
	"errors"
	"fmt"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/spelling"
)

// ErrUnknownFlow is what an [*UnknownFlowError] wraps.
var ErrUnknownFlow = errors.New("there is no such flow")

// ErrInvalid is what a [*RequestError] wraps.
var ErrInvalid = errors.New("invalid request")

// UnknownFlowError means that no flow has the name of a request.
type UnknownFlowError struct {
	Name  string
	Known []string // the names of all flows of the environment
}

func (e *UnknownFlowError) Error() string {
	if len(e.Known) == 0 {
		return "no flow is configured: add one to the environment's flows"
	}
	return fmt.Sprintf("there is no flow %q%s There are: %s", domain.Storable(e.Name, 100), sentence(spelling.DidYouMean(e.Name, e.Known)), strings.Join(e.Known, ", "))
}

// Unwrap returns [ErrUnknownFlow].
func (e *UnknownFlowError) Unwrap() error { return ErrUnknownFlow }

// sentence ends an error before another sentence.
func sentence(text string) string {
	if text == "" {
		return "."
	}
	return text
}

// ErrUncertain means that Persona may have created an inquiry that it does not show yet.
// Another inquiry is not created before that is known: try again later.
var ErrUncertain = errors.New("it is not known yet whether Persona created the inquiry: try again in a minute")

// ErrPanic means that the program failed.
var ErrPanic = errors.New("panic")

// ErrBusy means that another call for the same subject and flow took too long.
var ErrBusy = errors.New("another call for this subject and flow is running: try again")

// ErrNoInquiry means that a verification has no inquiry that an operation could work on.
var ErrNoInquiry = errors.New("no inquiry was started yet")

// NotOpenError means that an inquiry is not in a status in which it can be cancelled or
// opened.
type NotOpenError struct {
	Inquiry, Status string
	Wanted          string // what was asked for, such as cancelled
}

func (e *NotOpenError) Error() string {
	return fmt.Sprintf("the inquiry %s is %s and cannot be %s", e.Inquiry, e.Status, e.Wanted)
}
