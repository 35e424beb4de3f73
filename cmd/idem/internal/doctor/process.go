package doctor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/idemhq/idem/service"
)

const (
	longWait    = time.Minute      // an event that waits so long is looked at
	tooLongWait = 15 * time.Minute // something is broken
)

// process checks the running service. It returns how many webhooks of each environment the
// service has accepted since its start.
func (o Options) process(ctx context.Context, tell func(Finding)) map[service.Environment]int {
	f := Finding{Check: "service", Level: OK}
	status, text, err := o.get(ctx, "/readyz")
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	switch {
	case err != nil:
		f.Level, f.Found = Skipped, fmt.Sprintf("no service answers at %s", o.ServiceURL)
		f.Do = "start it with idem serve, or set --url; its backlog was not examined"
		tell(f)
		return nil
	case status != http.StatusOK:
		f.Level, f.Found, f.Do = Problem, fmt.Sprintf("%s answers %d: %s", o.ServiceURL, status, line), "look at its log"
	default:
		f.Found = o.ServiceURL + " is ready"
	}
	tell(f)
	return o.metrics(ctx, tell)
}

// metrics reads unfinished work from the metrics, which need no token, and returns the accepted
// webhooks.
func (o Options) metrics(ctx context.Context, tell func(Finding)) map[service.Environment]int {
	status, text, err := o.get(ctx, "/metrics")
	if err != nil || status != http.StatusOK {
		tell(Finding{Check: "backlog", Level: Skipped, Found: "the service shows no metrics"})
		return nil
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		tell(Finding{Check: "backlog", Level: Skipped, Found: "the metrics of the service cannot be read"})
		return nil
	}
	tell(reload(families))
	accepted := map[service.Environment]int{}
	for _, environment := range o.Environments {
		named := func(f Finding) {
			f.Environment = string(environment)
			tell(f)
		}
		value := func(name, state string) (float64, bool) { return gauge(families[name], string(environment), state) }
		named(waiting(value))
		named(poison(value))
		named(dead(value))
		received := func(outcome string) float64 {
			return sum(families["idem_webhooks_received_total"], map[string]string{"environment": string(environment), "outcome": outcome})
		}
		named(deliveries(received))
		named(silent(families, string(environment)))
		accepted[environment] = int(received("accepted") + received("duplicate"))
	}
	return accepted
}

// reload reports a configuration on disk that the service cannot use.
func reload(families map[string]*dto.MetricFamily) Finding {
	f := Finding{Check: "reload", Level: OK, Found: "the service could use the configuration on disk"}
	for _, metric := range families["idem_config_last_reload_successful"].GetMetric() {
		if metric.GetGauge().GetValue() == 0 {
			f.Level, f.Found = Problem, "the service could not use the configuration on disk, and goes on with the one before"
			f.Do = "see why in its log, or with: idem serve --check"
		}
	}
	return f
}

// silent reports notification endpoints that receive nothing.
func silent(families map[string]*dto.MetricFamily, environment string) Finding {
	f := Finding{Check: "endpoints", Level: OK}
	enabled, disabled := 0, []string{}
	for _, metric := range families["idem_endpoint_enabled"].GetMetric() {
		if !labelled(metric, map[string]string{"environment": environment}) {
			continue
		}
		if metric.GetGauge().GetValue() == 0 {
			disabled = append(disabled, label(metric, "endpoint"))
		} else {
			enabled++
		}
	}
	var paused []string
	for _, metric := range families["idem_endpoint_paused"].GetMetric() {
		if labelled(metric, map[string]string{"environment": environment}) && metric.GetGauge().GetValue() > 0 {
			paused = append(paused, label(metric, "endpoint"))
		}
	}
	f.Found = plural(enabled, "notification endpoint") + " enabled"
	switch {
	case len(disabled) > 0:
		f.Level, f.Found = Warning, f.Found+"; disabled: "+strings.Join(disabled, ", ")
		f.Do = "enable them again when they accept notifications: docs/service.md, Manage endpoints"
	case len(paused) > 0:
		f.Level, f.Found, f.Do = Warning, f.Found+"; paused: "+strings.Join(paused, ", "), "check why they do not answer; they are tried once a minute"
	}
	return f
}

type gauges func(name, state string) (value float64, known bool)

func waiting(value gauges) Finding {
	f := Finding{Check: "oldest waiting", Level: OK, Found: "no event waits"}
	seconds, known := value("idem_inbox_oldest_waiting_seconds", "")
	n, _ := value("idem_inbox_events", "waiting")
	if !known {
		return Finding{Check: f.Check, Level: Problem, Found: "the service cannot read its database", Do: "look at the log of the service"}
	}
	if n == 0 {
		return f
	}
	oldest := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	f.Found = fmt.Sprintf("%s, the oldest for %s", plural(int(n), "waiting event"), oldest)
	switch {
	case oldest >= tooLongWait:
		f.Level, f.Do = Problem, "see why with: idem events list --state waiting"
	case oldest >= longWait:
		f.Level, f.Do = Warning, "see why with: idem events list --state waiting"
	}
	return f
}

func poison(value gauges) Finding {
	n, _ := value("idem_inbox_events", "poison")
	if n == 0 {
		return Finding{Check: "poison events", Level: OK, Found: "none"}
	}
	return Finding{Check: "poison events", Level: Warning, Found: plural(int(n), "event") + " cannot be processed", Do: "see why with: idem events list --state poison; after an upgrade: idem events replay --state poison"}
}

func dead(value gauges) Finding {
	n, _ := value("idem_actions", "dead")
	if n == 0 {
		return Finding{Check: "dead actions", Level: OK, Found: "none"}
	}
	return Finding{Check: "dead actions", Level: Problem, Found: plural(int(n), "action") + " was given up: somebody waits for it", Do: "see why with: idem actions list --state dead --details; then: idem actions replay ID"}
}

// gauge finds the value of a gauge by its labels. An empty state fits all.
func gauge(family *dto.MetricFamily, environment, state string) (float64, bool) {
	wanted := map[string]string{"environment": environment}
	if state != "" {
		wanted["state"] = state
	}
	for _, metric := range family.GetMetric() {
		if labelled(metric, wanted) {
			return metric.GetGauge().GetValue(), true
		}
	}
	return 0, false
}

// sum adds the values of the counters with some labels.
func sum(family *dto.MetricFamily, wanted map[string]string) (total float64) {
	for _, metric := range family.GetMetric() {
		if labelled(metric, wanted) {
			total += metric.GetCounter().GetValue()
		}
	}
	return total
}

// labelled reports whether a metric has all of some labels.
func labelled(metric *dto.Metric, wanted map[string]string) bool {
	for name, value := range wanted {
		if label(metric, name) != value {
			return false
		}
	}
	return true
}

func label(metric *dto.Metric, name string) string {
	for _, l := range metric.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func (o Options) get(ctx context.Context, path string) (status int, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(o.ServiceURL, "/")+path, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := o.HTTP.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	return res.StatusCode, string(b), err
}
