package pages

import (
	"net/http"
	"strconv"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/faults"
)

// faultDocument is a fault as the control writes it: its delay as a text.
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

// serveNewFault adds the fault that the body describes.
func serveNewFault(s *engine.Engine, w http.ResponseWriter, r *http.Request) {
	var order struct {
		faults.Fault
		Delay string `json:"delay"`
	}
	if !readControl(w, r, &order) {
		return
	}
	if order.Delay != "" {
		delay, err := time.ParseDuration(order.Delay)
		if err != nil {
			engine.WriteJSON(w, http.StatusBadRequest, engine.BadRequest("delay must be a duration such as 90s").Body())
			return
		}
		order.Fault.Delay = delay
	}
	fault, err := s.InstallFault(order.Fault)
	if err != nil {
		engine.WriteJSON(w, http.StatusBadRequest, engine.BadRequest(err.Error()).Body())
		return
	}
	engine.WriteJSON(w, http.StatusOK, newFaultDocument(fault))
}

// serveFaultRemoval takes one fault back, or all of them.
func serveFaultRemoval(s *engine.Engine, w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("id")
	if text == "" {
		s.ClearFaults()
		engine.WriteJSON(w, http.StatusOK, []faultDocument{})
		return
	}
	id, err := strconv.Atoi(text)
	if err != nil || !s.RemoveFault(id) {
		engine.WriteJSON(w, http.StatusNotFound, engine.NotFound("there is no fault with this id").Body())
		return
	}
	engine.WriteJSON(w, http.StatusOK, map[string]any{"id": id})
}
