package risk

import (
	"maps"
	"slices"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
)

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
