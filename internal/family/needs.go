package family

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// need is what a decision needs of an object.
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

func reportNeeds(o domain.Object) []need { return []need{status(o), {"has-match", saysMatch(o)}} }

func status(o domain.Object) need { return need{"status", o.Status != ""} }

// relationship is met where it is there, and names nothing but what it should.
func relationship(o domain.Object, name string) need {
	refs := o.Relationships[name]
	return need{"relationships." + name, refs != nil && len(Related(o, name)) == len(refs)}
}

func createdAt(o domain.Object) need {
	var text string
	_ = json.Unmarshal(o.Attributes["created-at"], &text) // absent, or a text
	_, err := time.Parse(time.RFC3339Nano, text)
	return need{"created-at", err == nil}
}

// allChecks reports whether there is a list of checks, each of which says what came of it
// and whether it is required. The checks of a government ID's chip do not say the latter
// (OpenAPI 2025-12-08).
func allChecks(o domain.Object) bool {
	var checks []map[string]json.RawMessage
	if json.Unmarshal(o.Attributes["checks"], &checks) != nil || checks == nil {
		return false
	}
	return !slices.ContainsFunc(checks, func(check map[string]json.RawMessage) bool {
		return !says(check, "name") || !says(check, "status") || !says(check, "requirement") && o.Ref.Type != "verification/government-id-nfc"
	})
}

// says reports whether a check has a text of a name, once: of two keys that differ only in
// their case it cannot be known which counts.
func says(check map[string]json.RawMessage, name string) bool {
	found := 0
	var text string
	for key, raw := range check {
		if strings.EqualFold(key, name) {
			found++
			_ = json.Unmarshal(raw, &text) // stays empty for anything but a text
		}
	}
	return found == 1 && text != ""
}

// saysMatch reports whether a report says if it found a match. Every kind of report has
// the attribute (OpenAPI 2025-12-08); it may be null until the report is ready.
func saysMatch(o domain.Object) bool {
	raw, there := o.Attributes["has-match"]
	var match *bool
	return there && json.Unmarshal(raw, &match) == nil && (match != nil || o.Status != "ready")
}
