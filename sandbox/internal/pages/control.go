package pages

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/acts"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// control is the control API.
type control struct{ engine *engine.Engine }

func registerControl(mux guardedMux, e *engine.Engine) {
	c := control{e}
	mux.HandleFunc("GET /_sandbox/clock", c.now)
	mux.HandleFunc("POST /_sandbox/clock", c.advance)
	mux.HandleFunc("POST /_sandbox/act", c.act)
	mux.HandleFunc("GET /_sandbox/faults", c.faults)
	mux.HandleFunc("POST /_sandbox/faults", c.addFault)
	mux.HandleFunc("DELETE /_sandbox/faults", c.removeFaults)
	mux.HandleFunc("POST /_sandbox/sink", func(http.ResponseWriter, *http.Request) {}) // for webhooks that have no receiver yet
	mux.HandleFunc("POST /_sandbox/reset", c.reset)
	mux.HandleFunc("GET /_sandbox/snapshot", c.snapshot)
	mux.HandleFunc("PUT /_sandbox/snapshot", c.restore)
	mux.HandleFunc("GET /_sandbox/deliveries", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, e.Deliveries(environmentOf(r)))
	})
	mux.HandleFunc("GET /_sandbox/calls", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, e.Calls(environmentOf(r)))
	})
	mux.HandleFunc("GET /_sandbox/state", c.state)
}

// environmentOf returns the environment that a request names, or sandbox.
func environmentOf(r *http.Request) catalog.Environment {
	return catalog.Environment(cmp.Or(r.URL.Query().Get("environment"), string(catalog.EnvironmentSandbox)))
}

func (c control) now(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"now": simclock.Stamp(c.engine.Now())})
}

func (c control) advance(w http.ResponseWriter, r *http.Request) {
	var body struct{ Advance string }
	if !readControl(w, r, &body) {
		return
	}
	d, err := time.ParseDuration(body.Advance)
	if err != nil || d < 0 {
		writeRefusal(w, engine.BadRequest("advance must be a duration such as 6m, and not below zero"))
		return
	}
	c.engine.Advance(d)
	c.now(w, r)
}

func (c control) act(w http.ResponseWriter, r *http.Request) {
	var a acts.Act
	if !readControl(w, r, &a) {
		return
	}
	done, err := acts.Perform(c.engine, environmentOf(r), a)
	if err != nil {
		engine.WriteRefusal(w, err, "snake")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": done.ID, "type": done.Typ, "status": done.Attributes["status"]})
}

// faultDocument is a fault in JSON, with its delay as text.
type faultDocument struct {
	faults.ActiveFault
	Delay string `json:"delay,omitempty"`
}

func newFaultDocument(fault faults.ActiveFault) faultDocument {
	shown := faultDocument{ActiveFault: fault}
	if fault.Delay > 0 {
		shown.Delay = fault.Delay.String()
	}
	return shown
}

func (c control) faults(w http.ResponseWriter, _ *http.Request) {
	shown := []faultDocument{}
	for _, fault := range c.engine.Faults() {
		shown = append(shown, newFaultDocument(fault))
	}
	writeJSON(w, http.StatusOK, shown)
}

func (c control) addFault(w http.ResponseWriter, r *http.Request) {
	var body struct {
		faults.Fault
		Delay string `json:"delay"`
	}
	if !readControl(w, r, &body) {
		return
	}
	if body.Delay != "" {
		delay, err := time.ParseDuration(body.Delay)
		if err != nil {
			writeRefusal(w, engine.BadRequest("delay must be a duration such as 90s"))
			return
		}
		body.Fault.Delay = delay
	}
	fault, err := c.engine.AddFault(body.Fault)
	if err != nil {
		writeRefusal(w, engine.BadRequest(err.Error()))
		return
	}
	writeJSON(w, http.StatusOK, newFaultDocument(fault))
}

// removeFaults removes the fault that the query names, or all.
func (c control) removeFaults(w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("id")
	if text == "" {
		c.engine.ClearFaults()
		writeJSON(w, http.StatusOK, []faultDocument{})
		return
	}
	id, err := strconv.Atoi(text)
	if err != nil || !c.engine.RemoveFault(id) {
		writeRefusal(w, engine.NotFound("there is no fault with this id"))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": id})
}

func (c control) reset(w http.ResponseWriter, r *http.Request) {
	c.engine.Reset()
	c.state(w, r)
}

func (c control) snapshot(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="sandbox.snapshot"`)
	_ = c.engine.Snapshot(w) // the caller is gone
}

func (c control) restore(w http.ResponseWriter, r *http.Request) {
	if err := c.engine.Restore(r.Body); err != nil {
		writeRefusal(w, engine.BadRequest(err.Error()))
		return
	}
	c.state(w, r)
}

// state answers with counts of what the sandbox contains.
func (c control) state(w http.ResponseWriter, _ *http.Request) {
	state := map[string]any{"now": simclock.Stamp(c.engine.Now()), "faults": len(c.engine.Faults())}
	c.engine.WithLock(func() {
		for env := range c.engine.Environments() {
			counts := map[string]int{}
			for _, family := range env.Families() {
				counts[family] = env.Count(family)
			}
			state[env.Name] = map[string]any{"environment_id": env.ID, "resources": counts, "deliveries": env.Outbox().CountByState(), "calls": env.CallCount()}
		}
	})
	writeJSON(w, http.StatusOK, state)
}

// readControl reads the body of a control request. If it cannot, it answers the request.
func readControl(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		writeRefusal(w, engine.BadRequest("the body must be a JSON object with the fields of this control"+misspelt(err, into)))
		return false
	}
	return true
}

// misspelt ends the error about an unknown field with the field that was meant, if any.
func misspelt(err error, into any) string {
	_, rest, unknown := strings.Cut(err.Error(), "unknown field ")
	name, unquoted := strconv.Unquote(rest)
	if !unknown || unquoted != nil || len(name) > 80 {
		return ""
	}
	var known []string
	if t := reflect.TypeOf(into).Elem(); t.Kind() == reflect.Struct {
		for _, field := range reflect.VisibleFields(t) {
			known = append(known, jsonName(field))
			if field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct {
				for _, inner := range reflect.VisibleFields(field.Type.Elem()) {
					known = append(known, jsonName(inner))
				}
			}
		}
	}
	return fmt.Sprintf("; there is no %q%s", name, spelling.DidYouMean(name, known))
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}
