package webhook

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/idemhq/idem/persona"
)

// Typed is a [Func] that also gets the event's resource as its Go type. [Event.Included]
// returns related resources.
type Typed[T any] func(ctx context.Context, e *Event, resource *T) error

// on registers f for the events with a name, whose resource is a T.
func on[T any](h *Handler, name Name, f Typed[T]) {
	h.On(name, func(ctx context.Context, e *Event) error {
		resource := new(T)
		if err := json.Unmarshal(e.Payload.Data, resource); err != nil {
			return fmt.Errorf("webhook: read the resource of event %s (%s): %w", e.ID, e.Name, err)
		}
		return f(ctx, e, resource)
	})
}

// Object returns the event's resource, for use in a type switch: *persona.Inquiry,
// *persona.VerificationSelfie and so on, or *persona.Unknown. It is nil if the payload has
// no resource.
func (e *Event) Object() persona.Object {
	if e.ObjectType == "" {
		return nil
	}
	object, _ := persona.DecodeObject(e.Payload.Data) // Parse has found a type, so it is a resource
	return object
}

// Included returns the related resources from the webhook. There are none unless its
// included-allowlist contains the event. Elements that are not resources are skipped.
func (e *Event) Included() []persona.Object {
	var elements []json.RawMessage
	_ = json.Unmarshal(e.Payload.Included, &elements) // none if absent or null
	var objects []persona.Object
	for _, element := range elements {
		if object, err := persona.DecodeObject(element); err == nil && object.Identifier().Type != "" {
			objects = append(objects, object)
		}
	}
	return objects
}
