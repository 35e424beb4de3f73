package idem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	maxMessage = 1 << 20 // bytes; notifications are much shorter
	saveTime   = 10 * time.Second
)

// NotificationHandler returns a handler that receives notifications and calls f for each:
//
//   - It verifies the signature. Give all secrets that are valid, so that they can be rotated.
//   - It drops a notification that was handled before, and a change of a verdict that is
//     older than one that was handled. A nil seen drops nothing; then f must do so.
//   - It calls f for one notification of a subject at a time.
//   - It answers 204 once f has returned nil and seen has saved it. If f returns an error, it
//     answers 500, and the service sends the notification again.
//
// The service waits 15 seconds for an answer; then the context of f ends. If an answer or a
// save is lost, f is called again, so it should be harmless to repeat. Where f writes the
// verdict to a database, this is enough:
//
//	UPDATE users SET verdict = $1, sequence = $2 WHERE id = $3 AND sequence < $2 -- n.SubjectSequence
//
// The text of the errors of f and seen is not sent to the service. Log them yourself.
func NotificationHandler(secrets []string, seen Seen, f func(context.Context, Notification) error) (http.Handler, error) {
	keys, err := keysOf(secrets)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errors.New("idem: the function that handles notifications is nil")
	}
	return &handler{keys: keys, seen: seen, handle: f, now: time.Now, busy: map[string]*turn{}}, nil
}

type handler struct {
	keys   [][]byte
	seen   Seen
	handle func(context.Context, Notification) error
	now    func() time.Time

	mu   sync.Mutex
	busy map[string]*turn
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "notifications are posted", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "the message is too large", http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		http.Error(w, "the message cannot be read", http.StatusBadRequest)
		return
	}
	id, err := verify(h.keys, r.Header, body, h.now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var m message
	if json.Unmarshal(body, &m) != nil || m.Data == nil || m.Data.ID != id || m.Data.Type != m.Type {
		http.Error(w, "the message is signed, but it is not a notification", http.StatusBadRequest)
		return
	}
	if err := h.receive(r.Context(), *m.Data); err != nil {
		http.Error(w, "the notification could not be handled: send it again", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// receive handles a notification, unless it was handled before.
func (h *handler) receive(ctx context.Context, n Notification) error {
	key := "subject " + n.Reference
	if n.Reference == "" {
		key = "notification " + n.ID
	}
	done, err := h.take(ctx, key)
	if err != nil {
		return err
	}
	defer done()
	if h.seen == nil {
		return h.handle(ctx, n)
	}
	subject := "" // that the verdict is about
	if n.Type == NotifyVerdictChanged {
		subject = string(n.Environment) + "/" + n.Reference
	}
	handled, last, err := h.seen.Lookup(ctx, n.ID, subject)
	switch {
	case err != nil:
		return fmt.Errorf("look up notification %s: %w", n.ID, err)
	case handled, subject != "" && n.SubjectSequence <= last:
		return nil
	}
	if err := h.handle(ctx, n); err != nil {
		return err
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime) // the service may have left
	defer cancel()
	return h.seen.Save(saving, n.ID, subject, n.SubjectSequence)
}

// turn is a lock that can be waited for with a context.
type turn struct {
	free  chan struct{} // holds a token while nobody has the turn
	users int           // that have it or wait for it
}

// take waits for the turn of a key.
func (h *handler) take(ctx context.Context, key string) (done func(), err error) {
	h.mu.Lock()
	t := h.busy[key]
	if t == nil {
		t = &turn{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		h.busy[key] = t
	}
	t.users++
	h.mu.Unlock()
	leave := func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(h.busy, key)
		}
	}
	select {
	case <-t.free:
		return func() { t.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
