package telemetry

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/idemhq/idem/internal/domain"
)

// Endpoints reads the notification endpoints of an environment: see store.Deliveries.
type Endpoints func(context.Context, domain.Environment) ([]domain.Endpoint, error)

// WatchEndpoints reads the state of the notification endpoints at each scrape. It fails if
// it is called twice.
func (m *Metrics) WatchEndpoints(environments []domain.Environment, read Endpoints, logger *slog.Logger) error {
	return m.registry.Register(&endpointCollector{environments, read, logger})
}

type endpointCollector struct {
	environments []domain.Environment
	read         Endpoints
	logger       *slog.Logger
}

var (
	endpointEnabled  = prometheus.NewDesc("idem_endpoint_enabled", "0 for a notification endpoint that is disabled, else 1; alert on 0.", []string{"environment", "endpoint"}, nil)
	endpointFailures = prometheus.NewDesc("idem_endpoint_failures", "Attempts in a row that a notification endpoint did not answer, or answered with 429 or 5xx.", []string{"environment", "endpoint"}, nil)
)

// Describe implements [prometheus.Collector].
func (c *endpointCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- endpointEnabled
	ch <- endpointFailures
}

// Collect implements [prometheus.Collector].
func (c *endpointCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	for _, env := range c.environments {
		endpoints, err := c.read(ctx, env)
		if err != nil {
			c.logger.WarnContext(ctx, "reading metrics of endpoints from the database failed", "environment", env, "error", err)
			continue
		}
		for _, e := range endpoints {
			enabled := 1.0
			if e.Disabled != "" {
				enabled = 0
			}
			ch <- prometheus.MustNewConstMetric(endpointEnabled, prometheus.GaugeValue, enabled, string(env), e.Name)
			ch <- prometheus.MustNewConstMetric(endpointFailures, prometheus.GaugeValue, float64(e.Failures), string(env), e.Name)
		}
	}
}
