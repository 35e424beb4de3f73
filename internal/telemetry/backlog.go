package telemetry

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// backlogTimeout is how long a scrape waits for the database per environment. Prometheus'
// default limit for a scrape is ten seconds.
const backlogTimeout = 2 * time.Second

// Backlog reads the unfinished work of an environment: see [store.Store].
type Backlog func(context.Context, domain.Environment) (store.Backlog, error)

// WatchBacklog reads the backlog of some environments at each scrape. While it cannot be
// read, idem_store_up is 0 and the environment's gauges are absent, since an old value
// would be misleading. It fails if it is called twice.
func (m *Metrics) WatchBacklog(environments []domain.Environment, read Backlog, logger *slog.Logger, now func() time.Time) error {
	return m.registry.Register(&backlogCollector{environments, read, logger, now})
}

type backlogCollector struct {
	environments []domain.Environment
	read         Backlog
	logger       *slog.Logger
	now          func() time.Time
}

var (
	storeUp      = prometheus.NewDesc("idem_store_up", "1 when the database told this scrape what is not finished, 0 when it did not.", []string{"environment"}, nil)
	inboxEvents  = prometheus.NewDesc("idem_inbox_events", "Events that are waiting or poison; alert on poison.", []string{"environment", "state"}, nil)
	inboxOldest  = prometheus.NewDesc("idem_inbox_oldest_waiting_seconds", "How long the oldest waiting event has waited; 0 when none waits. Alert on its height.", []string{"environment"}, nil)
	inboxRetries = prometheus.NewDesc("idem_inbox_retries", "Waiting events that were tried and failed, by kind of reason.", []string{"environment", "reason"}, nil)
	actionStates = prometheus.NewDesc("idem_actions", "Actions that are waiting or dead; alert on dead.", []string{"environment", "state"}, nil)
)

// Describe implements [prometheus.Collector].
func (c *backlogCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{storeUp, inboxEvents, inboxOldest, inboxRetries, actionStates} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *backlogCollector) Collect(ch chan<- prometheus.Metric) {
	for _, env := range c.environments {
		c.collect(env, func(d *prometheus.Desc, value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, append([]string{string(env)}, labels...)...)
		})
	}
}

func (c *backlogCollector) collect(env domain.Environment, gauge func(d *prometheus.Desc, value float64, labels ...string)) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	b, err := c.read(ctx, env)
	if err != nil {
		c.logger.WarnContext(ctx, "reading metrics from the database failed", "environment", env, "error", err)
		gauge(storeUp, 0)
		return
	}
	gauge(storeUp, 1)
	gauge(inboxEvents, float64(b.Waiting), string(domain.EventWaiting))
	gauge(inboxEvents, float64(b.Poison), string(domain.EventPoison))
	gauge(inboxOldest, waited(b.OldestWaiting, c.now()))
	gauge(inboxRetries, float64(b.Reasons[store.OtherReason]), store.OtherReason) // always present, so that sums are possible
	for kind, n := range b.Reasons {
		if kind != store.OtherReason {
			gauge(inboxRetries, float64(n), kind)
		}
	}
	gauge(actionStates, float64(b.ActionsWaiting), string(domain.ActionWaiting))
	gauge(actionStates, float64(b.ActionsDead), string(domain.ActionDead))
}

// waited returns the seconds since a time. It is 0 for the zero time, and for a time in the
// future, from a node whose clock is ahead.
func waited(since, now time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}
