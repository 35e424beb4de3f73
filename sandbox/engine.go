package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/idemhq/idem/persona"
)

const (
	defaultVersion = "2025-12-08"
	fileTokenLife  = 21600 // seconds (Persona docs: Downloading files)
	maxBody        = 32 << 20
	jsonContent    = "application/json; charset=utf-8"
)

// Options say how a sandbox behaves. The zero Options is a sandbox as the package
// comment describes it.
type Options struct {
	// Wall is the wall's clock: time.Now unless set. See [Sandbox.Advance].
	Wall func() time.Time

	// Clock is what the sandbox's clock shows at the start: the wall's time unless
	// set. It runs on from there.
	Clock time.Time

	// RateLimit is how many calls an environment may make in a minute: 300 unless
	// set, as in production at Persona.
	RateLimit int

	// Quotas are how many of a thing an environment may create in a minute: of
	// inquiry, case, account, report and transaction. What is not named is not limited.
	Quotas map[string]int

	// RetryScale multiplies the delays between the attempts of a delivery, which are
	// up to 32 hours: 1 unless set.
	RetryScale float64

	// DeliveryTimeout is how long a receiver of webhooks may take: 5 s unless set.
	DeliveryTimeout time.Duration

	// Dial connects to the receivers of webhooks: over the network unless set.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Seed is what there is beside the fixtures. What it says about clock, limits and
	// faults counts where these options are silent.
	Seed *Seed

	// FaultSeed is what the faults with a rate draw by: with the same one, the same
	// calls and deliveries go wrong.
	FaultSeed uint64

	// URL is the public address of the sandbox, such as that of a tunnel to it: links and
	// files are there. Without it they are where a caller reached the sandbox, and
	// those in webhooks where the latest caller did.
	URL string

	// RemoteControl serves /_sandbox/ to everyone who can connect, instead of to this
	// machine alone.
	RemoteControl bool
}

// Sandbox is a local Persona. It is an [http.Handler]; close it when done.
type Sandbox struct {
	options Options
	clock   *clock
	routes  *routes
	shapes  map[string]shape
	orgID   string
	signing []byte // signs session tokens

	mu           sync.Mutex // guards environments, and all in them
	environments map[string]*environment
	answers      answerPress
	faults       faults
	address      string // where files are: the URL of the options, or where it was called last
	changes      int    // counts what would make a snapshot differ

	deliveries *dispatcher
	inspector  func() *inspector
	hosted     func() *hosted
}

// New returns a sandbox that holds the fixtures of this package.
func New(options Options) (*Sandbox, error) {
	options = options.withSeed()
	if options.Wall == nil {
		options.Wall = time.Now
	}
	if options.RateLimit == 0 {
		options.RateLimit = 300
	}
	if options.RetryScale == 0 {
		options.RetryScale = 1
	}
	if options.DeliveryTimeout == 0 {
		options.DeliveryTimeout = 5 * time.Second
	}
	if options.RateLimit < 0 || options.RetryScale < 0 || options.DeliveryTimeout < 0 {
		return nil, errors.New("sandbox: a rate limit, a retry scale or a delivery timeout below zero means nothing")
	}
	if options.URL != "" && originOf(options.URL) != options.URL {
		return nil, errors.New("sandbox: the URL must be an http or https address without a path, such as https://idem.example.com")
	}
	s := &Sandbox{
		options:      options,
		address:      options.URL,
		clock:        &clock{wall: options.Wall},
		shapes:       parseShapes(),
		orgID:        newID("org"),
		signing:      []byte(newID("key")),
		environments: map[string]*environment{},
		faults:       faults{seed: options.FaultSeed},
	}
	if !options.Clock.IsZero() {
		s.clock.offset = options.Clock.Sub(options.Wall())
	}
	s.answers = newAnswerPress(s)
	s.routes = newRoutes(s.handlers())
	s.inspector = sync.OnceValue(func() *inspector { return newInspector(s) })
	s.hosted = sync.OnceValue(func() *hosted { return newHosted(s) })
	if err := s.populate(); err != nil {
		return nil, err
	}
	s.deliveries = newDispatcher(s)
	return s, nil
}

// populate makes both environments, with nothing in them but the fixtures and the
// seed. Once it succeeded, it always does.
func (s *Sandbox) populate() error {
	for name, key := range map[string]string{"sandbox": SandboxKey, "production": ProductionKey} {
		env := newEnvironment(name)
		env.addFixtures(key, stamp(s.clock.now()))
		s.environments[name] = env
	}
	return s.plant(s.options.Seed)
}

// Close stops the deliveries of webhooks, and waits for those on their way.
func (s *Sandbox) Close() { s.deliveries.close() }

// Advance moves the sandbox's clock forward. What falls due by then expires, in
// order, and deliveries that wait for their next attempt are sent.
func (s *Sandbox) Advance(d time.Duration) {
	s.mu.Lock()
	s.clock.advance(d)
	s.changes++
	s.expireDue()
	s.mu.Unlock()
	s.deliveries.wake()
}

// ServeHTTP implements [http.Handler].
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, filesBase), strings.HasPrefix(r.URL.Path, oldFilesBase):
		s.serveFile(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/v1/"), strings.HasPrefix(r.URL.Path, privacyBase+"/"):
		s.serveAPI(w, r)
	case s.hosted().serves(r):
		s.hosted().mux.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, "/_sandbox/"):
		s.serveControl(w, r)
	default:
		writeJSON(w, http.StatusNotFound, (&refusal{title: "Record not found", details: "the API is below /api/v1"}).body())
	}
}

// call is one request to the API on its way through an operation.
type call struct {
	*change
	sandbox *Sandbox
	op      *persona.Operation
	ids     []string // the path's parameters
	query   map[string][]string
	body    map[string]any // keys in kebab-case
	form    form
	key     *resource // the API key
	header  http.Header
	host    string // where this sandbox is reached, for links to it
	fault   *Fault // what goes wrong with it, or nil
}

// answer is what an operation answers with, before it is rendered.
type answer struct {
	status int // 200 unless set
	one    *resource
	many   []*resource // not nil for lists
	paged  *page
	meta   map[string]any
	extra  map[string]any // attributes that only this answer shows, such as secrets
	pdf    []byte

	document map[string]any // the whole of it, when it is not made of resources
}

// operation is what the sandbox does for one operation.
type operation func(*call) (*answer, error)

// response is a finished answer.
type response struct {
	status      int
	contentType string
	body        []byte
	headers     map[string]string // those of Persona's own
}

// serveAPI answers a call of the API.
func (s *Sandbox) serveAPI(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		err = unprocessable("the body is larger than 32 MiB", "")
	}
	res, fault := s.handle(r, body, err)
	s.deliveries.wake()
	s.write(w, r, res, fault)
}

// handle takes a call through Persona's layers in Persona's order: authentication and
// limits come before idempotency (Persona docs: Errors). It tells what goes wrong on
// purpose.
func (s *Sandbox) handle(r *http.Request, body []byte, unreadable error) (res response, fault *Fault) {
	path, private := withoutBase(r)
	op, ids, routeErr := s.routes.find(r.Method, path)
	if anonymous(op) != private {
		op, routeErr = nil, notFound("there is no such path")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expireDue()
	s.changes++
	now := s.clock.now()
	env, key, err := s.authenticate(r, op, ids, body, now)
	if env == nil {
		return errorResponse(err, "kebab"), nil // without headers: the document declares none on 401
	}
	record := CallRecord{
		RequestID: newID("req"), Method: r.Method, Path: r.URL.Path, IdempotencyKey: r.Header.Get("Idempotency-Key"), At: stamp(now),
	}
	if op != nil {
		record.Operation = op.Name()
	}
	limited := env.window.take(now, s.options.RateLimit)
	if !limited {
		fault = s.faults.ofCall(env.name, op)
	}
	refused, door := s.atTheDoor(fault, op)
	switch {
	case limited:
		res = errorResponse(rateLimitExceeded(s.options.RateLimit), "kebab")
	case err != nil:
		res = errorResponse(err, "kebab")
	case unreadable != nil:
		res = errorResponse(unreadable, "kebab")
	case door:
		res = refused
	default:
		res = s.idempotently(env, r, body, now, &record, func() response {
			if routeErr != nil {
				return errorResponse(routeErr, "kebab")
			}
			if fault.is(FaultStatusBefore) || fault.is(FaultCachedStatus) {
				return fault.response()
			}
			res := s.perform(env, key, op, ids, r, body, now, record.RequestID, fault)
			if fault.is(FaultStatusAfter) && fault.remembered() {
				return fault.response()
			}
			return res
		})
		if fault.is(FaultStatusAfter) {
			res = fault.response()
		}
	}
	record.Status, record.Lost = res.status, fault.is(FaultLostAnswer)
	if fault != nil {
		record.Fault = fault.Kind
	}
	env.remember(record)
	res.headers = map[string]string{"Persona-Environment-Id": env.id, "Persona-Organization-Id": s.orgID, "Request-Id": record.RequestID}
	env.window.describe(res.headers, "RateLimit", now, s.options.RateLimit)
	if quota := env.quotas[quotaOf(op)]; quota != nil {
		quota.describe(res.headers, "Quota", now, s.options.Quotas[quotaOf(op)])
	}
	s.describeFault(fault, res.headers, op)
	return res, fault
}

// perform carries an operation out.
func (s *Sandbox) perform(env *environment, key *resource, op *persona.Operation, ids []string, r *http.Request, body []byte, now time.Time, requestID string, fault *Fault) response {
	f, err := s.formOf(r, key, op)
	if err != nil {
		return errorResponse(err, "kebab")
	}
	f.files = accessOf(env, key)
	s.address = s.host(r)
	handler := s.routes.handlers[op.ID]
	if handler == nil {
		return errorResponse(&refusal{status: http.StatusNotImplemented, title: "Not implemented", details: "the sandbox does not serve " + op.Name() + " yet"}, f.inflection)
	}
	c := &call{change: newChange(env, now), sandbox: s, op: op, ids: ids, query: r.URL.Query(), form: f, key: key, header: r.Header, host: s.address, fault: fault}
	if err = permitted(key, op); err == nil {
		err = s.takeQuota(env, op, now)
	}
	if err == nil {
		c.body, err = readBody(r, body)
	}
	if err == nil {
		c.upgrade()
		err = s.routes.validate(op, c.body)
	}
	var a *answer
	if err == nil {
		a, err = handler(c)
	}
	if err != nil {
		s.expireRefused(env, now, err)
		res := errorResponse(err, f.inflection)
		env.insert(s.logEntry(c, r, res.status, requestID))
		return res
	}
	res := s.answer(c, a)
	s.commit(c.change)
	env.insert(s.logEntry(c, r, res.status, requestID))
	return res
}

// answer renders what an operation answers with.
func (s *Sandbox) answer(c *call, a *answer) response {
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	if a.pdf != nil {
		return response{status: status, contentType: "application/pdf", body: a.pdf}
	}
	if a.document != nil {
		return jsonResponse(status, inflect(a.document, c.form.inflection))
	}
	doc := map[string]any{}
	roots := a.many
	switch {
	case a.one != nil:
		roots = []*resource{a.one}
		data := s.render(a.one, c.form)
		for name, value := range a.extra {
			data["attributes"].(map[string]any)[name] = value
		}
		doc["data"] = data
	default:
		data := []any{}
		for _, r := range a.many {
			data = append(data, s.render(r, c.form))
		}
		doc["data"] = data
	}
	if a.paged != nil {
		doc["links"] = a.paged.links
	}
	if a.meta != nil {
		doc["meta"] = a.meta
	}
	if len(c.form.include) > 0 {
		doc["included"] = c.fault.arriving(s.included(c.change, roots, c.form))
	}
	blocked, _ := c.key.attributes["api-attributes-blocklist"].([]any)
	newBlocklist(blocked).apply(doc)
	return jsonResponse(status, inflect(doc, c.form.inflection))
}

// host is where links lead to: the public address, else the one the caller used.
func (s *Sandbox) host(r *http.Request) string {
	if s.options.URL != "" {
		return s.options.URL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func jsonResponse(status int, doc any) response {
	b, _ := json.Marshal(doc) // maps, strings and numbers only
	return response{status: status, contentType: jsonContent, body: b}
}

func errorResponse(err error, inflection string) response {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{status: http.StatusInternalServerError, title: "Internal server error", details: err.Error()}
	}
	return jsonResponse(r.status, inflect(r.body(), inflection))
}

// writeRefusal answers outside of the API as the API refuses, without its headers.
func writeRefusal(w http.ResponseWriter, err error, inflection string) {
	res := errorResponse(err, inflection)
	w.Header().Set("Content-Type", res.contentType)
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body) // the caller may be gone
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", jsonContent)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}

// isLoopback reports whether a request comes from this machine.
func isLoopback(r *http.Request) bool {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(address).IsLoopback()
}

// calledLocally reports whether a request names this machine as its host. A page of
// another site may have a name that leads here, and would read what it is answered.
func calledLocally(r *http.Request) bool {
	name := r.Host
	if bare, _, err := net.SplitHostPort(name); err == nil {
		name = bare
	}
	name = strings.Trim(name, "[]")
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(name).IsLoopback()
}
