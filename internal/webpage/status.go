package webpage

import "strings"

// Words turns a name into words: needs_review and needs-review become "needs review".
func Words(name string) string { return strings.NewReplacer("_", " ", "-", " ").Replace(name) }

// Tone returns the CSS class for a status, a verdict or a state: good, bad, open or quiet.
// Only a favourable decision or finished work is good: completed is not approved, a
// resolved case may be declined, and a ready report may have matches. Case is ignored; an
// unknown status is quiet.
func Tone(status string) string {
	switch strings.ToLower(status) {
	case "approved", "passed", "done", "already_done", "enabled", "active":
		return "good"
	case "declined", "failed", "dead", "poison", "not_evaluated", "incomplete", "errored", "lost", "rejected", "blocked":
		return "bad"
	case "needs_review", "review", "pending", "waiting", "open", "created", "initiated", "submitted", "requires_retry":
		return "open"
	default:
		return "quiet"
	}
}
