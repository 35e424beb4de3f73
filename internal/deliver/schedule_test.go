package deliver

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/internal/domain"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func said(status int) answer {
	a := answer{Attempt: domain.Attempt{At: start, Status: status}}
	if status == 0 {
		a.Error = "no answer in time"
	}
	return a
}

func TestWhatBecomesOfADelivery(t *testing.T) {
	fresh := domain.Delivery{State: domain.DeliveryWaiting, CreatedAt: start}
	for name, c := range map[string]struct {
		answer answer
		after  time.Duration // since the delivery was made
		want   domain.DeliveryState
	}{
		"it is accepted with 200":                {said(200), 0, domain.DeliveryDelivered},
		"it is accepted with 204":                {said(204), 0, domain.DeliveryDelivered},
		"it is accepted after three days":        {said(200), 80 * time.Hour, domain.DeliveryDelivered},
		"a redirect is no acceptance":            {said(302), 0, domain.DeliveryWaiting},
		"a rejection is retried":                 {said(400), 0, domain.DeliveryWaiting},
		"an error of the receiver is retried":    {said(500), 0, domain.DeliveryWaiting},
		"no answer is retried":                   {said(0), 0, domain.DeliveryWaiting},
		"no answer is retried for three days":    {said(0), 72*time.Hour - time.Second, domain.DeliveryWaiting},
		"it is given up after three days":        {said(0), 72 * time.Hour, domain.DeliveryFailed},
		"an endpoint that is gone gets no retry": {said(410), 0, domain.DeliveryFailed},
	} {
		t.Run(name, func(t *testing.T) {
			now := start.Add(c.after)
			got := settle(fresh, c.answer, now, 0.5)
			if got.State != c.want || got.Attempts != 1 || len(got.Log) != 1 {
				t.Errorf("it is %s after %d attempts, want %s", got.State, got.Attempts, c.want)
			}
			if waits := got.State == domain.DeliveryWaiting; waits != got.NextAttemptAt.After(now) || waits == !got.FinishedAt.IsZero() {
				t.Errorf("it is %+v", got)
			}
		})
	}
}

func TestACallOfAFunctionIsNeverGivenUpAndSoonRepeated(t *testing.T) {
	rejected := answer{Attempt: domain.Attempt{At: start, Error: "not now"}, local: true}
	d := domain.Delivery{State: domain.DeliveryWaiting, CreatedAt: start}
	for now := start; now.Before(start.Add(2 * giveUpAfter)); now = now.Add(time.Hour) {
		if d = settle(d, rejected, now, 0.999); d.State != domain.DeliveryWaiting || d.NextAttemptAt.Sub(now) > longestRecall {
			t.Fatalf("after %s it is %s until %s", now.Sub(start), d.State, d.NextAttemptAt)
		}
	}
	if h := (health{failures: tolerated - 1}).after(rejected, start, 0); h.open() {
		t.Error("a rejection pauses the function")
	}
}

func TestADeliveryIsRetriedForThreeDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, now := domain.Delivery{State: domain.DeliveryWaiting, CreatedAt: start}, start
		for d.State == domain.DeliveryWaiting {
			before := now
			if d = settle(d, said(0), now, rapid.Float64Range(0, 0.999).Draw(t, "draw")); d.State == domain.DeliveryWaiting {
				now = d.NextAttemptAt
			}
			if now.Sub(before) > longestRetry {
				t.Fatalf("it waits %s", now.Sub(before))
			}
			if d.Attempts > 200 {
				t.Fatal("it is tried for ever")
			}
		}
		if now.Sub(start) != giveUpAfter || d.Attempts < 20 || len(d.Log) != keptAttempts {
			t.Fatalf("it is given up after %s and %d attempts, and keeps %d", now.Sub(start), d.Attempts, len(d.Log))
		}
	})
}

func TestADeliveryWaitsForAsLongAsTheEndpointAsks(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		asked    time.Duration
		attempts int // before this one
		want     time.Duration
	}{
		"ten minutes after a 503":                     {503, 10 * time.Minute, 0, 10 * time.Minute},
		"ten minutes after a 429":                     {429, 10 * time.Minute, 0, 10 * time.Minute},
		"an hour":                                     {503, time.Hour, 0, time.Hour},
		"two hours, of which it gets one":             {503, 2 * time.Hour, 0, time.Hour},
		"a year, of which it gets an hour":            {503, 365 * 24 * time.Hour, 0, time.Hour},
		"a year, while the regular delay is longer":   {503, 365 * 24 * time.Hour, 30, longestRetry / 2},
		"a second, while the regular delay is longer": {429, time.Second, 30, longestRetry / 2},
	} {
		a := said(c.status)
		a.retryAfter = c.asked
		d := settle(domain.Delivery{CreatedAt: start, Attempts: c.attempts}, a, start, 0)
		if wait := d.NextAttemptAt.Sub(start); wait != c.want {
			t.Errorf("%s: it waits %s, want %s", name, wait, c.want)
		}
	}
}

// A receiver that always asks for a year gets every notification within an hour of its
// recovery, and is not asked more often than that.
func TestAnEndpointThatAsksForAYearHoldsNothingBackForLong(t *testing.T) {
	a := said(503)
	a.retryAfter = retryAfter("31536000", start)
	d, h, now := domain.Delivery{State: domain.DeliveryWaiting, CreatedAt: start}, health{}, start
	for d.State == domain.DeliveryWaiting {
		d, h = settle(d, a, now, 0.5), h.after(a, now, 0.5)
		next := d.NextAttemptAt
		if h.until.After(next) {
			next = h.until
		}
		if wait := next.Sub(now); d.State == domain.DeliveryWaiting && (wait <= 0 || wait > longestRetry || d.Attempts < 8 && wait > longestAsked) {
			t.Fatalf("after attempt %d it waits %s", d.Attempts, wait)
		}
		now = next
	}
	if d.Attempts > 80 {
		t.Errorf("it is tried %d times in three days", d.Attempts)
	}
}

func TestRetryAfterIsSecondsOrAMoment(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "-5": 0, "soon": 0, "99999999999999": 0,
		start.Add(time.Hour).Format(http.TimeFormat): time.Hour, start.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(header, start); got != want {
			t.Errorf("%q is %s, want %s", header, got, want)
		}
	}
}

func TestAnEndpointThatFailsIsPaused(t *testing.T) {
	h, now := health{}, start
	for i := range tolerated {
		if h.room(now) != concurrency {
			t.Fatalf("after %d failures there is room for %d", i, h.room(now))
		}
		h = h.after(said(500), now, 0.5)
	}
	if h.room(now) != 0 || !h.open() {
		t.Errorf("after %d failures it is %+v", tolerated, h)
	}
	if late := h.after(said(0), now, 0.5); late != h {
		t.Errorf("an attempt that began before makes it %+v, was %+v", late, h)
	}
	for range 20 {
		before := now
		now = h.until
		if h.room(now) != 1 {
			t.Fatalf("after the pause there is room for %d", h.room(now))
		}
		h = h.after(said(503), now, 0.999)
		if pause := now.Sub(before); pause > longestPause || pause <= 0 {
			t.Fatalf("it is paused for %s", pause)
		}
	}
	if h = h.after(said(200), h.until, 0); h != (health{}) {
		t.Errorf("when it answers again it is %+v", h)
	}
}

func TestARejectionIsAnAnswer(t *testing.T) {
	h := health{failures: 4}
	if got := h.after(said(400), start, 0); got != (health{}) {
		t.Errorf("it is %+v", got)
	}
	if got := h.after(said(429), start, 0); !got.open() {
		t.Errorf("after 429 it is %+v", got)
	}
}

func TestAnEndpointThatAsksForTimeGetsIt(t *testing.T) {
	a := said(429)
	a.retryAfter = 10 * time.Minute
	if h := (health{}).after(a, start, 0); h.room(start.Add(10*time.Minute-time.Second)) != 0 || h.room(start.Add(10*time.Minute)) == 0 {
		t.Errorf("it is %+v", h)
	}
	a.retryAfter = 1000 * time.Hour
	if h := (health{}).after(a, start, 0); h.room(start.Add(longestAsked)) == 0 {
		t.Errorf("asked for too much it is %+v", h)
	}
}

// No delivery that a right clock has scheduled counts as scheduled by a clock that was ahead.
func TestEveryWaitOfTheScheduleIsWithinItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.Bool().Draw(t, "local")
		a := said(503)
		a.local, a.retryAfter = local, time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "asked"))
		d := settle(domain.Delivery{CreatedAt: start, Attempts: rapid.IntRange(0, 40).Draw(t, "attempts")}, a, start, rapid.Float64Range(0, 0.999).Draw(t, "draw"))
		for _, w := range waits(local) {
			if wait := d.NextAttemptAt.Sub(start); d.Attempts <= w.attempts && wait > w.longest {
				t.Fatalf("after %d attempts it waits %s, which is limited to %s", d.Attempts, wait, w.longest)
			}
		}
	})
}

// An endpoint that fails again after the clock was corrected is paused again, not tried
// without a pause until the clock is where it was.
func TestAPauseByAClockThatWasAheadIsOver(t *testing.T) {
	h := health{failures: 9, until: start.Add(3 * time.Hour)}
	if h.room(start) != 1 {
		t.Fatalf("there is room for %d", h.room(start))
	}
	if h = h.after(said(503), start, 0.999); h.room(start) != 0 || h.room(start.Add(longestPause)) != 1 {
		t.Errorf("after another failure it is %+v", h)
	}
}
