package pages

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox/internal/faults"
)

type controlBody struct {
	Faults     []faultDocument
	Calls      []faults.KindInfo // the kinds of faults of calls
	Deliveries []faults.KindInfo
	Operations []string
	Events     []webhook.Name
	Form       map[string]string // the values that were entered
	Problem    string
}

func (i *inspector) showControl(w http.ResponseWriter, _ *http.Request) {
	i.control(w, http.StatusOK, controlBody{})
}

// control writes the page with the clock and the faults.
func (i *inspector) control(w http.ResponseWriter, status int, body controlBody) {
	for _, fault := range i.engine.Faults() {
		body.Faults = append(body.Faults, newFaultDocument(fault))
	}
	for _, kind := range faults.Kinds() {
		if kind.Delivery {
			body.Deliveries = append(body.Deliveries, kind)
		} else {
			body.Calls = append(body.Calls, kind)
		}
	}
	for _, op := range persona.Operations() {
		body.Operations = append(body.Operations, op.Name())
	}
	body.Events = webhook.Documented()
	i.show(w, status, "control", inspectorPage{Title: "Clock and faults", Environment: "sandbox", Tab: "control", Body: body})
}

// form serves a form. It redirects to the page, or shows it with the problem.
func (i *inspector) form(do func(*http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
		err := r.ParseForm()
		if err == nil {
			err = do(r)
		} else {
			err = errors.New("the form cannot be read")
		}
		if err != nil {
			i.control(w, http.StatusBadRequest, controlBody{Problem: err.Error(), Form: filledIn(r)})
			return
		}
		http.Redirect(w, r, "/_sandbox/control", http.StatusSeeOther)
	}
}

// filledIn returns the values of a form that are not empty.
func filledIn(r *http.Request) map[string]string {
	form := map[string]string{}
	for name := range r.PostForm {
		if value := strings.TrimSpace(r.PostForm.Get(name)); value != "" {
			form[name] = value
		}
	}
	return form
}

func (i *inspector) advance(r *http.Request) error {
	d, err := time.ParseDuration(strings.TrimSpace(r.PostForm.Get("advance")))
	if err != nil || d < 0 {
		return errors.New("the clock moves forward by a duration such as 90s, 6m or 24h")
	}
	i.engine.Advance(d)
	return nil
}

func (i *inspector) addFault(r *http.Request) error {
	fault, err := faults.FromSettings(filledIn(r))
	if err != nil {
		return err
	}
	_, err = i.engine.AddFault(fault)
	return err
}

func (i *inspector) removeFault(r *http.Request) error {
	text := r.PostForm.Get("id")
	if text == "" {
		i.engine.ClearFaults()
		return nil
	}
	id, err := strconv.Atoi(text)
	if err != nil || !i.engine.RemoveFault(id) {
		return errors.New("this fault is gone already")
	}
	return nil
}

func (i *inspector) reset(r *http.Request) error {
	if r.PostForm.Get("sure") == "" {
		return errors.New("confirm that you want to delete everything")
	}
	i.engine.Reset()
	return nil
}
