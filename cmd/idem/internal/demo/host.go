package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/idemhq/idem"
)

// hostPath is where the host application receives notifications, at the service's address.
const hostPath = "/demo/notifications"

// host plays the host application. It is told what happened: the demo waits for
// notifications, and never asks the service whether something has happened.
type host struct {
	http.Handler
	mu      sync.Mutex
	told    []idem.Notification
	changed chan struct{} // closed when there are more
}

func newHost(secret string) (*host, error) {
	h := &host{changed: make(chan struct{})}
	var err error
	h.Handler, err = idem.NotificationHandler([]string{secret}, &idem.Memory{}, h.receive)
	return h, err
}

func (h *host) receive(_ context.Context, n idem.Notification) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, n)
	close(h.changed)
	h.changed = make(chan struct{})
	return nil
}

// until waits until what the host was told is enough, for ten seconds at the most.
func (h *host) until(ctx context.Context, what string, enough func(told []idem.Notification) bool) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		h.mu.Lock()
		ok, changed := enough(h.told), h.changed
		h.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the notification that %s: %w", what, ctx.Err())
		case <-changed:
		}
	}
}

// verdict returns the last verdict on a person that the host was told.
func (h *host) verdict(reference string) idem.Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	return lastVerdict(h.told, reference)
}

func lastVerdict(told []idem.Notification, reference string) idem.Verdict {
	last := idem.VerdictNone
	for _, n := range told {
		if n.Type == idem.NotifyVerdictChanged && n.Reference == reference {
			last = n.Verdict
		}
	}
	return last
}

// untilVerdict waits until the host is told a verdict.
func (h *host) untilVerdict(ctx context.Context, reference string, want idem.Verdict) error {
	return h.until(ctx, fmt.Sprintf("%s is %s", reference, want), func(told []idem.Notification) bool {
		return lastVerdict(told, reference) == want
	})
}

// untilKnown waits until the host is told any verdict on a person.
func (h *host) untilKnown(ctx context.Context, reference string) error {
	return h.until(ctx, reference+" is known", func(told []idem.Notification) bool {
		return lastVerdict(told, reference) != idem.VerdictNone
	})
}

// untilCase waits until the host is told the status of a case.
func (h *host) untilCase(ctx context.Context, id, status string) error {
	return h.until(ctx, "the case is "+status, func(told []idem.Notification) bool {
		return slices.ContainsFunc(told, func(n idem.Notification) bool {
			return n.Type == idem.NotifyCaseChanged && n.Object.ID == id && n.Status == status
		})
	})
}

// untilDone waits until the host is told that a number of actions on an object are done.
func (h *host) untilDone(ctx context.Context, object string, actions int) error {
	return h.until(ctx, fmt.Sprintf("%d actions on %s are done", actions, object), func(told []idem.Notification) bool {
		done := 0
		for _, n := range told {
			if n.Type == idem.NotifyActionDone && n.Object.ID == object {
				done++
			}
		}
		return done >= actions
	})
}
