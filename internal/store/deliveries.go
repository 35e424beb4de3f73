package store

import (
	"context"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

// ErrExists means that a row with this key exists.
var ErrExists = errors.New("it exists already")

// EndpointClaim is the type of a claim target that is an endpoint.
const EndpointClaim = "endpoint"

// Due is a delivery that is due, with its notification.
type Due struct {
	Delivery     domain.Delivery
	Notification domain.Notification
}

// Attempts is the result of some attempts at one endpoint.
type Attempts struct {
	Environment domain.Environment
	Endpoint    string
	Deliveries  []domain.Delivery // their new states; a delivery that is no longer waiting is not changed

	// The new health of the endpoint: see [domain.Endpoint].
	Failures    int
	PausedUntil time.Time

	// Recovered says that the endpoint answers again. All waiting deliveries become due.
	Recovered bool

	Disabled      string // why the endpoint must be disabled; empty otherwise
	Notifications []domain.Notification
	Audit         []audit.Entry
}

// Selection selects what to deliver again. Set Delivery, FailedSince, or After and Until.
type Selection struct {
	Delivery    string    // the id of a delivery
	FailedSince time.Time // deliveries that failed since then and were not replayed

	// Notifications with a sequence above After, up to Until.
	After, Until int64
}

// Deliveries stores endpoints and the deliveries of notifications to them.
type Deliveries interface {
	// CreateEndpoint stores an endpoint, or fails with ErrExists. A Position below zero
	// means after the last notification.
	CreateEndpoint(ctx context.Context, e domain.Endpoint, log []audit.Entry) error

	// UpdateEndpoint saves the settings of an endpoint (URL, types, secrets, disabled), or
	// fails with ErrChanged if its version has changed. Enabling an endpoint resets its
	// failures.
	UpdateEndpoint(ctx context.Context, e domain.Endpoint, log []audit.Entry) error

	// DeleteEndpoint deletes an endpoint and its unfinished deliveries, or fails with
	// ErrNotFound.
	DeleteEndpoint(ctx context.Context, env domain.Environment, name string, log []audit.Entry) error

	// Endpoint returns an endpoint, or ErrNotFound.
	Endpoint(ctx context.Context, env domain.Environment, name string) (domain.Endpoint, error)

	// Endpoints returns all endpoints of an environment, sorted by name.
	Endpoints(ctx context.Context, env domain.Environment) ([]domain.Endpoint, error)

	// NotificationVersion returns a number that increases whenever notifications are
	// committed. While it stays the same, there is nothing new to deliver.
	NotificationVersion(ctx context.Context) (int64, error)

	// Expand creates the deliveries of the next notifications after the endpoint's position,
	// at most limit of them. It reports whether there were any notifications.
	Expand(ctx context.Context, env domain.Environment, endpoint string, limit int, now time.Time) (more bool, err error)

	// Due returns at most limit deliveries that are due, at most one of each subject, and
	// the time at which the next one is due; zero if there is none.
	Due(ctx context.Context, env domain.Environment, endpoint string, now time.Time, limit int) (due []Due, next time.Time, err error)

	// LimitWaits makes the deliveries due, among those with at most so many attempts, that
	// wait longer than a limit: a clock that was ahead has scheduled them. It returns their
	// number.
	LimitWaits(ctx context.Context, env domain.Environment, endpoint string, now time.Time, attempts int, limit time.Duration) (n int, err error)

	// SaveAttempts saves the result of attempts. When a delivery is finished, the next
	// delivery of its subject starts waiting for its attempt.
	SaveAttempts(ctx context.Context, a Attempts) error

	// Redeliver creates new deliveries of the selected notifications, at most limit of them.
	// It returns their number and, if there are more, the sequence of the last notification.
	// It returns ErrNotFound for an unknown endpoint or delivery.
	Redeliver(ctx context.Context, env domain.Environment, endpoint string, what Selection, limit int, now time.Time, log []audit.Entry) (n int, last int64, err error)

	// Delivery returns a delivery, or ErrNotFound.
	Delivery(ctx context.Context, env domain.Environment, id string) (domain.Delivery, error)
	Deliveries(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Delivery], error)

	// PruneDeliveries deletes deliveries that finished before a time, and returns their
	// number. It looks at the oldest 1,000 only: call it again until it deletes none.
	PruneDeliveries(ctx context.Context, env domain.Environment, before time.Time) (deleted int, err error)
}
