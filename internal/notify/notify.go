// Package notify makes the messages for the host application, and prints them. They
// are stored with what they tell of; delivery comes later.
package notify

import (
	"context"
	"log/slog"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// New returns a notification about an object.
func New(environment domain.Environment, name string, object domain.Ref, now time.Time) domain.Notification {
	return domain.Notification{ID: domain.NewID("ntf"), Environment: environment, Name: name, Object: object, CreatedAt: now}
}

// Print logs notifications that were stored.
func Print(ctx context.Context, logger *slog.Logger, notifications []domain.Notification) {
	for _, n := range notifications {
		logger.InfoContext(ctx, "notification", "environment", n.Environment, "notification", n.ID, "name", n.Name,
			"object", n.Object.ID, "verdict", n.Verdict, "event", n.EventID)
	}
}
