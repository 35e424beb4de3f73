package persona_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/idemhq/idem/persona"
)

// left is an answer that says how many calls of 100 are left, for a minute.
func left(remaining int) reply {
	return reply{status: 200, body: anInquiry, header: map[string]string{
		"RateLimit-Limit": "100", "RateLimit-Remaining": strconv.Itoa(remaining), "RateLimit-Reset": "60",
	}}
}

func TestCallsAreSpreadWhenFewerThanFifteenPercentAreLeft(t *testing.T) {
	for name, test := range map[string]struct {
		remaining int
		want      time.Duration // the wait of the next call
	}{
		"much is left": {80, 0},
		"15 are left":  {15, 0},
		"11 are left":  {11, 5 * time.Second}, // 60 s for 12 calls
		"one is left":  {1, 30 * time.Second},
		"none is left": {0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{replies: []reply{left(test.remaining)}}
				client := s.client(t)
				get := func() {
					if _, err := client.Inquiries.Get(t.Context(), "inq_1"); err != nil {
						t.Fatal(err)
					}
				}
				get()
				start := time.Now()
				get()
				if took := time.Since(start); took != test.want {
					t.Errorf("waited %s, want %s", took, test.want)
				}
			})
		})
	}
}

// A header that is wrong, or that a gateway invents, must not stop the calls of an
// environment for a year.
func TestAWindowLastsAboutAMinuteWhateverPersonaSays(t *testing.T) {
	for reset, want := range map[string]time.Duration{
		"60": time.Minute, "31536000": 65 * time.Second, "9223372036854775807": 65 * time.Second, "-31536000": 0, "99999999999999999999": 0, "soon": 0,
	} {
		t.Run(reset, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{replies: []reply{{status: 200, body: anInquiry, header: map[string]string{
					"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": reset, "Retry-After": reset,
				}}}}
				client := s.client(t)
				start := time.Now()
				for range 2 {
					if _, err := client.Inquiries.Get(t.Context(), "inq_1"); err != nil {
						t.Fatal(err)
					}
				}
				if took := time.Since(start); took != want {
					t.Errorf("the second call waited %s, want %s", took, want)
				}
			})
		})
	}
}

// A call that is rejected for a year fails at once, instead of waiting: the caller decides.
func TestACallDoesNotWaitForAYear(t *testing.T) {
	for reset, want := range map[string]time.Duration{"31536000": 365 * 24 * time.Hour, "9223372036854775807": 100 * 365 * 24 * time.Hour} {
		for _, kind := range []string{"RateLimit", "Quota"} {
			synctest.Test(t, func(t *testing.T) {
				s := &script{replies: []reply{refused(429, map[string]string{kind + "-Limit": "100", kind + "-Remaining": "0", kind + "-Reset": reset, "Retry-After": reset})}}
				start := time.Now()
				_, err := s.client(t).Inquiries.Get(t.Context(), "inq_1")
				var refusal *persona.Error
				if !errors.Is(err, persona.ErrRateLimited) || !errors.As(err, &refusal) || refusal.RetryAfter() != want || time.Since(start) != 0 {
					t.Errorf("%s-Reset %s: error %v after %s", kind, reset, err, time.Since(start))
				}
			})
		}
	}
}

// Persona documents no Retry-After: one that a gateway sends with a 503 is not followed.
func TestRetryAfterOfAGatewayIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{refused(503, map[string]string{"Retry-After": "31536000"}), {status: 200, body: anInquiry}}}
		start := time.Now()
		if _, err := s.client(t).Inquiries.Get(t.Context(), "inq_1"); err != nil || time.Since(start) > time.Minute {
			t.Errorf("error %v after %s", err, time.Since(start))
		}
	})
}

func TestClientsShareARateLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := persona.NewRateLimiter()
		s := &script{replies: []reply{left(1)}}
		if _, err := s.client(t, persona.WithRateLimiter(limiter)).Inquiries.Get(t.Context(), "inq_1"); err != nil {
			t.Fatal(err)
		}
		if remaining, limit := limiter.Remaining(); remaining != 1 || limit != 100 {
			t.Errorf("%d of %d left", remaining, limit)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.client(t, persona.WithRateLimiter(limiter)).Inquiries.Get(ctx, "inq_1")
		if !errors.Is(err, context.DeadlineExceeded) || len(s.requests) != 1 {
			t.Errorf("error %v after %d requests", err, len(s.requests))
		}
		time.Sleep(2 * time.Minute) // the window has passed
		if remaining, _ := limiter.Remaining(); remaining != 100 {
			t.Errorf("%d left in a new window", remaining)
		}
		start := time.Now()
		if _, err := s.client(t, persona.WithRateLimiter(limiter)).Inquiries.Get(t.Context(), "inq_1"); err != nil || time.Since(start) != 0 {
			t.Errorf("error %v after %s", err, time.Since(start))
		}
	})
}

func TestANewRateLimiterKnowsNoLimit(t *testing.T) {
	if remaining, limit := persona.NewRateLimiter().Remaining(); remaining != 0 || limit != 0 {
		t.Errorf("%d of %d", remaining, limit)
	}
}
