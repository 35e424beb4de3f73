package domain

import "time"

// Endpoint is an address at which the host application receives notifications.
type Endpoint struct {
	Environment Environment
	Name        string
	URL         string
	Types       []string // the types of notifications that it receives; all where empty
	Secrets     []SigningSecret
	Configured  bool // it is from the configuration, which keeps its secrets

	// Disabled says why it receives nothing; empty where it is enabled. What happens
	// meanwhile is delivered when it is enabled again.
	Disabled string

	Position    int64     // sequence of the last notification that has its delivery
	Failures    int       // attempts that failed since the last one that was answered
	PausedUntil time.Time // no attempt before, since attempts fail or it asked for time
	CreatedAt   time.Time
	Version     int64 // counts the changes of the settings
}

// Receives reports whether notifications of a type are for the endpoint.
func (e Endpoint) Receives(typ string) bool {
	for _, t := range e.Types {
		if t == typ {
			return true
		}
	}
	return len(e.Types) == 0
}

// Signing are the secrets that sign at a moment.
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

// Delivery is the way of a notification to an endpoint.
type Delivery struct {
	ID            string // dlv_…
	Environment   Environment
	Endpoint      string // its name
	Notification  string // its id
	Type          string // of the notification
	Subject       string // of the notification; deliveries of one subject follow each other
	State         DeliveryState
	Attempts      int
	NextAttemptAt time.Time // zero for at once
	Log           []Attempt // the last attempts, oldest first
	CreatedAt     time.Time
	FinishedAt    time.Time
}

// DeliveryState says how far a delivery is.
type DeliveryState string

// The states of deliveries.
const (
	DeliveryWaiting   DeliveryState = "waiting"   // for its next attempt
	DeliveryHeld      DeliveryState = "held"      // for an earlier one of its subject
	DeliveryDelivered DeliveryState = "delivered" // the endpoint accepted it
	DeliveryFailed    DeliveryState = "failed"    // given up
)

// Attempt is one request to an endpoint.
type Attempt struct {
	At       time.Time `json:"at"`
	Status   int       `json:"status,omitempty"`   // of the answer; 0 where there was none
	Error    string    `json:"error,omitempty"`    // why there was no answer
	Response string    `json:"response,omitempty"` // the beginning of the answer's body
	Millis   int64     `json:"ms"`                 // how long it took
}
