package domain

import (
	"testing"
	"time"
)

func TestDoneIsTheShareOfTheTimeLookedAt(t *testing.T) {
	newest := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return newest.Add(-d) }
	for name, test := range map[string]struct {
		run  Reconciliation
		want float64
	}{
		"half of three months, the first time": {Reconciliation{From: Mark{At: newest}, OldestSeen: ago(45 * 24 * time.Hour)}, 0.5},
		"a quarter of the requested time":      {Reconciliation{From: Mark{At: newest}, Until: ago(4 * time.Hour), OldestSeen: ago(time.Hour)}, 0.25},
		"beyond the end, at most 1":            {Reconciliation{From: Mark{At: newest}, Until: ago(time.Hour), OldestSeen: ago(2 * time.Hour)}, 1},
		"finished, whatever was looked at":     {Reconciliation{From: Mark{At: newest}, OldestSeen: ago(time.Hour), FinishedAt: newest}, 1},
		"nothing happened since the last one":  {Reconciliation{From: Mark{At: newest}, Until: newest, OldestSeen: newest}, 1},
		"the end is after the newest event":    {Reconciliation{From: Mark{At: newest}, Until: newest.Add(time.Hour), OldestSeen: newest}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.run.Done(); got != test.want {
				t.Errorf("done %v, want %v", got, test.want)
			}
		})
	}
}
