package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Options are those of a sandbox, without its seed.
type Options struct {
	// Wall is the wall's clock: time.Now unless set. See [Engine.Advance].
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

// Engine answers requests to the API and for files, and delivers webhooks. Close it when
// done.
type Engine struct {
	Options   Options
	behaviour Behaviour
	Clock     *simclock.Clock
	Routes    *routes
	shapes    map[string]shape
	OrgID     string
	Signing   []byte // signs session tokens

	Mu           sync.Mutex // guards environments, and all in them
	Environments map[string]*Environment
	answers      compressor
	Planned      faults.Plan
	address      string // where files are: the URL of the options, or where it was called last
	changes      int    // counts what would make a snapshot differ

	Dispatcher *dispatcher
}

// New returns an engine whose environments hold what the behaviour puts into them.
func New(options Options, b Behaviour) (*Engine, error) {
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
	for _, product := range slices.Sorted(maps.Keys(options.Quotas)) {
		if known := catalog.QuotaProducts(); !slices.Contains(known, product) {
			return nil, fmt.Errorf("sandbox: there is no quota of %q, only of %s%s", product, strings.Join(known, ", "), catalog.DidYouMean(product, known))
		}
	}
	if options.URL != "" && OriginOf(options.URL) != options.URL {
		return nil, errors.New("sandbox: the URL must be an http or https address without a path, such as https://idem.example.com")
	}
	s := &Engine{
		Options:      options,
		behaviour:    b,
		address:      options.URL,
		Clock:        &simclock.Clock{Wall: options.Wall},
		shapes:       parseShapes(),
		OrgID:        storage.NewID("org"),
		Signing:      []byte(storage.NewID("key")),
		Environments: map[string]*Environment{},
		Planned:      faults.Plan{Seed: options.FaultSeed},
	}
	if !options.Clock.IsZero() {
		s.Clock.Offset = options.Clock.Sub(options.Wall())
	}
	s.answers = newCompressor(s)
	s.Routes = newRoutes(b.Operations)
	if err := s.populate(); err != nil {
		return nil, err
	}
	s.Dispatcher = newDispatcher(s)
	return s, nil
}

// populate makes both environments, with what the behaviour puts into new ones. Once it
// succeeded, it always does.
func (s *Engine) populate() error {
	for _, name := range []string{"sandbox", "production"} {
		s.Environments[name] = newEnvironment(name)
	}
	return s.behaviour.Populate(s)
}

// Close stops the deliveries of webhooks, and waits for those on their way.
func (s *Engine) Close() { s.Dispatcher.close() }

// Advance moves the sandbox's clock forward. What falls due by then expires, in
// order, and deliveries that wait for their next attempt are sent.
func (s *Engine) Advance(d time.Duration) {
	s.Mu.Lock()
	s.Clock.Advance(d)
	s.changes++
	s.ExpireDue()
	s.Mu.Unlock()
	s.Dispatcher.Wake()
}

// Call is one request to the API on its way through an operation.
type Call struct {
	*Change
	Engine *Engine
	Op     *persona.Operation
	IDs    []string // the path's parameters
	Query  map[string][]string
	Body   map[string]any // keys in kebab-case
	Render RenderOptions
	Key    *storage.Resource // the API key
	Header http.Header
	Host   string        // where this sandbox is reached, for links to it
	fault  *faults.Fault // what goes wrong with it, or nil
}

// Answer is what an operation answers with, before it is rendered.
type Answer struct {
	Status int // 200 unless set
	One    *storage.Resource
	Many   []*storage.Resource // not nil for lists
	Paged  *page
	Meta   map[string]any
	Extra  map[string]any // attributes that only this answer shows, such as secrets
	pdf    []byte

	Document map[string]any // the whole of it, when it is not made of resources
}

// Operation is what the sandbox does for one operation.
type Operation func(*Call) (*Answer, error)

// response is a finished answer.
type response struct {
	status      int
	contentType string
	body        []byte
	headers     map[string]string // those of Persona's own
}

// serveAPI answers a call of the API.
func (s *Engine) serveAPI(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, catalog.MaxBody))
	if err != nil {
		err = Unprocessable("the body is larger than 32 MiB", "")
	}
	res, fault := s.handle(r, body, err)
	s.Dispatcher.Wake()
	s.write(w, r, res, fault)
}

// handle takes a call through Persona's layers in Persona's order: authentication and
// limits come before idempotency (Persona docs: Errors). It tells what goes wrong on
// purpose.
func (s *Engine) handle(r *http.Request, body []byte, unreadable error) (res response, fault *faults.Fault) {
	path, private := withoutBase(r)
	op, ids, routeErr := s.Routes.find(r.Method, path)
	if anonymous(op) != private {
		op, routeErr = nil, NotFound("there is no such path")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.ExpireDue()
	s.changes++
	now := s.Clock.Now()
	env, key, err := s.authenticate(r, op, ids, body, now)
	if env == nil {
		return errorResponse(err, "kebab"), nil // without headers: the document declares none on 401
	}
	record := CallRecord{
		RequestID: storage.NewID("req"), Method: r.Method, Path: r.URL.Path, IdempotencyKey: r.Header.Get("Idempotency-Key"), At: simclock.Stamp(now),
	}
	if op != nil {
		record.Operation = op.Name()
	}
	limited := env.Window.take(now, s.Options.RateLimit)
	if !limited {
		fault = s.Planned.OfCall(env.Name, op)
	}
	rejected, early := s.rejectEarly(fault, op)
	switch {
	case limited:
		res = errorResponse(rateLimitExceeded(s.Options.RateLimit), "kebab")
	case err != nil:
		res = errorResponse(err, "kebab")
	case unreadable != nil:
		res = errorResponse(unreadable, "kebab")
	case early:
		res = rejected
	default:
		res = s.idempotently(env, r, body, now, &record, func() response {
			if routeErr != nil {
				return errorResponse(routeErr, "kebab")
			}
			if fault.Is(faults.FaultStatusBefore) || fault.Is(faults.FaultCachedStatus) {
				return faultResponse(fault)
			}
			res := s.perform(env, key, op, ids, r, body, now, record.RequestID, fault)
			if fault.Is(faults.FaultStatusAfter) && fault.Remembered() {
				return faultResponse(fault)
			}
			return res
		})
		if fault.Is(faults.FaultStatusAfter) {
			res = faultResponse(fault)
		}
	}
	record.Status, record.Lost = res.status, fault.Is(faults.FaultLostAnswer)
	if fault != nil {
		record.Fault = fault.Kind
	}
	env.remember(record)
	res.headers = map[string]string{"Persona-Environment-Id": env.ID, "Persona-Organization-Id": s.OrgID, "Request-Id": record.RequestID}
	env.Window.describe(res.headers, "RateLimit", now, s.Options.RateLimit)
	if quota := env.quotas[catalog.QuotaOf(op)]; quota != nil {
		quota.describe(res.headers, "Quota", now, s.Options.Quotas[catalog.QuotaOf(op)])
	}
	s.describeFault(fault, res.headers, op)
	return res, fault
}

// perform carries an operation out.
func (s *Engine) perform(env *Environment, key *storage.Resource, op *persona.Operation, ids []string, r *http.Request, body []byte, now time.Time, requestID string, fault *faults.Fault) response {
	f, err := s.renderOptionsOf(r, key, op)
	if err != nil {
		return errorResponse(err, "kebab")
	}
	f.Files = accessOf(env, key)
	s.address = s.Host(r)
	handler := s.Routes.Handlers[op.ID]
	if handler == nil {
		return errorResponse(&Refusal{Status: http.StatusNotImplemented, Title: "Not implemented", Details: "the sandbox does not serve " + op.Name() + " yet"}, f.Inflection)
	}
	c := &Call{Change: NewChange(env, now), Engine: s, Op: op, IDs: ids, Query: r.URL.Query(), Render: f, Key: key, Header: r.Header, Host: s.address, fault: fault}
	if err = permitted(key, op); err == nil {
		err = s.takeQuota(env, op, now)
	}
	if err == nil {
		c.Body, err = readBody(r, body)
	}
	if err == nil {
		c.upgrade()
		err = s.Routes.Validate(op, c.Body)
	}
	var a *Answer
	if err == nil {
		a, err = handler(c)
	}
	if err != nil {
		s.ExpireRefused(env, now, err)
		res := errorResponse(err, f.Inflection)
		env.Insert(s.logEntry(c, r, res.status, requestID))
		return res
	}
	res := s.answer(c, a)
	s.Commit(c.Change)
	env.Insert(s.logEntry(c, r, res.status, requestID))
	return res
}

// answer renders what an operation answers with.
func (s *Engine) answer(c *Call, a *Answer) response {
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	if a.pdf != nil {
		return response{status: status, contentType: "application/pdf", body: a.pdf}
	}
	if a.Document != nil {
		return jsonResponse(status, casing.Inflect(a.Document, c.Render.Inflection))
	}
	doc := map[string]any{}
	roots := a.Many
	switch {
	case a.One != nil:
		roots = []*storage.Resource{a.One}
		data := s.Render(a.One, c.Render)
		for name, value := range a.Extra {
			data["attributes"].(map[string]any)[name] = value
		}
		doc["data"] = data
	default:
		data := []any{}
		for _, r := range a.Many {
			data = append(data, s.Render(r, c.Render))
		}
		doc["data"] = data
	}
	if a.Paged != nil {
		doc["links"] = a.Paged.Links
	}
	if a.Meta != nil {
		doc["meta"] = a.Meta
	}
	if len(c.Render.include) > 0 {
		doc["included"] = c.fault.Arriving(s.included(c.Change, roots, c.Render))
	}
	blocked, _ := c.Key.Attributes["api-attributes-blocklist"].([]any)
	newBlocklist(blocked).apply(doc)
	return jsonResponse(status, casing.Inflect(doc, c.Render.Inflection))
}

// Host is where links lead to: the public address, else the one the caller used.
func (s *Engine) Host(r *http.Request) string {
	if s.Options.URL != "" {
		return s.Options.URL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func jsonResponse(status int, doc any) response {
	b, _ := json.Marshal(doc) // maps, strings and numbers only
	return response{status: status, contentType: catalog.JSONContent, body: b}
}

func errorResponse(err error, inflection string) response {
	var r *Refusal
	if !errors.As(err, &r) {
		r = &Refusal{Status: http.StatusInternalServerError, Title: "Internal server error", Details: err.Error()}
	}
	return jsonResponse(r.Status, casing.Inflect(r.Body(), inflection))
}

// WriteRefusal answers outside of the API as the API refuses, without its headers.
func WriteRefusal(w http.ResponseWriter, err error, inflection string) {
	res := errorResponse(err, inflection)
	w.Header().Set("Content-Type", res.contentType)
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body) // the caller may be gone
}

func WriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", catalog.JSONContent)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}

// IsLoopback reports whether a request comes from this machine.
func IsLoopback(r *http.Request) bool {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(address).IsLoopback()
}

// Serves reports whether a request is for the API or for a file.
func (s *Engine) Serves(r *http.Request) bool {
	return isFile(r.URL.Path) || strings.HasPrefix(r.URL.Path, "/api/v1/") || strings.HasPrefix(r.URL.Path, privacyBase+"/")
}

// ServeHTTP answers requests to the API and for files.
func (s *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isFile(r.URL.Path) {
		s.serveFile(w, r)
		return
	}
	s.serveAPI(w, r)
}

func isFile(path string) bool {
	return strings.HasPrefix(path, FilesBase) || strings.HasPrefix(path, oldFilesBase)
}
