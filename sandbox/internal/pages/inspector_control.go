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
	Calls      []faults.KindInfo // the kinds of fault of calls
	Deliveries []faults.KindInfo
	Operations []string
	Events     []webhook.Name
	Form       map[string]string // what was filled in
	Problem    string
}

func (i *inspector) showControl(w http.ResponseWriter, _ *http.Request) {
	i.control(w, http.StatusOK, controlBody{})
}

// control writes the page with the clock and the faults.
func (i *inspector) control(w http.ResponseWriter, status int, body controlBody) {
	for _, fault := range i.sandbox.Faults() {
		body.Faults = append(body.Faults, newFaultDocument(fault))
	}
	for _, kind := range faults.KindInfos() {
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

// form serves a form: it leads back to the page, which says what was wrong.
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

// filledIn are the values of a form that are not empty.
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
	i.sandbox.Advance(d)
	return nil
}

func (i *inspector) addFault(r *http.Request) error {
	fault, err := faults.FromSettings(filledIn(r))
	if err != nil {
		return err
	}
	return i.sandbox.AddFault(fault)
}

func (i *inspector) removeFault(r *http.Request) error {
	text := r.PostForm.Get("id")
	if text == "" {
		i.sandbox.ClearFaults()
		return nil
	}
	id, err := strconv.Atoi(text)
	if err != nil || !i.sandbox.RemoveFault(id) {
		return errors.New("this fault is gone already")
	}
	return nil
}

func (i *inspector) reset(r *http.Request) error {
	if r.PostForm.Get("sure") == "" {
		return errors.New("say that you are sure: everything is forgotten")
	}
	i.sandbox.Reset()
	return nil
}
