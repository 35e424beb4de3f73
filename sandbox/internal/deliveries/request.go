package deliveries

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/idemhq/idem/persona/webhook"
)

// request builds the request for a delivery's next attempt. It uses the webhook as it is
// now; the event shows its object as it was. The signature has the wall clock's time,
// because a receiver checks it against its own clock.
func (d *Dispatcher) request(environment string, delivery *Delivery) (*http.Request, error) {
	hook, body, err := d.source.Message(environment, delivery.WebhookID, delivery.EventID)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(d.ctx, http.MethodPost, hook.Text("url"), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	custom, _ := hook.Attributes[CustomHeaders].(map[string]any)
	for name, value := range custom {
		if text, ok := value.(string); ok {
			request.Header.Set(name, text)
		}
	}
	made := len(delivery.Attempts) + 1
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set(webhook.SignatureHeader, webhook.Sign(body, d.clock.Wall(), SigningSecrets(hook, delivery.sent)...))
	request.Header.Set("Persona-Webhook-Attempts-Made", strconv.Itoa(made))
	request.Header.Set("Persona-Webhook-Attempts-Left", strconv.Itoa(max(0, len(retryDelays())+1-made)))
	request.Header.Set("Persona-Webhook-First-Attempted-At", strconv.FormatInt(delivery.first.Unix(), 10))
	if delivery.truncate {
		truncate(request, body)
	}
	return request, nil
}

// truncate makes a request break off in the middle of its body.
func truncate(request *http.Request, body []byte) {
	half := bytes.NewReader(body[:len(body)/2])
	request.Body = io.NopCloser(io.MultiReader(half, brokenReader{}))
	request.GetBody = nil
}

// unbuffered returns a transport that sends what it is given at once, so that a receiver
// gets the half of a body that comes before the connection breaks.
func (d *Dispatcher) unbuffered() *http.Transport {
	return &http.Transport{DialContext: d.options.Dial, WriteBufferSize: 64, DisableKeepAlives: true}
}

// brokenReader is a reader that always fails.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) {
	return 0, errors.New("the delivery was cut off by a fault")
}
