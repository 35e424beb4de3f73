package sandbox

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// planFaulty plans a delivery, with what goes wrong with it. One that is held back
// follows the next one of its queue.
func (q *queue) planFaulty(delivery *Delivery, fault *Fault) {
	held := q.held
	q.held = nil
	delivery.cut = fault.is(FaultTruncatedDelivery)
	if fault.is(FaultLateDelivery) || fault.is(FaultReorderedDelivery) && held == nil {
		delivery.due = delivery.due.Add(fault.Delay)
	}
	q.plan(delivery)
	switch {
	case held != nil:
		held.due = delivery.due
		q.plan(held)
	case fault.is(FaultReorderedDelivery):
		q.held = delivery
	}
}

// cutTransport sends what it is given at once, so that the half of a body that comes
// before the connection breaks is not kept back.
func (d *dispatcher) cutTransport() *http.Transport {
	return &http.Transport{DialContext: d.sandbox.options.Dial, WriteBufferSize: 64, DisableKeepAlives: true}
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
