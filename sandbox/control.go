package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// CallRecord is one call of the API, replays of idempotent answers among them. The
// API log, like Persona's, has neither those nor the idempotency keys.
type CallRecord struct {
	RequestID      string `json:"request_id"`
	At             string `json:"at"`
	Method         string `json:"method"`
	Path           string `json:"path"`
	Operation      string `json:"operation,omitempty"` // as Inquiries.Approve; empty for an unknown path
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	Status         int    `json:"status"`
	Replayed       bool   `json:"replayed,omitempty"` // answered from an earlier call with the same key
	Lost           bool   `json:"lost,omitempty"`     // the answer was lost on purpose
	Fault          string `json:"fault,omitempty"`    // the kind of fault that happened to it
}

func (e *environment) remember(record CallRecord) {
	e.calls.add(record, func(CallRecord) bool { return true })
}

// Calls returns every call of an environment's API, oldest first. The environment is
// sandbox or production.
func (s *Sandbox) Calls(environment string) []CallRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := []CallRecord{}
	if env := s.environments[environment]; env != nil {
		calls = slices.Concat(calls, env.calls.entries)
	}
	return calls
}

// Now returns the time by the sandbox's clock.
func (s *Sandbox) Now() time.Time { return s.clock.now() }

// serveControl answers what is below /_sandbox/.
func (s *Sandbox) serveControl(w http.ResponseWriter, r *http.Request) {
	if !s.options.RemoteControl && !(isLoopback(r) && calledLocally(r)) {
		writeJSON(w, http.StatusForbidden, forbidden("the sandbox is controlled from its own machine only").body())
		return
	}
	if http.NewCrossOriginProtection().Check(r) != nil { // a page of another site, in a browser on this machine
		writeJSON(w, http.StatusForbidden, forbidden("the sandbox is not controlled from other sites").body())
		return
	}
	environment := r.URL.Query().Get("environment")
	if environment == "" {
		environment = "sandbox"
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /_sandbox/clock":
		writeJSON(w, http.StatusOK, map[string]any{"now": stamp(s.Now())})
	case "POST /_sandbox/clock":
		var order struct{ Advance string }
		if !readControl(w, r, &order) {
			return
		}
		d, err := time.ParseDuration(order.Advance)
		if err != nil || d < 0 {
			writeJSON(w, http.StatusBadRequest, badRequest("advance must be a duration such as 6m, and not below zero").body())
			return
		}
		s.Advance(d)
		writeJSON(w, http.StatusOK, map[string]any{"now": stamp(s.Now())})
	case "POST /_sandbox/act":
		s.serveAct(w, r, environment)
	case "POST /_sandbox/faults":
		s.serveNewFault(w, r)
	case "GET /_sandbox/faults":
		shown := []faultDocument{}
		for _, fault := range s.Faults() {
			shown = append(shown, newFaultDocument(fault))
		}
		writeJSON(w, http.StatusOK, shown)
	case "DELETE /_sandbox/faults":
		s.serveFaultRemoval(w, r)
	case "POST /_sandbox/sink": // takes webhooks for those who have no receiver yet
		w.WriteHeader(http.StatusOK)
	case "POST /_sandbox/reset":
		s.Reset()
		writeJSON(w, http.StatusOK, s.summary())
	case "GET /_sandbox/snapshot":
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="sandbox.snapshot"`)
		_ = s.Snapshot(w) // the caller is gone
	case "PUT /_sandbox/snapshot":
		if err := s.Restore(r.Body); err != nil {
			writeJSON(w, http.StatusBadRequest, badRequest(err.Error()).body())
			return
		}
		writeJSON(w, http.StatusOK, s.summary())
	case "GET /_sandbox/deliveries":
		writeJSON(w, http.StatusOK, s.Deliveries(environment))
	case "GET /_sandbox/calls":
		writeJSON(w, http.StatusOK, s.Calls(environment))
	case "GET /_sandbox/state":
		writeJSON(w, http.StatusOK, s.summary())
	default:
		if s.inspector().serve(w, r) {
			return
		}
		writeJSON(w, http.StatusNotFound, notFound("there is the inspector at /_sandbox/, GET and POST /_sandbox/clock, POST /_sandbox/act, GET, POST and DELETE /_sandbox/faults, POST /_sandbox/reset, GET and PUT /_sandbox/snapshot, and GET /_sandbox/deliveries, calls and state").body())
	}
}

// readControl reads the body of a control request; it answers when it cannot.
func readControl(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		writeJSON(w, http.StatusBadRequest, badRequest("the body is not what this control takes").body())
		return false
	}
	return true
}

// summary counts what there is.
func (s *Sandbox) summary() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := map[string]any{"now": stamp(s.clock.now()), "faults": len(s.faults.active)}
	for name, env := range s.environments {
		counts := map[string]int{}
		for _, family := range env.families {
			counts[family] = env.count(family)
		}
		states := map[string]int{}
		for _, delivery := range env.deliveries.entries {
			states[delivery.State]++
		}
		state[name] = map[string]any{"environment_id": env.id, "resources": counts, "deliveries": states, "calls": len(env.calls.entries)}
	}
	return state
}
