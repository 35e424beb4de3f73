package tutorial

import (
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

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
