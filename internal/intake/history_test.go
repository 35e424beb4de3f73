package intake

import (
	"fmt"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/sender"
	"github.com/idemhq/idem/persona/webhook"
)

func TestSuspectedSenders(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		do   func(h *history)
		at   time.Duration
		want bool
	}{
		"the sender is unknown":                     {do: func(*history) {}},
		"it failed once":                            {do: func(h *history) { h.failed(host(1), webhook.MaxBody, now) }},
		"it failed with long bodies":                {do: failures(host(1), now, 16, webhook.MaxBody), want: true},
		"it failed with many short bodies":          {do: failures(host(1), now, 3000, 6<<10), want: true},
		"somebody else failed":                      {do: failures(host(2), now, 16, webhook.MaxBody)},
		"it failed a while ago":                     {do: failures(host(1), now, 16, webhook.MaxBody), at: 10 * time.Second},
		"it failed, and then sent a signed request": {do: func(h *history) { failures(host(1), now, 16, webhook.MaxBody)(h); h.signed(host(1), now) }},
		"it failed after a signed request": {do: func(h *history) {
			h.signed(host(1), now.Add(-23*time.Hour))
			failures(host(1), now, 16, webhook.MaxBody)(h)
		}},
		"it failed long after a signed request": {do: func(h *history) {
			h.signed(host(1), now.Add(-25*time.Hour))
			failures(host(1), now, 16, webhook.MaxBody)(h)
		}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory()
			test.do(h)
			if got := h.suspects(host(1), now.Add(test.at)); got != test.want {
				t.Errorf("suspects returned %v", got)
			}
		})
	}
}

func failures(from sender.Address, now time.Time, n, bytes int) func(*history) {
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
	for i := range 2 * maxSenders {
		h.failed(host(i+1), 1, now)
		if i%1000 == 0 {
			h.signed(host(0), now) // it is used and therefore not dropped
		}
	}
	failures(host(0), now, 20, webhook.MaxBody)(h)
	if h.known.Len() != maxSenders || h.suspects(host(0), now) {
		t.Errorf("%d senders are known; the signed one is suspect: %v", h.known.Len(), h.suspects(host(0), now))
	}
}

func TestAFloodDoesNotFillTheLog(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := newRejections()
	lines, counted := 0, 0
	note := func(what rejection, at time.Time) {
		if unlogged, shouldLog := r.note(what, at); shouldLog {
			lines++
			counted += 1 + unlogged
		}
	}
	for i := range 20_000 { // from one address, in a hundred seconds
		note(rejection{from: host(1), outcome: "signature_mismatch"}, now.Add(time.Duration(i)*5*time.Millisecond))
	}
	if lines != 10 || counted != 18_001 {
		t.Errorf("%d lines report %d rejections", lines, counted)
	}
	lines = 0
	for i := range 20_000 { // each from another address, in ten seconds
		note(rejection{from: host(2 + i), outcome: "slow"}, now.Add(time.Hour).Add(time.Duration(i)*time.Millisecond/2))
	}
	if lines < linesAtOnce || lines > linesAtOnce+10*linesPerSecond {
		t.Errorf("a flood from many addresses caused %d lines", lines)
	}
	lines = 0
	for i := range 3 { // with another reason or environment
		note(rejection{from: host(1), outcome: fmt.Sprint(i), environment: "sandbox"}, now.Add(2*time.Hour))
	}
	if lines != 3 {
		t.Errorf("three reasons caused %d lines", lines)
	}
}
