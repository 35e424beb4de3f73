package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/spelling"
)

// Type describes a type of notification.
type Type struct {
	Name        string
	Description string
	Required    []string // properties that its data always has, in addition to those of all types
	Optional    []string // properties that its data may have
}

// Types returns the types that endpoints can receive.
func Types() []Type {
	return []Type{
		{
			domain.NotifyVerdictChanged, "The verdict of a subject changed.",
			[]string{"reference", "subject_sequence", "verdict"}, []string{"object", "status", "event_id"},
		},
		{
			domain.NotifyCaseChanged, "A case moved to another status.",
			[]string{"object", "status"}, []string{"reference", "subject_sequence", "event_id"},
		},
		{
			domain.NotifyActionDone, "Persona accepted the call of an action.",
			[]string{"object", "source"}, []string{"reference", "subject_sequence", "reason"},
		},
		{
			domain.NotifyActionDead, "An action was given up, or Persona rejected it for good: a person must look.",
			[]string{"object", "source"}, []string{"reference", "subject_sequence", "reason"},
		},
		{
			domain.NotifyPolicyError, "A decision became a review, because a rule could not be evaluated or a fact was missing.",
			[]string{"object", "source"}, []string{"reference", "subject_sequence", "status", "reason", "event_id"},
		},
		{
			domain.NotifyInboxPoison, "An event of Persona cannot be processed: a person must look.",
			[]string{"event_id"}, []string{"reference", "subject_sequence", "object", "reason"},
		},
		{
			domain.NotifyEndpointDisabled, "An endpoint answered 410, and receives no more notifications until it is enabled again.",
			[]string{"source"}, []string{"reason"},
		},
	}
}

// Always returns the properties that the data of every type has.
func Always() []string { return []string{"id", "type", "environment", "sequence", "created_at"} }

// TypeNames returns the names of all types.
func TypeNames() []string {
	var names []string
	for _, t := range Types() {
		names = append(names, t.Name)
	}
	return names
}

// CheckType returns an error for an unknown type. It suggests the nearest name.
func CheckType(name string) error {
	if slices.Contains(TypeNames(), name) {
		return nil
	}
	if nearest := spelling.DidYouMean(name, TypeNames()); nearest != "" {
		return fmt.Errorf("there is no type %q%s", name, nearest)
	}
	return fmt.Errorf("there is no type %q; there is %s", name, strings.Join(TypeNames(), ", "))
}
