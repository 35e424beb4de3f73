package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

// Persona is the [Lister] of an environment. It leaves at least half of the rate
// limit to everything else: a reconciliation can wait.
type Persona struct {
	Client *persona.Client
	Budget interface{ Remaining() (remaining, limit int) } // the client's
}

// pageSize is the largest there is (Persona docs: Pagination).
const pageSize = 100

// pause is how long a page waits until it looks again whether enough calls are left.
const pause = time.Second

// Page implements [Lister].
func (p Persona) Page(ctx context.Context, cursor string) ([]domain.Event, string, error) {
	for {
		remaining, limit := p.Budget.Remaining()
		if remaining*2 >= limit {
			break
		}
		select {
		case <-ctx.Done():
			return nil, "", ctx.Err()
		case <-time.After(pause):
		}
	}
	page, err := p.Client.Events.ListPage(ctx, persona.EventListParams{After: cursor, Size: pageSize})
	if cursor != "" && (errors.Is(err, persona.ErrBadRequest) || errors.Is(err, persona.ErrInvalid)) {
		return nil, "", fmt.Errorf("read a page of events: %w", errors.Join(err, ErrCursor))
	}
	if err != nil {
		return nil, "", fmt.Errorf("read a page of events: %w", err)
	}
	events := make([]domain.Event, 0, len(page.Data))
	for _, e := range page.Data {
		body, err := json.Marshal(map[string]json.RawMessage{"data": e.Raw})
		if err != nil {
			return nil, "", fmt.Errorf("read event %s: %w", e.ID, err)
		}
		event := domain.Event{ID: e.ID, Name: e.Attributes.Name, CreatedAt: e.Attributes.CreatedAt.Time, Body: body}
		// One whose object cannot be read is stored all the same, and blocks no other.
		if envelope, err := webhook.ParseEnvelope(body); err == nil {
			event.Object = domain.Ref{Type: envelope.ObjectType, ID: envelope.ObjectID}
		}
		events = append(events, event)
	}
	return events, page.Next, nil
}
