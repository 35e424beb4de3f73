package action

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

// Kind is a kind of action.
type Kind struct {
	Name     domain.ActionKind
	Target   string // the family of the objects that it acts on: inquiry, case or account
	Argument string // the name of its one argument; empty if it has none

	Adds        bool // adds something, such as a tag, and does not decide about a person
	SandboxOnly bool // rejected in a production environment
	Traceless   bool // reading the object does not show whether it took effect
	SameStatus  bool // performed only while the object still has the status that was decided on

	asks  func(verdict domain.Verdict, argument string, statuses map[string]domain.Verdict) bool
	check func(argument string, now domain.Object) (Precondition, string)
	call  func(ctx context.Context, c *persona.Client, id, argument string, opts []persona.Option) (json.RawMessage, error)
}

// Precondition says whether an action can be performed on an object.
type Precondition int

const (
	Holds   Precondition = iota // the action can be performed
	Reached                     // the object already is as the action would make it
	Unmet                       // the action no longer makes sense
)

// Find returns the kind with a name.
func Find(name domain.ActionKind) (k Kind, known bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return all[i], true
}

// Names returns the names of all kinds.
func Names() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, string(k.Name))
	}
	return names
}

// Arguments returns the arguments of an action from the value of its one argument.
func (k Kind) Arguments(argument string) map[string]string {
	if k.Argument == "" {
		return nil
	}
	return map[string]string{k.Argument: argument}
}

// AsksFor reports whether an action of this kind asks for a verdict, approved or declined.
// statuses maps the statuses of cases to verdicts.
func (k Kind) AsksFor(verdict domain.Verdict, argument string, statuses map[string]domain.Verdict) bool {
	return k.asks != nil && k.asks(verdict, argument, statuses)
}

// AsksFor reports whether an action asks for a verdict. See [Kind.AsksFor].
func AsksFor(verdict domain.Verdict, spec domain.ActionSpec, statuses map[string]domain.Verdict) bool {
	k, known := Find(spec.Kind)
	return known && k.AsksFor(verdict, spec.Arguments[k.Argument], statuses)
}

// Check reports whether an action can be performed on an object, and if not, why.
func Check(spec domain.ActionSpec, now domain.Object) (p Precondition, why string) {
	if !now.RedactedAt.IsZero() {
		return Unmet, "the " + now.Ref.Family() + " was redacted"
	}
	k, known := Find(spec.Kind)
	if !known {
		return Holds, "" // Call returns an error for it
	}
	if k.check != nil {
		if p, why := k.check(spec.Arguments[k.Argument], now); p != Holds {
			return p, why
		}
	}
	if k.SameStatus && spec.Expects != "" && now.Status != spec.Expects {
		return Unmet, fmt.Sprintf("the %s was %s when it was decided on, and is %s by now", now.Ref.Family(), spec.Expects, now.Status)
	}
	return Holds, ""
}

// Call performs an action and returns its result, if it has one. Errors are those of the
// client.
func Call(ctx context.Context, c *persona.Client, spec domain.ActionSpec, opts ...persona.Option) (json.RawMessage, error) {
	k, known := Find(spec.Kind)
	if !known {
		return nil, fmt.Errorf("there is no call for %s", spec.Kind)
	}
	return k.call(ctx, c, spec.Target.ID, spec.Arguments[k.Argument], opts)
}

// Key derives an action's idempotency key from everything that identifies the action.
// Folding the same event again leads to the same key.
func Key(env domain.Environment, policyVersion, rule string, t domain.Transition, spec domain.ActionSpec) string {
	h := sha256.New()
	parts := []string{
		string(env), policyVersion, rule, t.Object.Type, t.Object.ID, t.From, t.To, t.At.UTC().Format(time.RFC3339Nano),
		string(spec.Kind), spec.Target.Type, spec.Target.ID,
	}
	// Keys that are stored were derived with these arguments first, in this order.
	first := []string{"status", "tag", "actions"}
	for _, name := range first {
		parts = append(parts, spec.Arguments[name])
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Arguments)) {
		if !slices.Contains(first, name) {
			parts = append(parts, name, spec.Arguments[name])
		}
	}
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return "idem-" + hex.EncodeToString(h.Sum(nil)[:20])
}
