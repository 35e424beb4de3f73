package faults

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
)

// Parse reads a fault from a command line, such as
// kind=status_after,operation=Cases.SetStatus,status=503,rate=0.1. The other settings are
// event, environment, delay (such as 90s), after and times.
func Parse(text string) (Fault, error) {
	settings := map[string]string{}
	for setting := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(setting, "=")
		if _, twice := settings[name]; !ok || twice {
			return Fault{}, fmt.Errorf("a fault is written kind=…,name=value,…, with each name once")
		}
		settings[name] = value
	}
	return FromSettings(settings)
}

// FromSettings reads a fault from its settings by name.
func FromSettings(settings map[string]string) (f Fault, err error) {
	for name, value := range settings {
		switch name {
		case "kind":
			f.Kind = Kind(value)
		case "operation":
			f.Operation = value
		case "event":
			f.Event = value
		case "environment":
			f.Environment = catalog.Environment(value)
		case "status":
			f.Status, err = strconv.Atoi(value)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		case "after":
			f.After, err = strconv.Atoi(value)
		case "times":
			f.Times, err = strconv.Atoi(value)
		case "rate":
			f.Rate, err = strconv.ParseFloat(value, 64)
		default:
			return Fault{}, fmt.Errorf("a fault has no %q; its settings are kind, operation, event, environment, status, delay, after, times and rate", name)
		}
		if err != nil {
			return Fault{}, fmt.Errorf("invalid %s %q", name, value)
		}
	}
	return f.Complete()
}
