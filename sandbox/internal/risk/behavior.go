package risk

import (
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Observe fills in the risk signals of an inquiry whose flow has ended, except those
// that a test has set. The person hesitated a little and is no risk.
func Observe(c *engine.Change, inquiry *storage.Resource) {
	observed := map[string]any{
		"behavior-threat-level": "low", "devtools-open": false, "debugger-attached": false, "bot-score": 1.0,
		"hesitation-baseline": 12000.0, "hesitation-count": 2.0, "hesitation-time": 1500.0, "hesitation-percentage": 12.5,
	}
	if started := inquiry.Time("started-at"); !started.IsZero() {
		observed["completion-time"] = c.Now.Sub(started).Round(time.Millisecond).Seconds()
	}
	for _, name := range catalog.Behaviors() {
		if _, special := observed[name]; !special {
			observed[name] = 0.0
		}
	}
	if casing.Kebab(finding.MagicInput(inquiry)) == "behavior-threat-level" {
		observed["behavior-threat-level"] = "high"
	}
	have, _ := inquiry.Attributes["behaviors"].(map[string]any)
	for name, value := range have {
		if value != nil {
			observed[name] = value
		}
	}
	inquiry.Attributes["behaviors"] = observed
}

// SetBehaviors sets risk signals of an inquiry. What the flow observes later does not change
// them.
func SetBehaviors(c *engine.Change, inquiry *storage.Resource, signals map[string]any) error {
	have, _ := inquiry.Attributes["behaviors"].(map[string]any)
	if have == nil {
		have = engine.BlankBehaviors()
	}
	set, err := withSignals(have, signals, catalog.Behaviors(), func(name string) string {
		switch name {
		case "behavior-threat-level":
			return aText
		case "devtools-open", "debugger-attached":
			return trueOrFalse
		}
		if slices.Contains(catalog.Behaviors(), name) {
			return aNumber
		}
		return ""
	})
	if err == nil {
		inquiry.Attributes["behaviors"] = set
		c.Stamp(inquiry, "updated-at")
	}
	return err
}
