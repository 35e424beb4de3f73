package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Delivery is a notification on its way to one endpoint.
type Delivery struct {
	ID             string               `json:"id" doc:"dlv_…"`
	Endpoint       string               `json:"endpoint" doc:"the name of the endpoint"`
	NotificationID string               `json:"notification_id" doc:"ntf_…"`
	Type           string               `json:"type" doc:"of the notification"`
	Reference      string               `json:"reference,omitempty" doc:"your id of the person or business"`
	State          domain.DeliveryState `json:"state" enum:"waiting,held,delivered,failed" doc:"held: an earlier delivery of its subject is not finished"`
	Attempts       int                  `json:"attempts" doc:"how often it was tried"`
	NextAttemptAt  *time.Time           `json:"next_attempt_at" doc:"null when it is finished"`
	Log            []domain.Attempt     `json:"log" doc:"the last ten attempts, oldest first, each with the start of the answer"`
	CreatedAt      time.Time            `json:"created_at"`
	FinishedAt     *time.Time           `json:"finished_at" doc:"null while it waits"`
}

func showDelivery(d domain.Delivery) Delivery {
	return Delivery{
		d.ID, d.Endpoint, d.Notification, d.Type, d.Subject, d.State, d.Attempts, orNull(d.NextAttemptAt), append([]domain.Attempt{}, d.Log...), d.CreatedAt, orNull(d.FinishedAt),
	}
}

type deliveriesInput struct {
	PageInput
	Endpoint     ID     `query:"endpoint" doc:"the name of one endpoint"`
	Notification ID     `query:"notification" doc:"the id of one notification"`
	State        string `query:"state" enum:"waiting,held,delivered,failed" doc:"only those in this state; held: behind an earlier one of the same subject"`
}

func (in deliveriesInput) filter() store.Filter {
	f := in.PageInput.filter()
	f.Endpoint, f.Notification, f.State = string(in.Endpoint), string(in.Notification), in.State
	return f
}

func (s *server) getDelivery(ctx context.Context, in *IDInput) (*struct{ Body Delivery }, error) {
	_, d, err := rowOf(ctx, s, in, s.Store.Delivery)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Delivery }{showDelivery(d)}, nil
}

// maxReplayed limits the deliveries of one request.
const maxReplayed = 10_000

// ReplayedDeliveries says how many notifications are delivered again.
type ReplayedDeliveries struct {
	Replayed int    `json:"replayed"`
	Next     string `json:"next,omitempty" doc:"present if there are more: repeat the request with this as after, or with the same failed_since"`
}

func (s *server) replayDelivery(ctx context.Context, in *IDInput) (*struct{ Body ReplayedDeliveries }, error) {
	env, d, err := rowOf(ctx, s, in, s.Store.Delivery)
	if err != nil {
		return nil, err
	}
	return s.redeliver(ctx, env, d.Endpoint, store.Selection{Delivery: d.ID}, "delivery "+d.ID)
}

func (s *server) replayDeliveries(ctx context.Context, in *struct {
	EndpointInput
	Body struct {
		FailedSince time.Time `json:"failed_since,omitempty" doc:"replays deliveries that failed since then and were not replayed"`
		After       string    `json:"after,omitempty" pattern:"^[0-9]{1,18}$" doc:"replays notifications after this sequence"`
		Until       string    `json:"until,omitempty" pattern:"^[0-9]{1,18}$" doc:"replays notifications up to this sequence"`
	}
}) (*struct{ Body ReplayedDeliveries }, error) {
	e, err := s.endpoint(ctx, in.EndpointInput)
	if err != nil {
		return nil, err
	}
	failed, ranged := !in.Body.FailedSince.IsZero(), in.Body.After != "" || in.Body.Until != ""
	switch {
	case failed && ranged:
		return nil, huma.Error422UnprocessableEntity("give failed_since, or after and until, not both")
	case failed:
		return s.redeliver(ctx, e.Environment, e.Name, store.Selection{FailedSince: in.Body.FailedSince}, "those that failed since "+in.Body.FailedSince.Format(time.RFC3339))
	case in.Body.Until == "":
		return nil, huma.Error422UnprocessableEntity("give failed_since, or after and until")
	}
	what := store.Selection{After: sequence(in.Body.After), Until: sequence(in.Body.Until)}
	return s.redeliver(ctx, e.Environment, e.Name, what, fmt.Sprintf("notifications after %d up to %d", what.After, what.Until))
}

func (s *server) redeliver(ctx context.Context, env domain.Environment, endpoint string, what store.Selection, which string) (*struct{ Body ReplayedDeliveries }, error) {
	n, last, err := s.Store.Redeliver(ctx, env, endpoint, what, maxReplayed, s.Now(), s.said(ctx, env, "deliveries.replayed", endpoint+": "+which))
	if err != nil {
		return nil, s.notFoundOr(ctx, err)
	}
	replayed := ReplayedDeliveries{Replayed: n}
	if last > 0 {
		replayed.Next = strconv.FormatInt(last, 10)
	}
	return &struct{ Body ReplayedDeliveries }{replayed}, nil
}
