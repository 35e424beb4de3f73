package webhook

import (
	"context"
	"log/slog"
	"net/http"
)

// Handler answers Persona's webhook requests: it verifies and parses each, and calls the
// function for the event's name.
//
//	h := &webhook.Handler{Secrets: []string{os.Getenv("PERSONA_WEBHOOK_SECRET")}}
//	h.OnInquiryApproved(func(ctx context.Context, e *webhook.Event, inq *persona.Inquiry) error { … })
//	h.Otherwise(func(ctx context.Context, e *webhook.Event) error { … })
//	http.Handle("/webhooks/persona", h)
//
// There is a typed method for each event that Persona documents, [Handler.On] for any name,
// and [Handler.Otherwise] for the rest. Register functions before the first request. The
// zero Handler rejects all requests, because it has no secret.
//
// A 200 ends the delivery. After any other status Persona retries, up to seven times over
// two days.
//
//	200  the function returned nil, or there is none for this event
//	400  the body is signed but is not an event, or could not be read
//	401  the signature is missing, malformed, stale or does not match
//	405  not a POST
//	413  the body is longer than MaxBody
//	415  the body is not application/json
//	500  the function returned an error, or there is no secret
//
// Persona waits five seconds for the answer, so a function that may take longer should
// store the event and return. The same event can be delivered twice, and two functions can
// run at the same time.
type Handler struct {
	Secrets []string       // all valid secrets of the webhook
	Options []VerifyOption // for Verify
	Logger  *slog.Logger   // logs why requests were rejected or failed; may be nil

	routes    map[Name]Func
	otherwise Func
}

// Func handles an event. An error makes Persona deliver the event again.
type Func func(ctx context.Context, e *Event) error

// On registers f for the events with a name. It replaces an earlier function.
func (h *Handler) On(name Name, f Func) {
	if h.routes == nil {
		h.routes = make(map[Name]Func)
	}
	h.routes[name] = f
}

// Otherwise registers f for all events without a function of their own.
func (h *Handler) Otherwise(f Func) { h.otherwise = f }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := receive(w, r, h.Secrets, h.Options)
	if err == nil {
		err = h.dispatch(r.Context(), e)
	}
	if err == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	status := StatusOf(err)
	if e != nil {
		status = http.StatusInternalServerError // whatever error the function returned
	}
	if h.Logger != nil {
		attrs := []slog.Attr{slog.Int("status", status), slog.Any("error", err)}
		if e != nil {
			attrs = append(attrs, slog.String("event_id", e.ID), slog.String("event", string(e.Name)))
		}
		h.Logger.LogAttrs(r.Context(), slog.LevelWarn, "webhook not taken", attrs...)
	}
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	http.Error(w, http.StatusText(status), status)
}

func (h *Handler) dispatch(ctx context.Context, e *Event) error {
	f := h.routes[e.Name]
	if f == nil {
		f = h.otherwise
	}
	if f == nil {
		return nil
	}
	return f(ctx, e)
}
