package pages

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/risk"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// hostedDetails is the part of a form with what a person may choose, but need not.
type hostedDetails struct {
	Title, Text string
	Inputs      []hostedInput
	Open        bool // whether it is shown before it is asked for
}

// hostedInput is an input of a form: a list if it has options, otherwise a text.
type hostedInput struct {
	Name, Label string
	Empty       string // what is shown without a value
	Value       string // what is entered or selected at first
	Options     []string
}

const extractedInput = "extracted."

// verificationDetails offers a check that fails, and what is extracted. It shows the choice that
// holds from an earlier attempt, by the names of inputs.
func (w words) verificationDetails(typ string, held map[string]any) *hostedDetails {
	details := &hostedDetails{Title: w.say("details"), Text: w.say("details text"), Inputs: []hostedInput{
		{Name: "check", Label: w.say("failed check"), Empty: w.say("as usual"), Options: finding.CheckNames(typ)},
		{Name: "reason", Label: w.say("reason"), Empty: "simulated_failure"},
		{Name: "metadata", Label: w.say("metadata"), Empty: `{"key": "value"}`},
	}}
	for _, name := range finding.Extractable(typ) {
		details.Inputs = append(details.Inputs, hostedInput{Name: extractedInput + name, Label: w.field(name), Empty: w.say("as usual")})
	}
	details.Open = len(held) > 0
	for i := range details.Inputs {
		details.Inputs[i].Value = engine.TextOf(held[details.Inputs[i].Name])
	}
	return details
}

// sessionDetails offers risk signals of the session.
func (w words) sessionDetails() *hostedDetails {
	return &hostedDetails{Title: w.say("signals"), Text: w.say("details text"), Inputs: []hostedInput{
		{Name: "threat-level", Label: w.say("threat level"), Empty: "low", Options: []string{"medium", "high"}},
		{Name: "signal", Label: w.say("network"), Empty: w.say("ordinary network"), Options: []string{"is-vpn", "is-proxy", "is-tor", "is-datacenter"}},
		{Name: "country-code", Label: w.say("country code"), Empty: "US"},
	}}
}

// readChoice reads what a person chose about a verification.
func readChoice(form url.Values, outcome string) (finding.Chosen, error) {
	chosen := finding.Chosen{Extracted: map[string]any{}}
	check := finding.Check{Name: form.Get("check"), Status: "failed"}
	if reason := strings.TrimSpace(form.Get("reason")); reason != "" {
		check.Reasons = []string{reason}
	}
	if text := strings.TrimSpace(form.Get("metadata")); text != "" && json.Unmarshal([]byte(text), &check.Metadata) != nil {
		return chosen, invalidConfig("error metadata")
	}
	switch {
	case check.Name != "":
		chosen.Checks = []finding.Check{check}
	case len(check.Reasons)+len(check.Metadata) > 0:
		return chosen, invalidConfig("error check")
	}
	if outcome == "skipped" { // a person who skips a step leaves what they entered
		return finding.Chosen{}, nil
	}
	for name, values := range form {
		if name, ok := strings.CutPrefix(name, extractedInput); ok && values[0] != "" {
			chosen.Extracted[name] = finding.ValueOfText(name, values[0])
		}
	}
	return chosen, nil
}

// chooseSignals sets the risk signals of a session that a person chose.
func chooseSignals(c *engine.Change, session *storage.Resource, form url.Values) error {
	signals := map[string]any{}
	for _, name := range []string{"threat-level", "country-code"} {
		if text := strings.TrimSpace(form.Get(name)); text != "" {
			signals[name] = text
		}
	}
	if name := form.Get("signal"); name != "" {
		signals[name] = true
	}
	if len(signals) == 0 {
		return nil
	}
	return asFlowError(risk.SetSession(c, session, signals))
}

// asFlowError returns a refusal as an error of the page. Its message stays in English.
func asFlowError(err error) error {
	var refused *engine.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	message := refused.Details
	if message == "" {
		message = refused.Title
	}
	return invalidConfig("error refused", message)
}
