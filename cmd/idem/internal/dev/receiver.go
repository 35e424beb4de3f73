package dev

import (
	"encoding/json"
	"io"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem/internal/notify"
)

// receiverPath is where the receiver is, at the service's address.
const receiverPath = "/dev/notifications"

// maxMessage is more than any notification takes, in bytes.
const maxMessage = 64 << 10

// receiver plays the host application: it verifies notifications as one must, and passes
// each on.
type receiver struct {
	hook *standardwebhooks.Webhook
	told func(notify.Notification)
}

// ServeHTTP implements [http.Handler].
func (r receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxMessage))
	if err != nil {
		http.Error(w, "cannot read the message", http.StatusBadRequest)
		return
	}
	if err := r.hook.Verify(body, req.Header); err != nil {
		http.Error(w, "the message is not signed by this service", http.StatusUnauthorized)
		return
	}
	var m notify.Message
	if err := json.Unmarshal(body, &m); err != nil {
		http.Error(w, "the message is not a notification", http.StatusBadRequest)
		return
	}
	r.told(m.Data)
}
