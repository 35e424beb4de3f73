package service

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const (
	// stuckTimeout is how long /readyz waits for the backlog. After that it answers without
	// it.
	stuckTimeout = time.Second

	// stuckAfter is how long an event must have waited to count as stuck.
	stuckAfter = time.Minute
)

// writeStuck writes one line for each environment with stuck work. It contains no ids and
// no personal data, because /readyz needs no token.
func (s *Service) writeStuck(ctx context.Context, w io.Writer) {
	ctx, cancel := context.WithTimeout(ctx, stuckTimeout)
	defer cancel()
	for _, env := range slices.Sorted(maps.Keys(s.cfg.Environments)) {
		b, err := s.db.Backlog(ctx, env)
		if err != nil {
			s.logger.WarnContext(ctx, "reading the backlog failed", "environment", env, "error", err)
			continue
		}
		if text := stuck(b, s.db.Now()); text != "" {
			fmt.Fprintf(w, "%s: %s\n", env, text)
		}
		endpoints, err := s.db.Endpoints(ctx, env)
		if err != nil {
			s.logger.WarnContext(ctx, "reading the endpoints failed", "environment", env, "error", err)
			continue
		}
		if text := silent(endpoints, s.db.Now()); text != "" {
			fmt.Fprintf(w, "%s: %s\n", env, text)
		}
	}
}

// stuck describes the stuck work of a backlog. It is empty if nothing is stuck.
func stuck(b store.Backlog, now time.Time) string {
	var parts []string
	if waited := now.Sub(b.OldestWaiting); !b.OldestWaiting.IsZero() && waited >= stuckAfter {
		parts = append(parts, fmt.Sprintf("%s, the oldest for %s", count(b.Waiting, "waiting event"), waited.Round(time.Second)))
	}
	if b.Retried > 0 {
		var kinds []string
		for _, kind := range slices.Sorted(maps.Keys(b.Reasons)) {
			kinds = append(kinds, fmt.Sprintf("%s %d", kind, b.Reasons[kind]))
		}
		parts = append(parts, fmt.Sprintf("%s that failed and will be retried (%s)", count(b.Retried, "event"), strings.Join(kinds, ", ")))
	}
	if b.Poison > 0 {
		parts = append(parts, count(b.Poison, "poison event"))
	}
	if b.ActionsDead > 0 {
		parts = append(parts, count(b.ActionsDead, "dead action"))
	}
	return strings.Join(parts, "; ")
}

// silent describes the notification endpoints that receive nothing now. It is empty if
// there is none.
func silent(endpoints []domain.Endpoint, now time.Time) string {
	var parts []string
	for _, e := range endpoints {
		switch {
		case e.Disabled != "":
			parts = append(parts, fmt.Sprintf("endpoint %s is disabled", e.Name))
		case e.PausedUntil.After(now):
			parts = append(parts, fmt.Sprintf("endpoint %s is paused after %s", e.Name, count(e.Failures, "failure")))
		}
	}
	return strings.Join(parts, "; ")
}

// count returns for example "1 event" or "2 events".
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
