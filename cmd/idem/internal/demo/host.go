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

// host plays the host application: it is told what happened, and asks nobody.
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

// until waits for a notification, for ten seconds at the most.
func (h *host) until(ctx context.Context, what string, is func(idem.Notification) bool) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		h.mu.Lock()
		found, changed := slices.ContainsFunc(h.told, is), h.changed
		h.mu.Unlock()
		if found {
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
	last := idem.VerdictNone
	for _, n := range h.told {
		if n.Type == idem.NotifyVerdictChanged && n.Reference == reference {
			last = n.Verdict
		}
	}
	return last
}

// untilVerdict waits until the host is told a verdict.
func (h *host) untilVerdict(ctx context.Context, reference string, want idem.Verdict) error {
	return h.until(ctx, fmt.Sprintf("%s is %s", reference, want), func(n idem.Notification) bool {
		return n.Type == idem.NotifyVerdictChanged && n.Reference == reference && n.Verdict == want
	})
}

// untilCase waits until the host is told the status of a case.
func (h *host) untilCase(ctx context.Context, id, status string) error {
	return h.until(ctx, "the case is "+status, func(n idem.Notification) bool {
		return n.Type == idem.NotifyCaseChanged && n.Object.ID == id && n.Status == status
	})
}
