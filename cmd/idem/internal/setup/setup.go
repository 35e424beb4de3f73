// Package setup sets up an environment for the service: it tests the API key, creates the
// webhook, and writes the configuration.
package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/webhookplan"
	"github.com/idemhq/idem/persona"
)

// Try makes the calls that the service and the set-up need. The error says which permission
// the key lacks.
func Try(ctx context.Context, client *persona.Client, withWebhook bool) error {
	if _, err := client.RateLimits.List(ctx); err != nil {
		return fmt.Errorf("test the API key: %w", err)
	}
	_, err := client.Events.ListPage(ctx, persona.EventListParams{Size: 1}, persona.WithFields("event", "name"))
	if err := lacking(err, "event.read"); err != nil {
		return fmt.Errorf("read an event: %w", err)
	}
	if !withWebhook {
		return nil
	}
	_, err = client.Webhooks.ListPage(ctx, persona.WebhookListParams{Size: 1})
	if err := lacking(err, "webhook.read and webhook.write"); err != nil {
		return fmt.Errorf("list the webhooks: %w", err)
	}
	return nil
}

// lacking adds the missing permission to the error of a forbidden call.
func lacking(err error, permission string) error {
	if errors.Is(err, persona.ErrForbidden) {
		return fmt.Errorf("%w: give the key the permission %s at Persona", err, permission)
	}
	return err
}

// Hook is a webhook that exists at Persona.
type Hook struct {
	ID      string
	Secrets []string // all that are valid, the newest first
	Made    string   // create, update or keep
}

// Connect creates an enabled webhook that sends every event to an address. If a webhook
// with the name exists, it is updated, so Connect can be called again.
func Connect(ctx context.Context, client *persona.Client, name, address string) (Hook, error) {
	existing, err := webhookplan.Existing(ctx, client)
	if err != nil {
		return Hook{}, err
	}
	steps, err := webhookplan.Plan(existing, webhookplan.File{Webhooks: []webhookplan.Webhook{{Name: name, URL: address, Events: []string{"*"}}}})
	if err != nil {
		return Hook{}, err
	}
	done, err := webhookplan.Apply(ctx, client, steps)
	if err != nil {
		return Hook{}, err
	}
	hook, err := client.Webhooks.Get(ctx, done[0].ID)
	if err != nil {
		return Hook{}, fmt.Errorf("read the webhook's secret: %w", err)
	}
	h := Hook{ID: hook.ID, Made: done[0].Action, Secrets: webhookplan.Secrets(hook, time.Now())}
	if len(h.Secrets) == 0 {
		return h, fmt.Errorf("no secret of webhook %s is shown by Persona: set webhook_secrets by hand", hook.ID)
	}
	return h, nil
}
