package pages

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// control is the control API, below /_sandbox/.
type control struct{ engine *engine.Engine }

func newControl(e *engine.Engine, mux *http.ServeMux) {
	c := &control{e}
	mux.HandleFunc("GET /_sandbox/clock", c.now)
	mux.HandleFunc("POST /_sandbox/clock", c.advance)
	mux.HandleFunc("POST /_sandbox/act", func(w http.ResponseWriter, r *http.Request) { serveAct(e, w, r, environmentOf(r)) })
	mux.HandleFunc("GET /_sandbox/faults", c.faults)
	mux.HandleFunc("POST /_sandbox/faults", func(w http.ResponseWriter, r *http.Request) { serveNewFault(e, w, r) })
	mux.HandleFunc("DELETE /_sandbox/faults", func(w http.ResponseWriter, r *http.Request) { serveFaultRemoval(e, w, r) })
	mux.HandleFunc("POST /_sandbox/sink", func(http.ResponseWriter, *http.Request) {}) // takes webhooks for those who have no receiver yet
	mux.HandleFunc("POST /_sandbox/reset", func(w http.ResponseWriter, _ *http.Request) {
		e.Reset()
		c.state(w, nil)
	})
	mux.HandleFunc("GET /_sandbox/snapshot", c.snapshot)
	mux.HandleFunc("PUT /_sandbox/snapshot", c.restore)
	mux.HandleFunc("GET /_sandbox/deliveries", func(w http.ResponseWriter, r *http.Request) {
		engine.WriteJSON(w, http.StatusOK, e.Deliveries(environmentOf(r)))
	})
	mux.HandleFunc("GET /_sandbox/calls", func(w http.ResponseWriter, r *http.Request) {
		engine.WriteJSON(w, http.StatusOK, e.Calls(environmentOf(r)))
	})
	mux.HandleFunc("GET /_sandbox/state", c.state)
}

// environmentOf is the environment that a control request is about.
func environmentOf(r *http.Request) catalog.Environment {
	return catalog.Environment(cmp.Or(r.URL.Query().Get("environment"), "sandbox"))
}

func (c *control) now(w http.ResponseWriter, _ *http.Request) {
	engine.WriteJSON(w, http.StatusOK, map[string]any{"now": simclock.Stamp(c.engine.Now())})
}

func (c *control) advance(w http.ResponseWriter, r *http.Request) {
	var order struct{ Advance string }
	if !readControl(w, r, &order) {
		return
	}
	d, err := time.ParseDuration(order.Advance)
	if err != nil || d < 0 {
		engine.WriteJSON(w, http.StatusBadRequest, engine.BadRequest("advance must be a duration such as 6m, and not below zero").Body())
		return
	}
	c.engine.Advance(d)
	c.now(w, r)
}

func (c *control) faults(w http.ResponseWriter, _ *http.Request) {
	shown := []faultDocument{}
	for _, fault := range c.engine.Faults() {
		shown = append(shown, newFaultDocument(fault))
	}
	engine.WriteJSON(w, http.StatusOK, shown)
}

func (c *control) snapshot(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="sandbox.snapshot"`)
	_ = c.engine.Snapshot(w) // the caller is gone
}

func (c *control) restore(w http.ResponseWriter, r *http.Request) {
	if err := c.engine.Restore(r.Body); err != nil {
		engine.WriteJSON(w, http.StatusBadRequest, engine.BadRequest(err.Error()).Body())
		return
	}
	c.state(w, r)
}

func (c *control) state(w http.ResponseWriter, _ *http.Request) {
	engine.WriteJSON(w, http.StatusOK, summary(c.engine))
}

// readControl reads the body of a control request; it answers when it cannot.
func readControl(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		engine.WriteJSON(w, http.StatusBadRequest, engine.BadRequest("the body is not what this control takes").Body())
		return false
	}
	return true
}

// summary counts what there is.
func summary(s *engine.Engine) map[string]any {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	state := map[string]any{"now": simclock.Stamp(s.Clock.Now()), "faults": len(s.Planned.Active)}
	for name, env := range s.Environments {
		counts := map[string]int{}
		for _, family := range env.Families {
			counts[family] = env.Count(family)
		}
		states := map[string]int{}
		for _, delivery := range env.Deliveries.Entries {
			states[delivery.State]++
		}
		state[name] = map[string]any{"environment_id": env.ID, "resources": counts, "deliveries": states, "calls": len(env.Calls.Entries)}
	}
	return state
}
