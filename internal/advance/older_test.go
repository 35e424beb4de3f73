package advance

import (
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

func TestAReadIsOlderThanATransitionOnlyByMoreThanThePrecisionOfItsTime(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		status string
		event  time.Duration // after start, when updated-at of the read is
		older  bool
	}{
		"the event follows at once":                  {"approved", 10 * time.Millisecond, false},
		"the change was at the end of its second":    {"approved", 1900 * time.Millisecond, false},
		"the event is of a later change":             {"approved", 2000 * time.Millisecond, true},
		"the read shows the status of the event":     {"completed", time.Hour, false},
		"the read is of another status, hours later": {"approved", -time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := older(domain.Object{Status: test.status, AsOf: start}, domain.Transition{To: "completed", At: start.Add(test.event)})
			if got != test.older {
				t.Errorf("older is %v", got)
			}
		})
	}
}
