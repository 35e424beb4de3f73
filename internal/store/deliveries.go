package store

import (
	"context"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

// ErrExists means that there is such a row already.
var ErrExists = errors.New("it exists already")

// EndpointClaim is the type of a claim's target that is an endpoint.
const EndpointClaim = "endpoint"

// Due is a delivery whose time has come, with what it delivers.
type Due struct {
	Delivery     domain.Delivery
	Notification domain.Notification
}

// Attempts is what came of some attempts to deliver to an endpoint.
type Attempts struct {
	Environment domain.Environment
	Endpoint    string
	Deliveries  []domain.Delivery // as they are now; one that does not wait any more stays as it is

	// What is known of the endpoint now: see [domain.Endpoint].
	Failures    int
	PausedUntil time.Time

	// Recovered says that the endpoint answers again: what waits for it is due at once.
	Recovered bool

	Disabled      string // why the endpoint gets no more; empty unless it just said so
	Notifications []domain.Notification
	Audit         []audit.Entry
}

// Selection names deliveries and notifications to deliver once more. One field is set.
type Selection struct {
	Delivery    string    // the id of a delivery
	FailedSince time.Time // those that failed since, and were not delivered again

	// A range of notifications, by their sequences: those after the first up to the last.
	After, Until int64
}

// Deliveries keeps endpoints, and brings notifications on their way to them.
type Deliveries interface {
	// CreateEndpoint stores an endpoint, or fails with ErrExists. Position is where it
	// begins; below zero for after the last notification there is.
	CreateEndpoint(ctx context.Context, e domain.Endpoint, log []audit.Entry) error

	// UpdateEndpoint saves the settings of an endpoint (address, types, secrets, disabled)
	// over the version that was read, or fails with ErrChanged. One that was disabled and is
	// enabled has no failures behind it.
	UpdateEndpoint(ctx context.Context, e domain.Endpoint, log []audit.Entry) error

	// DeleteEndpoint deletes an endpoint with what was not delivered to it, or fails with
	// ErrNotFound.
	DeleteEndpoint(ctx context.Context, env domain.Environment, name string, log []audit.Entry) error

	// Endpoint returns an endpoint, or ErrNotFound.
	Endpoint(ctx context.Context, env domain.Environment, name string) (domain.Endpoint, error)

	// Endpoints returns all endpoints of an environment, by their names.
	Endpoints(ctx context.Context, env domain.Environment) ([]domain.Endpoint, error)

	// LastNotification is the greatest sequence of a notification in any environment: when
	// it stays the same there is nothing new to deliver.
	LastNotification(ctx context.Context) (int64, error)

	// Expand makes deliveries of the next notifications for an endpoint, of limit
	// notifications at the most, and reports whether there were any.
	Expand(ctx context.Context, env domain.Environment, endpoint string, limit int, now time.Time) (more bool, err error)

	// Due returns deliveries to an endpoint whose time has come, limit of them at the most,
	// and when the next one is due; zero for none. Of a subject there is one at a time.
	Due(ctx context.Context, env domain.Environment, endpoint string, now time.Time, limit int) (due []Due, next time.Time, err error)

	// SaveAttempts saves what came of attempts. When a delivery is finished, the next one of
	// its subject is due.
	SaveAttempts(ctx context.Context, a Attempts) error

	// Redeliver makes new deliveries to an endpoint of what is selected, limit of them at
	// the most. It returns how many it made and the sequence of the last notification, to go
	// on after; zero at the end. It returns ErrNotFound for an endpoint or a delivery that
	// there is not.
	Redeliver(ctx context.Context, env domain.Environment, endpoint string, what Selection, limit int, now time.Time, log []audit.Entry) (n int, last int64, err error)

	// Delivery returns a delivery, or ErrNotFound.
	Delivery(ctx context.Context, env domain.Environment, id string) (domain.Delivery, error)
	Deliveries(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Delivery], error)

	// PruneDeliveries deletes deliveries that were finished before a moment, and returns how
	// many. It looks at the oldest ones: call it again until it deletes none.
	PruneDeliveries(ctx context.Context, env domain.Environment, before time.Time) (deleted int, err error)
}
