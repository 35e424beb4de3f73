package advance

import (
	"encoding/json"
	"slices"

	"github.com/idemhq/idem/internal/domain"
)

// withheld names what an object that was read lacks of what decisions rest on: a key's
// lists can block attributes, and a redaction deletes them. It names the object's id and
// attributes, never a value.
func withheld(o domain.Object) []string {
	if !o.RedactedAt.IsZero() {
		return []string{o.Ref.String() + ": redacted"}
	}
	var lacks []string
	for _, attribute := range needed(o) {
		if !attribute.there {
			lacks = append(lacks, o.Ref.String()+": "+attribute.name)
		}
	}
	return lacks
}

// part is something that an object should have.
type part struct {
	name  string
	there bool
}

func needed(o domain.Object) []part {
	status := part{"status", o.Status != ""}
	switch o.Ref.Family() {
	case "inquiry":
		_, reference := o.Attributes["reference-id"] // null for a person without one
		return append(related(o, "account", "verifications", "reports", "sessions"), status, createdAt(o), part{"reference-id", reference})
	case "case":
		return append(related(o, "inquiries"), status)
	case "verification":
		return []part{status, createdAt(o), {"checks", whole(o.Attributes["checks"])}}
	case "report":
		return []part{status, {"has-match", hasMatch(o)}}
	default:
		return nil
	}
}

func related(o domain.Object, names ...string) []part {
	var parts []part
	for _, name := range names {
		there := o.Relationships[name] != nil && !slices.ContainsFunc(o.Relationships[name], func(r domain.Ref) bool { return r.Type == "" || r.ID == "" })
		parts = append(parts, part{"relationships." + name, there})
	}
	return parts
}

func createdAt(o domain.Object) part {
	var text string
	return part{"created-at", json.Unmarshal(o.Attributes["created-at"], &text) == nil && text != ""}
}

// whole reports whether a list of checks is there, and each says what came of it.
func whole(raw json.RawMessage) bool {
	var checks []struct{ Name, Status, Requirement string }
	if json.Unmarshal(raw, &checks) != nil || checks == nil {
		return false
	}
	for _, c := range checks {
		if c.Name == "" || c.Status == "" || c.Requirement == "" {
			return false
		}
	}
	return true
}

// hasMatch reports whether a report says if it found a match. Every kind of report that
// Persona documents does once it is ready (OpenAPI 2025-12-08); before, the attribute
// may be null.
func hasMatch(o domain.Object) bool {
	raw, ok := o.Attributes["has-match"]
	var match *bool
	return ok && json.Unmarshal(raw, &match) == nil && (match != nil || o.Status != "ready")
}
