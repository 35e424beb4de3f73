package domain

import "time"

// Endpoint is an address at which the host application receives notifications.
type Endpoint struct {
	Environment Environment
	Name        string
	URL         string
	Types       []string // the types of notifications that it receives; empty means all
	Secrets     []SigningSecret
	Configured  bool // it is from the configuration, which holds its secrets

	// Disabled says why it receives nothing; empty if it is enabled. Notifications of the
	// meantime are delivered when it is enabled again.
	Disabled string

	Position    int64     // sequence of the last notification whose delivery was created
	Failures    int       // consecutive attempts that the endpoint did not answer, or answered with 429 or 5xx
	PausedUntil time.Time // no attempt before this time
	CreatedAt   time.Time
	Version     int64 // counts changes of the settings
}

// Receives reports whether the endpoint receives notifications of a type.
func (e Endpoint) Receives(typ string) bool {
	for _, t := range e.Types {
		if t == typ {
			return true
		}
	}
	return len(e.Types) == 0
}

// Signing returns the secrets that are valid at a time.
func (e Endpoint) Signing(now time.Time) []Secret {
	var secrets []Secret
	for _, s := range e.Secrets {
		if s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt) {
			secrets = append(secrets, s.Secret)
		}
	}
	return secrets
}

// SigningSecret signs notifications, in the form of Standard Webhooks (whsec_…).
type SigningSecret struct {
	Secret    Secret
	ExpiresAt time.Time // zero for never
}

// Delivery is a notification on its way to one endpoint.
type Delivery struct {
	ID            string // dlv_…
	Environment   Environment
	Endpoint      string // its name
	Notification  string // its id
	Type          string // of the notification
	Subject       string // of the notification; deliveries of a subject are sent one after another
	State         DeliveryState
	Attempts      int
	NextAttemptAt time.Time
	Log           []Attempt // the last attempts, oldest first
	CreatedAt     time.Time
	FinishedAt    time.Time
}

// DeliveryState is the state of a delivery.
type DeliveryState string

// The states of deliveries.
const (
	DeliveryWaiting   DeliveryState = "waiting"   // for its next attempt
	DeliveryHeld      DeliveryState = "held"      // until an earlier delivery of its subject is finished
	DeliveryDelivered DeliveryState = "delivered" // the endpoint accepted it
	DeliveryFailed    DeliveryState = "failed"    // given up
)

// Attempt is one request to an endpoint.
type Attempt struct {
	At       time.Time `json:"at"`
	Status   int       `json:"status,omitempty"`   // of the answer; 0 if there was none
	Error    string    `json:"error,omitempty"`    // why there was no answer
	Response string    `json:"response,omitempty"` // the start of the answer's body
	Millis   int64     `json:"ms"`                 // duration
}
