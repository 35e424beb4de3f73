package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// Notification is a notification as the host application sees it: in lists, in the stream
// and as the data of a webhook. It contains no personal data.
type Notification struct {
	ID              string             `json:"id" doc:"the same in every attempt to deliver it"`
	Type            string             `json:"type"`
	Environment     domain.Environment `json:"environment"`
	Sequence        int64              `json:"sequence" doc:"increases in the order in which notifications become visible"`
	Reference       string             `json:"reference,omitempty" doc:"the host's reference id of the subject; absent if there is no single subject"`
	SubjectSequence int64              `json:"subject_sequence,omitempty" doc:"increases by one with each notification about the subject: ignore a notification with a lower number than the last"`
	Verdict         domain.Verdict     `json:"verdict,omitempty" enum:"none,pending,review,approved,declined,expired,redacted"`
	Object          *domain.Ref        `json:"object,omitempty" doc:"the object at Persona that it is about"`
	Status          string             `json:"status,omitempty" doc:"that object's status at Persona"`
	Source          string             `json:"source,omitempty" doc:"the id of the action or decision, or the name of the endpoint"`
	Reason          string             `json:"reason,omitempty" doc:"why, for people"`
	EventID         string             `json:"event_id,omitempty" doc:"the Persona event that caused it"`
	CreatedAt       time.Time          `json:"created_at"`
}

// Show returns a notification as the host application sees it.
func Show(n domain.Notification) Notification {
	shown := Notification{
		ID: n.ID, Type: n.Type, Environment: n.Environment, Sequence: n.Sequence, Reference: n.Subject, SubjectSequence: n.SubjectSequence,
		Verdict: n.Verdict, Status: n.Status, Source: n.Source, Reason: n.Reason, EventID: n.EventID, CreatedAt: n.CreatedAt,
	}
	if !n.Object.IsZero() {
		shown.Object = &n.Object
	}
	return shown
}

// Message is the body of a webhook, in the form that Standard Webhooks recommends.
type Message struct {
	Type      string       `json:"type"`
	Timestamp time.Time    `json:"timestamp" doc:"when it happened"`
	Data      Notification `json:"data"`
}

// Body is the body of the webhook for a notification.
func Body(n domain.Notification) ([]byte, error) {
	body, err := json.Marshal(Message{n.Type, n.CreatedAt, Show(n)})
	if err != nil {
		return nil, fmt.Errorf("encode notification %s: %w", n.ID, err)
	}
	return body, nil
}
