package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// faultDocument is a fault as the control writes it: its delay as a text.
type faultDocument struct {
	ActiveFault
	Delay string `json:"delay,omitempty"`
}

func newFaultDocument(fault ActiveFault) faultDocument {
	shown := faultDocument{ActiveFault: fault}
	if fault.Delay > 0 {
		shown.Delay = fault.Delay.String()
	}
	return shown
}

// serveNewFault adds the fault that the body describes.
func (s *Sandbox) serveNewFault(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Fault
		Delay string `json:"delay"`
	}
	if !readControl(w, r, &order) {
		return
	}
	if order.Delay != "" {
		delay, err := time.ParseDuration(order.Delay)
		if err != nil {
			writeJSON(w, http.StatusBadRequest, badRequest("delay must be a duration such as 90s").body())
			return
		}
		order.Fault.Delay = delay
	}
	fault, err := s.addFault(order.Fault)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, badRequest(err.Error()).body())
		return
	}
	writeJSON(w, http.StatusOK, newFaultDocument(fault))
}

// serveFaultRemoval takes one fault back, or all of them.
func (s *Sandbox) serveFaultRemoval(w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("id")
	if text == "" {
		s.ClearFaults()
		writeJSON(w, http.StatusOK, []faultDocument{})
		return
	}
	id, err := strconv.Atoi(text)
	if err != nil || !s.RemoveFault(id) {
		writeJSON(w, http.StatusNotFound, notFound("there is no fault with this id").body())
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": id})
}
