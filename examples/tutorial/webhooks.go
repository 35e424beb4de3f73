package tutorial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

// Listen creates a webhook for some events, and has Persona deliver them to a handler on this
// machine until the program ends. A program on a server has a fixed address, and its webhook
// is created once.
func Listen(ctx context.Context, client *persona.Client, handler *webhook.Handler, events ...webhook.Name) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var names []string
	for _, event := range events {
		names = append(names, string(event))
	}
	hook, err := client.Webhooks.Create(ctx, persona.WebhookCreateParams{
		Name: persona.Set("tutorial"), URL: persona.Set("http://" + listener.Addr().String()), EnabledEvents: persona.Set(names),
	})
	if err != nil {
		return fmt.Errorf("create a webhook: %w", err)
	}
	handler.Secrets = []string{hook.Attributes.Secret}
	go http.Serve(listener, handler)
	if _, err := client.Webhooks.Enable(ctx, hook.ID); err != nil {
		return fmt.Errorf("enable the webhook: %w", err)
	}
	return nil
}

// Await returns what a handler of webhooks sends. It gives up after half a minute.
func Await[T any](from <-chan T) (T, error) {
	select {
	case value := <-from:
		return value, nil
	case <-time.After(30 * time.Second):
		return *new(T), errors.New("no webhook has come: can Persona reach this machine?")
	}
}

// A Delivery is a webhook request, genuine or not.
type Delivery struct {
	Name      string
	Body      []byte
	Signature string // the Persona-Signature header; empty means there is none
	Genuine   bool   // a receiver must accept it, and reject the others
}

// Deliveries returns an event as Persona sends it, and forged variants.
func Deliveries(body []byte, now time.Time, secret string) []Delivery {
	signature := webhook.Sign(body, now, secret)
	return []Delivery{
		{"unsigned", body, "", false},
		{"tampered with", append(body[:len(body):len(body)], ' '), signature, false},
		{"an hour old", body, webhook.Sign(body, now.Add(-time.Hour), secret), false},
		{"good", body, signature, true},
		{"good, a second time", body, signature, true}, // Persona delivers some events twice
	}
}
