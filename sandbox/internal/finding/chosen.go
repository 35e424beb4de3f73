package finding

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Chosen is what a test chooses about a verification, in addition to its status. Its zero
// value leaves everything to the sandbox.
type Chosen struct {
	Checks    []Check        // the checks that do not end as usual
	Extracted map[string]any // what was read or entered: attributes, with keys in any casing
}

// Check is how a check of a verification ends.
type Check struct {
	Name        string         `json:"name" yaml:"name"`
	Status      string         `json:"status,omitempty" yaml:"status"`           // passed, failed or not_applicable; by default failed
	Requirement string         `json:"requirement,omitempty" yaml:"requirement"` // required or not_required; by default that of the check
	Reasons     []string       `json:"reasons,omitempty" yaml:"reasons"`
	Metadata    map[string]any `json:"metadata,omitempty" yaml:"metadata"`
}

// What a test chose, until the verification has its result and the document is processed.
const (
	chosenChecks = "_chosen-checks" // of a verification
	ChosenData   = "_chosen-data"   // of a document
)

// Accept refuses what a verification of a type with a status cannot have. It returns the
// choice with keys in kebab-case and without defaults.
func (ch Chosen) Accept(typ, to string) (Chosen, error) {
	result := strings.TrimPrefix(to, "tentatively_")
	if len(ch.Checks) > 0 && result != "passed" && result != "failed" {
		return ch, engine.Unprocessable("only a verification that passes or fails has checks", "/checks")
	}
	accepted := Chosen{Extracted: map[string]any{}}
	for _, check := range ch.Checks {
		check, err := check.accept(typ)
		if err != nil {
			return ch, err
		}
		if slices.ContainsFunc(accepted.Checks, func(other Check) bool { return other.Name == check.Name }) {
			return ch, engine.Unprocessable("the check "+check.Name+" is chosen twice", "/checks")
		}
		if result == "passed" && check.Status == "failed" && check.Requirement == required {
			return ch, engine.Unprocessable("a verification whose required check "+check.Name+" fails cannot pass", "/checks")
		}
		accepted.Checks = append(accepted.Checks, check)
	}
	for _, key := range slices.Sorted(maps.Keys(ch.Extracted)) {
		name, value := casing.Kebab(key), ch.Extracted[key]
		if whole, is := value.(int); is { // from Go
			value = float64(whole)
		}
		if problem := extractedProblem(typ, name, value); problem != "" {
			return ch, engine.BadRequest("extracted." + key + " " + problem)
		}
		accepted.Extracted[name] = value
	}
	if len(accepted.Extracted) > 0 && (to == "initiated" || to == "skipped") {
		return ch, engine.Unprocessable("nothing is extracted from a verification that is "+to, "/extracted")
	}
	return accepted, nil
}

// accept returns the check with its defaults, or refuses it.
func (k Check) accept(typ string) (Check, error) {
	kind, known := checkKind{name: k.Name, requirement: required}, false
	for _, other := range checksOf(typ) {
		if other.name == k.Name {
			kind, known = other, true
		}
	}
	suggested := spelling.DidYouMean(k.Name, CheckNames(typ))
	if !known && (suggested != "" || !mayAlsoCheck(typ, k.Name)) {
		return k, engine.Unprocessable("a "+typ+" has no check "+quoted(k.Name)+suggested, "/checks")
	}
	if k.Status == "" {
		k.Status = "failed"
	}
	if k.Requirement == "" {
		k.Requirement = kind.requirement
	}
	for _, choice := range []struct {
		name, value string
		of          []string
	}{{"status", k.Status, []string{"passed", "failed", notApplicable}}, {"requirement", k.Requirement, []string{required, notRequired}}} {
		if !slices.Contains(choice.of, choice.value) {
			return k, engine.Unprocessable("the "+choice.name+" of "+k.Name+" must be "+strings.Join(choice.of, ", ")+spelling.DidYouMean(choice.value, choice.of), "/checks")
		}
	}
	if _, err := json.Marshal(k.Metadata); err != nil { // from Go
		return k, engine.BadRequest("the metadata of " + k.Name + " cannot be written as JSON")
	}
	k.Metadata, _ = casing.KebabKeys(maps.Clone(k.Metadata)).(map[string]any)
	return k, nil
}

// maxName is how long the name of a check may be.
const maxName = 255

// mayAlsoCheck reports whether a type of verification can have a check that the sandbox does
// not know. All checks of government IDs and selfies are known; those of other types are not,
// except that their names begin with that of the type.
func mayAlsoCheck(typ, name string) bool {
	if typ == "verification/government-id" || typ == "verification/selfie" {
		return false
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(typ, "verification/"), "-")
	rest, ok := strings.CutPrefix(name, kind+"_")
	return ok && rest != "" && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && len(name) <= maxName
}

// quoted returns a text from a request for an error.
func quoted(text string) string {
	if len(text) > 80 {
		text = strings.ToValidUTF8(text[:80], "") + "…"
	}
	encoded, _ := json.Marshal(text) // a string
	return string(encoded)
}

// fileAddresses returns the attributes with the addresses of files that a person uploads.
func fileAddresses() []string {
	return []string{"front-photo-url", "selfie-photo-url", "left-photo-url", "center-photo-url", "right-photo-url"}
}

// Extractable returns the attributes of a type of verification that hold what was read or
// entered.
func Extractable(typ string) []string {
	var names []string
	for word := range strings.FieldsSeq(catalog.Shapes()[typ][0]) {
		name, _, _ := strings.Cut(word, "=")
		if strings.Contains(name, "<") {
			continue
		}
		switch name {
		case "status", "tags", "checks", "photo-urls", "files", "files-normalized", "capture-method", "selfie-photo", "front-photo", "from-reusable-persona":
			continue
		}
		if strings.HasSuffix(name, "-at") || strings.HasSuffix(name, "-at-ts") || slices.Contains(fileAddresses(), name) {
			continue
		}
		names = append(names, name)
	}
	return names
}

// CheckNames returns the names of the checks of a type of verification that the sandbox knows.
func CheckNames(typ string) []string {
	var names []string
	for _, kind := range checksOf(typ) {
		names = append(names, kind.name)
	}
	return names
}

// ValueOfText returns the value of an extracted attribute that a person wrote as a text.
func ValueOfText(name, text string) any {
	switch {
	case name == "designations":
		return storage.ValueOfText("multi_choices", text)
	case strings.HasSuffix(name, "-score"):
		return storage.ValueOfText("number", text)
	}
	return text
}

// extractedProblem says what is wrong with an extracted value, or "".
func extractedProblem(typ, name string, value any) string {
	names := Extractable(typ)
	if !slices.Contains(names, name) {
		return "is nothing that a " + typ + " holds" + spelling.DidYouMean(name, names)
	}
	if value == nil {
		return ""
	}
	switch name {
	case "birthdate", "issue-date", "expiration-date":
		text, _ := value.(string)
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "must be a date such as 2026-01-31"
		}
	}
	return TypeProblem(typ, name, value)
}

// TypeProblem says that an attribute of a type of resource cannot have a value, or "". The
// SDK knows the types.
func TypeProblem(typ, name string, value any) string {
	object, err := persona.DecodeObject([]byte(`{"type":"` + typ + `","id":"x"}`))
	if err != nil {
		return "has the wrong type"
	}
	text, err := json.Marshal(map[string]any{name: value})
	if attributes := reflect.ValueOf(object).Elem().FieldByName("Attributes"); err == nil && attributes.IsValid() {
		err = json.Unmarshal(text, reflect.New(attributes.Type()).Interface())
	}
	switch {
	case err != nil:
		return "has the wrong type"
	case len(text) > 1<<14:
		return "is too long"
	}
	return ""
}

// KeepChecks stores chosen checks until the verification has its result.
func KeepChecks(v *storage.Resource, checks []Check) {
	if len(checks) == 0 {
		return
	}
	text, _ := json.Marshal(checks) // strings, and JSON
	v.Attributes[chosenChecks] = string(text)
}

// KeptChecks returns the chosen checks of a verification.
func KeptChecks(v *storage.Resource) (checks []Check) {
	if text := v.Text(chosenChecks); text != "" {
		_ = json.Unmarshal([]byte(text), &checks) // KeepChecks wrote it
	}
	return checks
}

// ForDocument returns what was extracted that a type of document holds too.
func ForDocument(typ string, extracted map[string]any) map[string]any {
	kept := map[string]any{}
	for _, name := range Extractable(typ) {
		if value, ok := extracted[name]; ok {
			kept[name] = value
		}
	}
	return kept
}
