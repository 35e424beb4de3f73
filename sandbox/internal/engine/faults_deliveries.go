package engine

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/idemhq/idem/sandbox/internal/faults"
)

// planFaulty plans a delivery, with what goes wrong with it. One that is held back
// follows the next one of its queue.
func (q *queue) planFaulty(delivery *Delivery, fault *faults.Fault) {
	held := q.held
	q.held = nil
	delivery.cut = fault.Is(faults.FaultTruncatedDelivery)
	if fault.Is(faults.FaultLateDelivery) || fault.Is(faults.FaultReorderedDelivery) && held == nil {
		delivery.Due = delivery.Due.Add(fault.Delay)
	}
	q.plan(delivery)
	switch {
	case held != nil:
		held.Due = delivery.Due
		q.plan(held)
	case fault.Is(faults.FaultReorderedDelivery):
		q.held = delivery
	}
}

// cutTransport sends what it is given at once, so that the half of a body that comes
// before the connection breaks is not kept back.
func (d *dispatcher) cutTransport() *http.Transport {
	return &http.Transport{DialContext: d.sandbox.Options.Dial, WriteBufferSize: 64, DisableKeepAlives: true}
}

// cut makes a request break off in the middle of its body.
func cut(request *http.Request, body []byte) {
	half := bytes.NewReader(body[:len(body)/2])
	request.Body = io.NopCloser(io.MultiReader(half, broken{}))
	request.GetBody = nil
}

// broken is a reader that fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the delivery was cut off by a fault") }
