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
)

const (
	longWait    = time.Minute      // an event that waits so long is looked at
	tooLongWait = 15 * time.Minute // something is broken
)

// process checks the running service.
func (o Options) process(ctx context.Context, tell func(Finding)) {
	f := Finding{Check: "service", Level: OK}
	status, text, err := o.get(ctx, "/readyz")
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	switch {
	case err != nil:
		f.Level, f.Found = Skipped, fmt.Sprintf("no service answers at %s", o.ServiceURL)
		f.Do = "start it with idem serve, or set --url; its backlog was not examined"
		tell(f)
		return
	case status != http.StatusOK:
		f.Level, f.Found, f.Do = Problem, fmt.Sprintf("%s answers %d: %s", o.ServiceURL, status, line), "look at its log"
	default:
		f.Found = o.ServiceURL + " is ready"
	}
	tell(f)
	o.backlog(ctx, tell)
}

// backlog reads unfinished work from the metrics, which need no token.
func (o Options) backlog(ctx context.Context, tell func(Finding)) {
	status, text, err := o.get(ctx, "/metrics")
	if err != nil || status != http.StatusOK {
		tell(Finding{Check: "backlog", Level: Skipped, Found: "the service shows no metrics"})
		return
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		tell(Finding{Check: "backlog", Level: Skipped, Found: "the metrics of the service cannot be read"})
		return
	}
	for _, environment := range o.Environments {
		named := func(f Finding) {
			f.Environment = string(environment)
			tell(f)
		}
		value := func(name, state string) (float64, bool) { return gauge(families[name], string(environment), state) }
		named(waiting(value))
		named(poison(value))
		named(dead(value))
	}
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
	return Finding{Check: "poison events", Level: Warning, Found: plural(int(n), "event") + " cannot be processed", Do: "see why with: idem events list --state poison; after an upgrade: idem events resend --state poison"}
}

func dead(value gauges) Finding {
	n, _ := value("idem_actions", "dead")
	if n == 0 {
		return Finding{Check: "dead actions", Level: OK, Found: "none"}
	}
	return Finding{Check: "dead actions", Level: Problem, Found: plural(int(n), "action") + " was given up: somebody waits for it", Do: "see why with: idem actions list --state dead --details; then: idem actions retry ID"}
}

// gauge finds a value by its labels.
func gauge(family *dto.MetricFamily, environment, state string) (float64, bool) {
	for _, metric := range family.GetMetric() {
		fits := true
		for _, label := range metric.GetLabel() {
			switch label.GetName() {
			case "environment":
				fits = fits && label.GetValue() == environment
			case "state":
				fits = fits && label.GetValue() == state
			}
		}
		if fits {
			return metric.GetGauge().GetValue(), true
		}
	}
	return 0, false
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
