package family

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// need is an attribute or relationship that decisions need, and whether the object has it.
type need struct {
	name string
	met  bool
}

func inquiryNeeds(o domain.Object) []need {
	_, hasReference := o.Attributes["reference-id"] // null for a person without one
	return []need{
		status(o), createdAt(o), {"reference-id", hasReference},
		relationship(o, "account"), relationship(o, "verifications"), relationship(o, "reports"), relationship(o, "sessions"),
	}
}

func caseNeeds(o domain.Object) []need { return []need{status(o), relationship(o, "inquiries")} }

func verificationNeeds(o domain.Object) []need {
	return []need{status(o), createdAt(o), {"checks", allChecks(o)}}
}

func reportNeeds(o domain.Object) []need { return []need{status(o), {"has-match", hasMatchResult(o)}} }

func status(o domain.Object) need { return need{"status", o.Status != ""} }

// relationship is met if the object has it and it names only objects of the expected
// family.
func relationship(o domain.Object, name string) need {
	refs := o.Relationships[name]
	return need{"relationships." + name, refs != nil && len(Related(o, name)) == len(refs)}
}

func createdAt(o domain.Object) need {
	var text string
	_ = json.Unmarshal(o.Attributes["created-at"], &text) // empty if absent
	_, err := time.Parse(time.RFC3339Nano, text)
	return need{"created-at", err == nil}
}

// allChecks reports whether there is a list of checks, each with a status and a
// requirement. The checks of a government ID's chip have no requirement (OpenAPI
// 2025-12-08).
func allChecks(o domain.Object) bool {
	var checks []map[string]json.RawMessage
	if json.Unmarshal(o.Attributes["checks"], &checks) != nil || checks == nil {
		return false
	}
	return !slices.ContainsFunc(checks, func(check map[string]json.RawMessage) bool {
		return !hasText(check, "name") || !hasText(check, "status") || !hasText(check, "requirement") && o.Ref.Type != "verification/government-id-nfc"
	})
}

// hasText reports whether a check has a string under a name exactly once. If two keys differ
// only in case, neither can be trusted.
func hasText(check map[string]json.RawMessage, name string) bool {
	found := 0
	var text string
	for key, raw := range check {
		if strings.EqualFold(key, name) {
			found++
			_ = json.Unmarshal(raw, &text) // stays empty for anything but a string
		}
	}
	return found == 1 && text != ""
}

// hasMatchResult reports whether a report says if it found a match. Every type of report has the
// attribute (OpenAPI 2025-12-08); it may be null until the report is ready.
func hasMatchResult(o domain.Object) bool {
	raw, there := o.Attributes["has-match"]
	var match *bool
	return there && json.Unmarshal(raw, &match) == nil && (match != nil || o.Status != "ready")
}
