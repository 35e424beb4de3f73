package engine

import (
	"io"
	"net/http"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// request is one request to the API on its way through the layers.
type request struct {
	*http.Request
	route
	env   *Environment
	key   *storage.Resource // the API key
	now   time.Time
	body  []byte
	id    string        // req_…
	fault *faults.Fault // what goes wrong with it, or nil
}

// serveAPI answers a call of the API.
func (e *Engine) serveAPI(w http.ResponseWriter, r *http.Request, to route) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, catalog.MaxBody))
	if err != nil {
		err = Unprocessable("the body is larger than 32 MiB", "")
	}
	res, fault := e.handle(&request{Request: r, route: to, body: body}, err)
	e.dispatcher.Wake()
	e.write(w, r, res, fault)
}

// handle takes a call through Persona's layers in Persona's order: authentication and
// limits come before idempotency (Persona docs: Errors). It also returns the fault that
// happens to the call.
func (e *Engine) handle(r *request, unreadable error) (response, *faults.Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expireDue()
	e.changed()
	r.now = e.clock.Now()
	var err error
	if r.env, r.key, err = e.authenticate(r); r.env == nil {
		return errorResponse(err, "kebab"), nil // without headers: the document declares none on 401
	}
	r.id = storage.NewID("req")
	record := CallRecord{RequestID: r.id, Method: r.Method, Path: r.URL.Path, IdempotencyKey: r.Header.Get("Idempotency-Key"), At: simclock.Stamp(r.now)}
	if r.op != nil {
		record.Operation = r.op.Name()
	}
	if err == nil {
		err = unreadable
	}
	res := e.limited(r, err, &record)
	record.Status, record.Lost = res.status, r.fault.Is(faults.FaultLostAnswer)
	if r.fault != nil {
		record.Fault = r.fault.Kind
	}
	r.env.record(record)
	r.env.keepBodies(r, res)
	res.headers = e.headers(r)
	return res, r.fault
}

// limited answers a call unless it is over the rate limit, has an error already, or meets
// a fault that comes before idempotency.
func (e *Engine) limited(r *request, err error, record *CallRecord) response {
	if r.env.window.take(r.now, e.options.RateLimit) {
		return errorResponse(rateLimitExceeded(e.options.RateLimit), "kebab")
	}
	r.fault = e.plan.OfCall(r.env.Name, r.op)
	if err != nil {
		return errorResponse(err, "kebab")
	}
	if rejected, early := e.rejectEarly(r); early {
		return rejected
	}
	res := e.idempotently(r, record, func() response { return e.performWithFault(r) })
	if r.fault.Is(faults.FaultStatusAfter) {
		return faultResponse(r.fault)
	}
	return res
}

// performWithFault carries an operation out. It returns the answer that the idempotency
// key stores.
func (e *Engine) performWithFault(r *request) response {
	if r.route.err != nil {
		return errorResponse(r.route.err, "kebab")
	}
	if r.fault.Is(faults.FaultStatusBefore) || r.fault.Is(faults.FaultCachedStatus) {
		return faultResponse(r.fault)
	}
	res := e.perform(r)
	if r.fault.Is(faults.FaultStatusAfter) && r.fault.Stored() {
		return faultResponse(r.fault)
	}
	return res
}

// perform carries an operation out, and writes it to the API log.
func (e *Engine) perform(r *request) response {
	options, err := e.renderOptionsOf(r)
	if err != nil {
		return errorResponse(err, "kebab")
	}
	e.address = e.base(r.Request)
	handler := e.behaviour.Operations[r.op.ID]
	if handler == nil {
		return errorResponse(&Refusal{Status: http.StatusNotImplemented, Title: "Not implemented", Details: "the sandbox does not serve " + r.op.Name() + " yet"}, options.inflection)
	}
	c := &Call{Change: NewChange(r.env, r.now), Engine: e, Op: r.op, IDs: r.ids, Query: r.URL.Query(), Key: r.key, Header: r.Header, Base: e.address, render: options, fault: r.fault}
	a, err := e.call(c, r, handler)
	var res response
	if err != nil {
		e.ExpireRefused(r.env, r.now, err)
		res = errorResponse(err, options.inflection)
	} else {
		c.roundTimes()
		res = e.answer(c, a)
		e.Commit(c.Change)
	}
	r.env.Insert(e.logEntry(c, r, res.status))
	return res
}

// call checks a call and passes it to its operation.
func (e *Engine) call(c *Call, r *request, handler Operation) (*Answer, error) {
	if err := permitted(r.key, r.op); err != nil {
		return nil, err
	}
	if err := e.takeQuota(r.env, r.op, r.now); err != nil {
		return nil, err
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	c.Body = body
	c.upgrade()
	if err := e.validate(r.op, c.Body); err != nil {
		return nil, err
	}
	return handler(c)
}

// headers returns Persona's own headers of an answer.
func (e *Engine) headers(r *request) map[string]string {
	headers := map[string]string{"Persona-Environment-Id": r.env.ID, "Persona-Organization-Id": e.orgID, "Request-Id": r.id}
	r.env.window.describe(headers, "RateLimit", r.now, e.options.RateLimit)
	if quota := r.env.quotas[catalog.QuotaOf(r.op)]; quota != nil {
		quota.describe(headers, "Quota", r.now, e.options.Quotas[catalog.QuotaOf(r.op)])
	}
	e.describeFault(r.fault, headers, r.op)
	return headers
}

// write sends an answer, as far as a fault lets it through.
func (e *Engine) write(w http.ResponseWriter, r *http.Request, res response, fault *faults.Fault) {
	switch {
	case fault.Is(faults.FaultLostAnswer):
		panic(http.ErrAbortHandler) // closes the connection
	case fault.Is(faults.FaultSlowAnswer):
		e.delay(r, fault.Delay)
	}
	h := w.Header()
	for name, value := range res.headers {
		h.Set(name, value)
	}
	h.Set("Content-Type", res.contentType)
	h.Set("Cache-Control", "no-cache, no-store")
	if fault.Is(faults.FaultTruncatedAnswer) {
		writeHalf(w, res)
	}
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body) // the caller may be gone
}

// delay waits, unless the caller leaves or the sandbox closes.
func (e *Engine) delay(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-e.dispatcher.Done():
	}
}

// anonymous reports whether an operation takes no API key.
func anonymous(op *persona.Operation) bool { return op != nil && op.Service == "Relays" }
