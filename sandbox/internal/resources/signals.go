package resources

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// observeBehavior fills in the risk signals of an inquiry whose flow has ended, except those
// that a test has set. The person hesitated a little and is no risk.
func observeBehavior(c *engine.Change, inquiry *storage.Resource) {
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

// SetSessionSignals sets what Persona finds out about the network, the place and the device
// of a session. What the browser sends later does not change them.
func SetSessionSignals(c *engine.Change, session *storage.Resource, signals map[string]any) error {
	set, err := withSignals(session.Attributes, signals, sessionSignals(), sessionSignal)
	if err != nil {
		return err
	}
	session.Attributes = set
	if session.Text("status") != "new" {
		describeNetwork(c, session)
	}
	return nil
}

// sessionSignals returns the names of all signals of a session.
func sessionSignals() []string {
	return []string{
		"is-proxy", "is-tor", "is-vpn", "is-datacenter", "latitude", "longitude", "gps-latitude", "gps-longitude", "gps-precision",
		"threat-level", "country-code", "country-name", "region-code", "region-name", "ip-address", "ip-connection-type", "ip-isp", "network-organization",
		"os-name", "os-full-version", "device-type", "device-name", "device-handoff-method", "browser-name", "browser-full-version",
		"mobile-sdk-name", "mobile-sdk-full-version",
	}
}

// sessionSignal returns what a signal of a session must be, or "" if it is none.
func sessionSignal(name string) string {
	switch name {
	case "is-proxy", "is-tor", "is-vpn", "is-datacenter":
		return trueOrFalse
	case "latitude", "longitude", "gps-latitude", "gps-longitude":
		return aNumber
	}
	if slices.Contains(sessionSignals(), name) {
		return aText
	}
	return ""
}

// withSignals returns attributes with signals written into them. must says what a
// signal must be, or "" if it is not known; null is always possible.
func withSignals(have, signals map[string]any, known []string, must func(name string) string) (map[string]any, error) {
	if len(signals) == 0 {
		return nil, engine.BadRequest("signals must be filled")
	}
	set := maps.Clone(have)
	if set == nil {
		set = map[string]any{}
	}
	for _, key := range slices.Sorted(maps.Keys(signals)) {
		name, value := casing.Kebab(key), signals[key]
		if whole, is := value.(int); is { // from Go
			value = float64(whole)
		}
		switch kind := must(name); {
		case kind == "":
			return nil, engine.BadRequest("signals." + key + " is not a signal" + spelling.DidYouMean(name, known))
		case value != nil && kind != anyValue && kindOf(value) != kind:
			return nil, engine.BadRequest("signals." + key + " must be " + kind)
		}
		set[name] = value
	}
	return set, nil
}

// The kinds of values that signals have.
const (
	aText       = "a text"
	aNumber     = "a number"
	trueOrFalse = "true or false"
	anyValue    = "any value"
)

// kindOf returns the kind of a value, or "".
func kindOf(value any) string {
	switch value.(type) {
	case string:
		return aText
	case float64:
		return aNumber
	case bool:
		return trueOrFalse
	}
	return ""
}

// sessionPlace returns the network and the place of every session, as far as no test has set
// them. Persona's sandbox shows the same country and region for addresses anywhere.
func sessionPlace() map[string]any {
	return map[string]any{
		"is-proxy": false, "is-tor": false, "is-vpn": false, "is-datacenter": false, "threat-level": "low",
		"country-code": "US", "country-name": "United States", "region-code": "CA", "region-name": "California", "latitude": 37.7688, "longitude": -122.262,
	}
}

// StepName returns the name of the step of a flow with a type of verification.
func StepName(verification string) string {
	return strings.NewReplacer("/", "_", "-", "_").Replace(verification)
}

// magicSignals returns the signals of a session that a magic input asks for.
func magicSignals(inquiry *storage.Resource) map[string]any {
	if inquiry == nil {
		return nil
	}
	name := casing.Kebab(finding.MagicInput(inquiry))
	if sessionSignal(name) != trueOrFalse {
		return nil
	}
	return map[string]any{name: true, "threat-level": "high"}
}
