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
	Required    []string // properties of its data that are always there, beside those of all types
	Optional    []string // properties that may be there
}

// Types are the types that endpoints can receive.
func Types() []Type {
	return []Type{
		{
			domain.NotifyVerdictChanged, "The verdict of a subject changed: what the host application may rely on is another one now.",
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

// Always are the properties of the data of every type.
func Always() []string { return []string{"id", "type", "environment", "sequence", "created_at"} }

// TypeNames are the names of all types.
func TypeNames() []string {
	var names []string
	for _, t := range Types() {
		names = append(names, t.Name)
	}
	return names
}

// CheckType returns an error that suggests the name that was meant, for a type that there
// is not.
func CheckType(name string) error {
	if slices.Contains(TypeNames(), name) {
		return nil
	}
	if nearest := spelling.DidYouMean(name, TypeNames()); nearest != "" {
		return fmt.Errorf("there is no type %q%s", name, nearest)
	}
	return fmt.Errorf("there is no type %q; there is %s", name, strings.Join(TypeNames(), ", "))
}
