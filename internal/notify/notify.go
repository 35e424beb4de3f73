// Package notify makes the messages for the host application. They are stored with what
// they tell of; package deliver brings them to the host's endpoints.
package notify

import (
	"context"
	"log/slog"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// CaseChanged tells that a case moved to another status.
func CaseChanged(environment domain.Environment, t domain.Transition, now time.Time) domain.Notification {
	n := about(environment, domain.NotifyCaseChanged, t.Object, now)
	n.Status, n.EventID = t.To, t.EventID
	return n
}

// PolicyError tells that a decision became a review, because a rule could not be evaluated
// or a fact was missing.
func PolicyError(d domain.Decision) domain.Notification {
	n := about(d.Environment, domain.NotifyPolicyError, d.Object, d.DecidedAt)
	n.Status, n.Source, n.Reason, n.EventID = d.Transition.To, d.ID, d.Reason, d.Transition.EventID
	return n
}

// Finished tells that an action is done or dead. It is not ok for an action in another
// state, of which nobody is told.
func Finished(a domain.Action) (n domain.Notification, ok bool) {
	typ, ok := map[domain.ActionState]string{domain.ActionDone: domain.NotifyActionDone, domain.ActionDead: domain.NotifyActionDead}[a.State]
	if !ok {
		return domain.Notification{}, false
	}
	n = about(a.Environment, typ, a.Spec.Target, a.FinishedAt)
	n.Source, n.Reason = a.ID, a.Outcome
	return n, true
}

// Poison tells that an event cannot be processed, and why.
func Poison(e domain.Event, reason string, now time.Time) domain.Notification {
	n := about(e.Environment, domain.NotifyInboxPoison, e.Object, now)
	n.EventID, n.Reason = e.ID, reason
	return n
}

// EndpointDisabled tells that an endpoint gets no more notifications, and why.
func EndpointDisabled(environment domain.Environment, endpoint, reason string, now time.Time) domain.Notification {
	n := about(environment, domain.NotifyEndpointDisabled, domain.Ref{}, now)
	n.Source, n.Reason = endpoint, reason
	return n
}

// Test is a message that tries an endpoint. It is not stored.
func Test(environment domain.Environment, endpoint string, now time.Time) domain.Notification {
	n := about(environment, domain.NotifyTest, domain.Ref{}, now)
	n.Source = endpoint
	return n
}

func about(environment domain.Environment, typ string, object domain.Ref, now time.Time) domain.Notification {
	return domain.Notification{ID: domain.NewID("ntf"), Environment: environment, Type: typ, Object: object, CreatedAt: now}
}

// Print logs notifications that were stored.
func Print(ctx context.Context, logger *slog.Logger, notifications []domain.Notification) {
	for _, n := range notifications {
		logger.InfoContext(ctx, "notification", "environment", n.Environment, "notification", n.ID, "type", n.Type,
			"object", n.Object.ID, "verdict", n.Verdict, "event", n.EventID)
	}
}
