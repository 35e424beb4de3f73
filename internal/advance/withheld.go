package advance

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// withheld says what an object that was read lacks of what decisions rest on, because a
// key's blocklist holds attributes back, or because the object is redacted. It names the
// object's id and attributes, never a value.
func withheld(o domain.Object) []string {
	if !o.RedactedAt.IsZero() {
		return []string{o.Ref.String() + ": redacted"}
	}
	var lacks []string
	for _, need := range needs(o) {
		if !need.met {
			lacks = append(lacks, o.Ref.String()+": "+need.name)
		}
	}
	return lacks
}

// need is what an object should have.
type need struct {
	name string
	met  bool
}

func needs(o domain.Object) []need {
	status := need{"status", o.Status != ""}
	switch o.Ref.Family() {
	case "inquiry":
		_, hasReference := o.Attributes["reference-id"] // null for a person without one
		return []need{
			status, createdAt(o), {"reference-id", hasReference},
			relationship(o, "account"), relationship(o, "verifications"), relationship(o, "reports"), relationship(o, "sessions"),
		}
	case "case":
		return []need{status, relationship(o, "inquiries")}
	case "verification":
		return []need{status, createdAt(o), {"checks", allChecks(o)}}
	case "report":
		return []need{status, {"has-match", saysMatch(o)}}
	default:
		return nil
	}
}

// families are the kinds of object that relationships lead to.
func families() map[string]string {
	return map[string]string{
		"account": "account", "verifications": "verification", "reports": "report", "sessions": "inquiry-session", "inquiries": "inquiry",
	}
}

// named returns what a relationship of an object names, without what it should not.
func named(o domain.Object, name string) []domain.Ref {
	return slices.DeleteFunc(slices.Clone(o.Relationships[name]), func(r domain.Ref) bool { return r.Family() != families()[name] || r.ID == "" })
}

// relationship is met where it is there, and names nothing but what it should.
func relationship(o domain.Object, name string) need {
	refs := o.Relationships[name]
	return need{"relationships." + name, refs != nil && len(named(o, name)) == len(refs)}
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
