package catalog

// Behaviors returns the names of the risk signals of an inquiry about how the person behaved
// in the flow.
func Behaviors() []string {
	return []string{
		"api-version-less-than-minimum-count", "autofill-cancels", "autofill-starts", "behavior-threat-level", "bot-score", "completion-time",
		"debugger-attached", "devtools-open", "distraction-events", "hesitation-baseline", "hesitation-count", "hesitation-percentage",
		"hesitation-time", "mobile-sdk-version-less-than-minimum-count", "request-spoof-attempts", "shortcut-copies", "shortcut-pastes",
		"user-agent-spoof-attempts",
	}
}
