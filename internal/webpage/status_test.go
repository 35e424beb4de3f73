package webpage

import "testing"

func TestOnlyAFavourableDecisionOrFinishedWorkLooksGood(t *testing.T) {
	for status, want := range map[string]string{
		"approved": "good", "Approved": "good", "passed": "good", "already_done": "good",
		"completed": "quiet", "resolved": "quiet", "ready": "quiet", "something new": "quiet", "": "quiet",
		"declined": "bad", "poison": "bad", "incomplete": "bad",
		"needs_review": "open", "Pending": "open", "created": "open",
	} {
		if got := Tone(status); got != want {
			t.Errorf("%q looks %s, want %s", status, got, want)
		}
	}
}

func TestANameIsShownAsWords(t *testing.T) {
	for name, want := range map[string]string{"set_case_status": "set case status", "api-key": "api key", "approved": "approved", "": ""} {
		if got := Words(name); got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}
