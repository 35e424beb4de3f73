package engine

import (
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// roundTimes cuts the times that answers show of a resource to whole seconds, as observed at
// Persona. Its own attributes keep their milliseconds.
func roundTimes(r *storage.Resource) {
	for name, value := range r.Attributes {
		text, isText := value.(string)
		if !isText || len(text) != len(simclock.StampLayout) || strings.HasPrefix(name, "_") || !strings.HasSuffix(name, "-at") || showsMilliseconds(r.Typ, name) {
			continue
		}
		if strings.HasSuffix(text, ".000Z") {
			continue // most are cut already
		}
		if at := simclock.Moment(text); !at.IsZero() {
			r.Attributes[name] = simclock.Stamp(at.Truncate(time.Second))
		}
	}
}

// roundTimes cuts the times of everything that the change has created or edited so far.
func (c *Change) roundTimes() {
	for _, r := range c.staged {
		roundTimes(r)
	}
}

// showsMilliseconds reports whether answers show an attribute with milliseconds.
func showsMilliseconds(typ, attribute string) bool {
	switch storage.FamilyOf(typ) {
	case "event", "transaction", "workflow-run":
		return true
	case "inquiry-template-version":
		return attribute != "published-at"
	case "selfie":
		return attribute == "created-at"
	}
	return false
}
