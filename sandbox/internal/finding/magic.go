package finding

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// MagicInput returns the value of an inquiry's field name-last. With it, a test that goes
// through a host's own forms chooses what happens, since it can do nothing else:
//
//   - the name of a check, such as id_expired_detection: this check fails
//   - a risk signal of a session, such as is-vpn: the session has it, and is a high threat
//   - behavior-threat-level: the behavior of the person is a high threat
//
// It is the name that was entered, also after a verification has written another one.
func MagicInput(inquiry *storage.Resource) string {
	if kept := inquiry.Text(entered); kept != "" {
		return kept
	}
	return MagicField(inquiry)
}

// MagicField returns the present value of the field for magic inputs.
func MagicField(inquiry *storage.Resource) string {
	return engine.TextOf(engine.FieldAt(inquiry.Attributes["fields"], "name-last"))
}

// entered is the attribute of an inquiry with the magic input that a verification replaced.
const entered = "_entered-name-last"

// KeepMagic keeps the magic input of an inquiry before a verification writes a name. All of
// them have several words; other names are not kept.
func KeepMagic(inquiry *storage.Resource) {
	if input := MagicInput(inquiry); strings.Contains(casing.Kebab(input), "-") {
		inquiry.Attributes[entered] = input
	}
}

// ForgetMagic is for a request that writes a name, and for a redaction.
func ForgetMagic(inquiry *storage.Resource) { delete(inquiry.Attributes, entered) }

// WithMagic adds the check that a magic input lets fail, unless a test chose about it. If the
// check is required, a verification that would have passed fails.
func WithMagic(inquiry *storage.Resource, typ, to string, chosen Chosen) (Chosen, string) {
	input := strings.ToLower(strings.ReplaceAll(MagicInput(inquiry), "-", "_"))
	if to != "passed" && to != "failed" || input == "" {
		return chosen, to
	}
	for _, kind := range checksOf(typ) {
		if kind.name != input || slices.ContainsFunc(chosen.Checks, func(k Check) bool { return k.Name == input }) {
			continue
		}
		chosen.Checks = append(chosen.Checks, Check{Name: input, Status: "failed", Requirement: kind.requirement})
		if kind.requirement == required {
			to = "failed"
		}
	}
	return chosen, to
}
