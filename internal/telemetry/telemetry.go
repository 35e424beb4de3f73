// Package telemetry defines the service's metrics and creates its logger.
package telemetry

import (
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the counters of the stages. Create them with [New].
type Metrics struct {
	registry *prometheus.Registry

	Received     *prometheus.CounterVec   // webhook requests by environment and outcome
	Intake       *prometheus.HistogramVec // seconds from request to answer, by environment
	Advanced     *prometheus.CounterVec   // events by environment and new state
	Decided      *prometheus.CounterVec   // decisions by environment and rule
	Performed    *prometheus.CounterVec   // attempts of actions by environment, kind and new state
	Notified     *prometheus.CounterVec   // notifications by environment and type
	Reconciled   *prometheus.CounterVec   // events of Persona's list by environment and outcome: known, early, future, missed, history, poison
	ReconciledAt *prometheus.GaugeVec     // when the last reconciliation finished, in Unix seconds, by environment
	PolicyErrors *prometheus.CounterVec   // decisions that became a review because a rule could not be evaluated or a fact was missing, by environment, rule and result
	Delivered    *prometheus.CounterVec   // attempts to deliver notifications by environment, endpoint and what they came to: delivered, retried, failed
	Delivery     *prometheus.HistogramVec // seconds from a notification to its acceptance by an endpoint, by environment
	Paused       *prometheus.GaugeVec     // 1 while an endpoint's circuit breaker is open, by environment and endpoint
	Verified     *prometheus.CounterVec   // calls that verify somebody, by environment, flow and result
	Verifying    *prometheus.HistogramVec // seconds that they took, by environment and flow
	Nodes        prometheus.Gauge         // processes on the same database
	ReloadOK     prometheus.Gauge         // 1 if the last reload of the configuration succeeded, or there was none
	ReloadedAt   prometheus.Gauge         // when the configuration was loaded last, in Unix seconds
	KeyCreated   *prometheus.GaugeVec     // when an API key or a webhook secret was made, in Unix seconds, by environment and kind
	KeyExpires   *prometheus.GaugeVec     // when an API key expires; absent if it does not
	RotationDue  *prometheus.GaugeVec     // when a key or secret is to be rotated; absent if it is not
	RotationOK   *prometheus.GaugeVec     // 0 while a rotation fails
}

// New returns metrics with their own registry.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		Received: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_webhooks_received_total", Help: "Webhook requests by outcome."}, []string{"environment", "outcome"}),
		Intake: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "idem_intake_seconds", Help: "Time from a webhook request to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}}, []string{"environment"}),
		Advanced:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_events_total", Help: "Events by the state they came to."}, []string{"environment", "state"}),
		Decided:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_decisions_total", Help: "Decisions by rule."}, []string{"environment", "rule"}),
		Performed:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_action_attempts_total", Help: "Attempts of actions by the state they came to."}, []string{"environment", "kind", "state"}),
		Notified:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_notifications_total", Help: "Notifications by type."}, []string{"environment", "type"}),
		Reconciled:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_reconciled_events_total", Help: "Events of Persona's list; missed ones had not come by webhook, poison ones cannot be worked on, future ones are dated after the node's clock."}, []string{"environment", "outcome"}),
		ReconciledAt: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "idem_reconciled_timestamp_seconds", Help: "When a reconciliation finished last; alert on its age."}, []string{"environment"}),
		PolicyErrors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_policy_errors_total", Help: "Decisions that became a review because a rule could not be evaluated or facts were missing; alert on any."}, []string{"environment", "rule", "result"}),
		Nodes:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "idem_nodes", Help: "Processes that are at work on the database."}),
	}
	m.Delivered = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_delivery_attempts_total", Help: "Attempts to deliver notifications to endpoints, by what the delivery came to; alert on failed."}, []string{"environment", "endpoint", "state"})
	m.Delivery = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "idem_delivery_seconds", Help: "Time from a notification to its acceptance by an endpoint.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 5, 30, 300, 3600, 86400}}, []string{"environment"})
	m.Verified = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idem_verifications_total", Help: "Calls that verify somebody, by flow and by what was done; alert on key_refused, unavailable and failed."}, []string{"environment", "flow", "result"})
	m.Verifying = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "idem_verification_seconds", Help: "Time that a call to verify somebody took.",
		Buckets: []float64{.005, .025, .1, .25, .5, 1, 2.5, 5, 10, 25}}, []string{"environment", "flow"})
	m.registry.MustRegister(m.Verified, m.Verifying)
	m.Paused = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "idem_endpoint_paused", Help: "1 while an endpoint fails and is tried once in a while; alert when it stays 1."}, []string{"environment", "endpoint"})
	m.ReloadOK = prometheus.NewGauge(prometheus.GaugeOpts{Name: "idem_config_last_reload_successful", Help: "1 if the configuration on disk is in use, 0 if the last reload rejected it; alert on 0."})
	m.ReloadedAt = prometheus.NewGauge(prometheus.GaugeOpts{Name: "idem_config_last_reload_success_timestamp_seconds", Help: "When the configuration was loaded last."})
	key := []string{"environment", "kind"}
	m.KeyCreated = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "idem_key_created_timestamp_seconds", Help: "When an API key or a webhook secret was made, as far as Persona tells."}, key)
	m.KeyExpires = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "idem_key_expires_timestamp_seconds", Help: "When an API key expires; absent if it does not. Alert before."}, key)
	m.RotationDue = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "idem_key_rotation_due_timestamp_seconds", Help: "When a key or secret is rotated; absent without rotate_keys. Alert when it is in the past for a day."}, key)
	m.RotationOK = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "idem_key_rotation_successful", Help: "0 while the rotation of a key or secret fails; alert on 0."}, key)
	m.registry.MustRegister(m.KeyCreated, m.KeyExpires, m.RotationDue, m.RotationOK)
	m.Nodes.Set(1)
	m.ReloadOK.Set(1)
	m.ReloadedAt.SetToCurrentTime()
	m.registry.MustRegister(m.Received, m.Intake, m.Advanced, m.Decided, m.Performed, m.Notified, m.Reconciled, m.ReconciledAt, m.PolicyErrors, m.Delivered, m.Delivery, m.Paused, m.Nodes, m.ReloadOK, m.ReloadedAt,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// maxScrapes is the number of concurrent scrapes. Each queries the database, and anybody
// who can reach the address can cause one.
const maxScrapes = 4

// Handler serves the metrics in Prometheus' format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

// NewLogger returns a logger with the format text or json. It masks attributes whose key,
// or a group's key, names a secret or personal data. The code logs none; this is a second
// line of defence.
func NewLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: mask}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func mask(groups []string, a slog.Attr) slog.Attr {
	if sensitive(a.Key) || slices.ContainsFunc(groups, sensitive) {
		return slog.String(a.Key, "[masked]")
	}
	return a
}

// sensitive reports whether a key, in any casing, names data that must not be logged.
func sensitive(key string) bool {
	switch strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(key)) {
	case "apikey", "authorization", "secret", "secrets", "webhooksecrets", "token", "sessiontoken", "signature", "personasignature", "link", "onetimelink", "onetimelinkshort",
		"body", "attributes", "fields", "namefirst", "namemiddle", "namelast", "birthdate", "emailaddress", "phonenumber", "identificationnumber", "socialsecuritynumber":
		return true
	default:
		return false
	}
}
