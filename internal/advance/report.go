package advance

import (
	"context"
	"log/slog"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/policy"
)

// report logs and counts what was committed.
func (a *Advancer) report(ctx context.Context, env domain.Environment, all []*work, told []domain.Notification) {
	for _, w := range all {
		if w != nil {
			w.report(ctx)
		}
	}
	for _, n := range told {
		a.metrics.Notified.WithLabelValues(string(env), n.Type).Inc()
	}
	notify.Print(ctx, a.logger, told)
}

func (w *work) report(ctx context.Context) {
	log := w.logger.With("environment", w.env, "object", w.ref.ID, "type", w.ref.Type)
	for _, m := range w.save.Events {
		w.metrics.Advanced.WithLabelValues(string(w.env), string(m.State)).Inc()
		if m.State == domain.EventPoison {
			log.ErrorContext(ctx, "event marked as poison", "event", m.ID, "reason", m.Reason)
		}
	}
	if len(w.save.Objects) > 0 {
		for _, t := range w.transitions {
			log.InfoContext(ctx, "status changed", "from", t.From, "to", t.To, "event", t.EventID, "name", t.Event)
		}
	}
	for _, d := range w.save.Decisions {
		w.reportDecision(ctx, log, d)
	}
}

func (w *work) reportDecision(ctx context.Context, log *slog.Logger, d domain.Decision) {
	level := slog.LevelInfo
	switch d.Result {
	case domain.NotEvaluated, domain.Incomplete:
		level = slog.LevelError
		w.metrics.PolicyErrors.WithLabelValues(string(w.env), d.Rule, string(d.Result)).Inc()
	}
	w.metrics.Decided.WithLabelValues(string(w.env), d.Rule).Inc()
	log.Log(ctx, level, "decided", "decision", d.ID, "result", d.Result, "rule", d.Rule, "policy", d.PolicyVersion, "reason", d.Reason, "actions", len(d.Actions),
		"failed_checks", policy.FailedChecks(w.facts.Verifications), "risk_signals", riskSignals(w.facts))
}

// riskSignals returns the types of the reports with a match and the reasons of failed
// checks. These are codes and contain no personal data.
func riskSignals(f *policy.Facts) []string {
	signals := []string{}
	for _, r := range f.Reports {
		if string(r.Attributes["has-match"]) == "true" {
			signals = append(signals, strings.TrimPrefix(r.Ref.Type, "report/")+".matched")
		}
	}
	return append(signals, policy.FailureReasons(f.Verifications)...)
}
