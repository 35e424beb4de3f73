package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

// Persona is a [Lister] that calls Persona's API. It leaves at least half of the rate limit
// to other work, since a reconciliation is not urgent.
type Persona struct {
	Client      *persona.Client
	RateLimiter interface{ Remaining() (remaining, limit int) } // of the client
}

// pollInterval is how long a page waits before it checks the rate limit again.
const pollInterval = time.Second

// head selects so few fields that no answer is too large.
func head() persona.Option { return persona.WithFields("event", "name", "created-at") }

// Page implements [Lister].
func (p Persona) Page(ctx context.Context, cursor string, size int) ([]domain.Event, string, error) {
	if err := p.wait(ctx); err != nil {
		return nil, "", err
	}
	params := persona.EventListParams{After: cursor, Size: size}
	page, err := p.Client.Events.ListPage(ctx, params)
	alone := size == 1 && errors.Is(err, persona.ErrTooLarge)
	if alone {
		page, err = p.Client.Events.ListPage(ctx, params, head())
	}
	if cursor != "" && (errors.Is(err, persona.ErrBadRequest) || errors.Is(err, persona.ErrInvalid)) {
		return nil, "", fmt.Errorf("read a page of events: %w", errors.Join(err, ErrCursor))
	}
	if err != nil {
		return nil, "", fmt.Errorf("read a page of events: %w", err)
	}
	events := make([]domain.Event, 0, len(page.Data))
	for _, e := range page.Data {
		event, err := read(e)
		if err != nil {
			return nil, "", err
		}
		if alone {
			event.State, event.Reason = domain.EventPoison, "too large: it was read without its payload"
		}
		events = append(events, event)
	}
	return events, page.Next, nil
}

// Clock implements [Lister].
func (p Persona) Clock(ctx context.Context) (time.Time, error) {
	if err := p.wait(ctx); err != nil {
		return time.Time{}, err
	}
	var response *persona.Response
	_, err := p.Client.Events.ListPage(ctx, persona.EventListParams{Size: 1}, head(), persona.WithResponse(&response))
	if err != nil {
		return time.Time{}, fmt.Errorf("read the time of Persona: %w", err)
	}
	at, _ := http.ParseTime(response.Header.Get("Date")) // zero if a gateway removed the header
	return at, nil
}

// wait waits until half of the rate limit is available.
func (p Persona) wait(ctx context.Context) error {
	for {
		if remaining, limit := p.RateLimiter.Remaining(); remaining*2 >= limit {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// read converts an entry of the list to an event. A malformed entry becomes poison: the
// storable part of it is stored, and it blocks no other event.
func read(e *persona.Event) (domain.Event, error) {
	body, err := json.Marshal(map[string]json.RawMessage{"data": e.Raw})
	if err != nil {
		return domain.Event{}, fmt.Errorf("read a page of events: %w", err)
	}
	body = domain.WithoutFileTokens(body)
	envelope, err := webhook.ParseEnvelope(body)
	if err == nil {
		return domain.Event{
			ID: envelope.ID, Name: string(envelope.Name), CreatedAt: envelope.CreatedAt,
			Object: domain.Ref{Type: envelope.ObjectType, ID: envelope.ObjectID}, Body: body,
		}, nil
	}
	poison := domain.Event{
		ID: e.ID, Name: e.Attributes.Name, CreatedAt: e.Attributes.CreatedAt.Time, Body: body,
		State: domain.EventPoison, Reason: "unreadable: " + err.Error(),
	}
	if !domain.PlausibleID(poison.ID) {
		sum := sha256.Sum256(body) // the same whenever it is read
		poison.ID = "unreadable_" + hex.EncodeToString(sum[:12])
	}
	if !domain.PlausibleID(poison.Name) {
		poison.Name = ""
	}
	return poison, nil
}
