package webhook

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/idemhq/idem/persona"
)

// Typed is a [Func] that is handed the event's resource as its Go type. Related
// resources, where the webhook sends them, are in [Event.Included].
type Typed[T any] func(ctx context.Context, e *Event, resource *T) error

// on registers f for the events of a name whose resource is a T.
func on[T any](h *Handler, name Name, f Typed[T]) {
	h.On(name, func(ctx context.Context, e *Event) error {
		resource := new(T)
		if err := json.Unmarshal(e.Payload.Data, resource); err != nil {
			return fmt.Errorf("webhook: read the resource of event %s (%s): %w", e.ID, e.Name, err)
		}
		return f(ctx, e, resource)
	})
}

// Object returns the resource the event is about, for a type switch: *persona.Inquiry,
// *persona.VerificationSelfie and so on, or *persona.Unknown. It is nil where the
// payload holds no resource.
func (e *Event) Object() persona.Object {
	if e.ObjectType == "" {
		return nil
	}
	object, _ := persona.DecodeObject(e.Payload.Data) // Parse has seen a type, so it is one
	return object
}

// Included returns the related resources that the webhook sent along, none where its
// included-allowlist does not name the event. What is no resource is passed over.
func (e *Event) Included() []persona.Object {
	var elements []json.RawMessage
	_ = json.Unmarshal(e.Payload.Included, &elements) // absent or null: none
	var objects []persona.Object
	for _, element := range elements {
		if object, err := persona.DecodeObject(element); err == nil && object.Identifier().Type != "" {
			objects = append(objects, object)
		}
	}
	return objects
}
