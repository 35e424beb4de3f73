// Package notify creates the messages for the host application. They are stored in the
// transaction that causes them; package deliver sends them to the host's endpoints.
package notify

import (
	"context"
	"log/slog"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// CaseChanged returns the notification of a case that moved to another status.
func CaseChanged(environment domain.Environment, t domain.Transition, now time.Time) domain.Notification {
	n := about(environment, domain.NotifyCaseChanged, t.Object, now)
	n.Status, n.EventID = t.To, t.EventID
	return n
}

// PolicyError returns the notification of a decision that became a review because a rule
// could not be evaluated or a fact was missing.
func PolicyError(d domain.Decision) domain.Notification {
	n := about(d.Environment, domain.NotifyPolicyError, d.Object, d.DecidedAt)
	n.Status, n.Source, n.Reason, n.EventID = d.Transition.To, d.ID, d.Reason, d.Transition.EventID
	return n
}

// Finished returns the notification of an action that is done or dead. For other states
// there is none, and ok is false.
func Finished(a domain.Action) (n domain.Notification, ok bool) {
	typ, ok := map[domain.ActionState]string{domain.ActionDone: domain.NotifyActionDone, domain.ActionDead: domain.NotifyActionDead}[a.State]
	if !ok {
		return domain.Notification{}, false
	}
	n = about(a.Environment, typ, a.Spec.Target, a.FinishedAt)
	n.Source, n.Reason = a.ID, a.Outcome
	return n, true
}

// Poison returns the notification of an event that cannot be processed.
func Poison(e domain.Event, reason string, now time.Time) domain.Notification {
	n := about(e.Environment, domain.NotifyInboxPoison, e.Object, now)
	n.EventID, n.Reason = e.ID, reason
	return n
}

// EndpointDisabled returns the notification of an endpoint that was disabled.
func EndpointDisabled(environment domain.Environment, endpoint, reason string, now time.Time) domain.Notification {
	n := about(environment, domain.NotifyEndpointDisabled, domain.Ref{}, now)
	n.Source, n.Reason = endpoint, reason
	return n
}

// Test returns a test message for an endpoint. It is not stored.
func Test(environment domain.Environment, endpoint string, now time.Time) domain.Notification {
	n := about(environment, domain.NotifyTest, domain.Ref{}, now)
	n.Source = endpoint
	return n
}

func about(environment domain.Environment, typ string, object domain.Ref, now time.Time) domain.Notification {
	return domain.Notification{ID: domain.NewID("ntf"), Environment: environment, Type: typ, Object: object, CreatedAt: now}
}

// Print logs stored notifications.
func Print(ctx context.Context, logger *slog.Logger, notifications []domain.Notification) {
	for _, n := range notifications {
		logger.InfoContext(ctx, "notification", "environment", n.Environment, "notification", n.ID, "type", n.Type,
			"object", n.Object.ID, "verdict", n.Verdict, "event", n.EventID)
	}
}
