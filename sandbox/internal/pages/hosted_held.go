package pages

import (
	"net/url"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// What a person chose about a step holds while the step is asked for again, because its
// upload ended in an error or it has to be repeated: there is no verification with a result
// yet that it could be about. It is kept with the inquiry until the step has its result.

// isChoice reports whether an input of a form is a choice about a verification.
func isChoice(name string) bool {
	return name == "check" || name == "reason" || name == "metadata" || strings.HasPrefix(name, extractedInput)
}

// hold keeps the choice of a form for the next attempt at a step. It refuses what no attempt
// could have.
func hold(inquiry *storage.Resource, step, typ string, form url.Values) error {
	chosen, err := readChoice(form, "failed")
	if err == nil {
		_, err = chosen.Accept(typ, "failed")
	}
	if err != nil {
		return err
	}
	values := map[string]any{}
	for name, given := range form {
		if isChoice(name) && given[0] != "" {
			values[name] = given[0]
		}
	}
	inquiry.Attributes[resources.HeldChoice] = map[string]any{"step": step, "values": values}
	return nil
}

// heldFor returns the choice that is kept for a step, by the names of inputs.
func heldFor(inquiry *storage.Resource, step string) map[string]any {
	held, _ := inquiry.Attributes[resources.HeldChoice].(map[string]any)
	if held["step"] != step {
		return nil
	}
	values, _ := held["values"].(map[string]any)
	return values
}

// withHeld returns a form that says nothing about a choice, as one without the inputs for it,
// with the choice that is kept for a step. A form with the inputs is complete: it was shown with
// that choice.
func withHeld(inquiry *storage.Resource, step string, form url.Values) url.Values {
	for name := range form {
		if isChoice(name) {
			return form
		}
	}
	filled := url.Values{}
	for name, values := range form {
		filled[name] = values
	}
	for name, value := range heldFor(inquiry, step) {
		filled.Set(name, engine.TextOf(value))
	}
	return filled
}

// choiceFor returns what a person chose about a verification that ends in an outcome, and
// keeps it if the step is asked for again. A verification that has to be repeated has no
// checks.
func choiceFor(inquiry *storage.Resource, step, typ, outcome string, form url.Values) (finding.Chosen, error) {
	form = withHeld(inquiry, step, form)
	again := outcome == "errored" || outcome == "requires_retry"
	if again {
		if err := hold(inquiry, step, typ, form); err != nil {
			return finding.Chosen{}, err
		}
	} else {
		delete(inquiry.Attributes, resources.HeldChoice)
	}
	chosen, err := readChoice(form, outcome)
	if again {
		chosen.Checks = nil
	}
	return chosen, err
}
