package intake

import (
	"fmt"
	"testing"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

func TestWhoFailsMuchAndNeverSignsIsSuspect(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		do   func(h *history)
		at   time.Duration
		want bool
	}{
		"nobody knows it":                  {do: func(*history) {}},
		"it failed once":                   {do: func(h *history) { h.failed(host(1), webhook.MaxBody, now) }},
		"it failed with long bodies":       {do: failures(host(1), now, 16, webhook.MaxBody), want: true},
		"it failed with many short bodies": {do: failures(host(1), now, 3000, 6<<10), want: true},
		"somebody else failed":             {do: failures(host(2), now, 16, webhook.MaxBody)},
		"it failed a while ago":            {do: failures(host(1), now, 16, webhook.MaxBody), at: 10 * time.Second},
		"it failed, and signed after that": {do: func(h *history) { failures(host(1), now, 16, webhook.MaxBody)(h); h.signed(host(1), now) }},
		"it failed, and had signed before": {do: func(h *history) {
			h.signed(host(1), now.Add(-23*time.Hour))
			failures(host(1), now, 16, webhook.MaxBody)(h)
		}},
		"it failed, and had signed long ago": {do: func(h *history) {
			h.signed(host(1), now.Add(-25*time.Hour))
			failures(host(1), now, 16, webhook.MaxBody)(h)
		}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory()
			test.do(h)
			if got := h.suspects(host(1), now.Add(test.at)); got != test.want {
				t.Errorf("it is suspect: %v", got)
			}
		})
	}
}

func failures(from sender, now time.Time, n, bytes int) func(*history) {
	return func(h *history) {
		for range n {
			h.failed(from, bytes, now)
		}
	}
}

func TestAHistoryIsBounded(t *testing.T) {
	h := newHistory()
	now := time.Now()
	h.signed(host(0), now)
	for i := range 2 * remembered {
		h.failed(host(i+1), 1, now)
		if i%1000 == 0 {
			h.signed(host(0), now) // it is not forgotten while it comes
		}
	}
	failures(host(0), now, 20, webhook.MaxBody)(h)
	if h.known.Len() != remembered || h.suspects(host(0), now) {
		t.Errorf("%d senders are known; the one that signs is suspect: %v", h.known.Len(), h.suspects(host(0), now))
	}
}

func TestAFloodFillsNoLog(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := newRefusals()
	lines, counted := 0, 0
	note := func(what refusal, at time.Time) {
		if untold, tell := r.note(what, at); tell {
			lines++
			counted += 1 + untold
		}
	}
	for i := range 20_000 { // from one address, in a hundred seconds
		note(refusal{from: host(1), outcome: "signature_mismatch"}, now.Add(time.Duration(i)*5*time.Millisecond))
	}
	if lines != 10 || counted != 18_001 {
		t.Errorf("%d lines stand for %d refusals", lines, counted)
	}
	lines = 0
	for i := range 20_000 { // each from another address, in ten seconds
		note(refusal{from: host(2 + i), outcome: "slow"}, now.Add(time.Hour).Add(time.Duration(i)*time.Millisecond/2))
	}
	if lines < linesAtOnce || lines > linesAtOnce+10*linesASecond {
		t.Errorf("%d lines of a flood from many addresses", lines)
	}
	lines = 0
	for i := range 3 { // another reason, another environment
		note(refusal{from: host(1), outcome: fmt.Sprint(i), environment: "sandbox"}, now.Add(2*time.Hour))
	}
	if lines != 3 {
		t.Errorf("%d lines of three reasons", lines)
	}
}
