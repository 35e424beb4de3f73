package persona

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Option changes how calls are made: all calls of a client when given to
// [NewClient], one call when given to a method.
type Option func(*config)

// Environment is one of Persona's two worlds. An API key belongs to one of them.
type Environment string

// The two environments.
const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// Inflection is the casing of the keys in an answer.
type Inflection string

// The casings Persona offers (Persona docs: API key inflection). The package reads
// all three; Kebab is the one it asks for.
const (
	Kebab Inflection = "kebab"
	Snake Inflection = "snake"
	Camel Inflection = "camel"
)

// Doer sends a request. Middleware wraps it.
type Doer func(*http.Request) (*http.Response, error)

// Middleware sees every attempt of every call. The request carries the API key.
type Middleware func(next Doer) Doer

// config is what options set.
type config struct {
	apiKey         string
	baseURL        string
	httpClient     *http.Client
	version        string
	inflection     Inflection
	environment    Environment
	logger         *slog.Logger
	middleware     []Middleware
	timeout        time.Duration
	stream         bool // the answer's body takes as long as it takes
	maxRetries     int
	backoffBase    time.Duration
	backoffMax     time.Duration
	maxWait        time.Duration
	maxResponse    int64
	limiter        *RateLimiter
	idempotencyKey string
	header         http.Header
	query          url.Values
	page           string // the cursor of a further page, in place of the parameters'
	response       **Response
	reread         func(context.Context) (bool, error)
}

// with returns a copy of the configuration with further options.
func (c config) with(opts []Option) config {
	c.header, c.query = c.header.Clone(), maps.Clone(c.query)
	c.middleware = slices.Clip(c.middleware)
	for _, opt := range opts {
		opt(&c)
	}
	return c
}

// WithAPIKey sets the API key, in place of the environment variable PERSONA_API_KEY.
func WithAPIKey(key string) Option { return func(c *config) { c.apiKey = strings.TrimSpace(key) } }

// WithBaseURL sets the API's address, in place of the environment variable
// PERSONA_BASE_URL or [DefaultBaseURL].
func WithBaseURL(base string) Option {
	return func(c *config) { c.baseURL = strings.TrimRight(base, "/") }
}

// WithHTTPClient sets the HTTP client. Its redirect policy is replaced: a redirect
// is never followed, since the key would go with it. A nil client changes nothing.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) {
		if client != nil {
			c.httpClient = withoutRedirects(client)
		}
	}
}

// WithVersion asks for another dated version than [DefaultVersion].
func WithVersion(version string) Option { return func(c *config) { c.version = version } }

// WithKeyInflection asks for keys in another casing than [Kebab].
func WithKeyInflection(inflection Inflection) Option {
	return func(c *config) { c.inflection = inflection }
}

// WithEnvironment says which environment the client is for. [NewClient] then
// refuses a key of the other one, by its prefix, and a client for [Production]
// refuses to simulate; both with an [*EnvironmentError], before anything is sent.
func WithEnvironment(environment Environment) Option {
	return func(c *config) { c.environment = environment }
}

// WithLogger logs every attempt: operation, status, request id, duration, attempt.
func WithLogger(logger *slog.Logger) Option { return func(c *config) { c.logger = logger } }

// WithMiddleware adds middleware; the first one added sees a request first.
func WithMiddleware(middleware ...Middleware) Option {
	return func(c *config) { c.middleware = append(c.middleware, middleware...) }
}

// WithTimeout sets how long one attempt may take: a minute unless set, any time for
// zero. For streams it is the time until the first byte. A context's deadline is for
// all attempts together.
func WithTimeout(d time.Duration) Option {
	if d <= 0 {
		d = math.MaxInt64
	}
	return func(c *config) { c.timeout = d }
}

// WithMaxRetries sets how often a call is sent again: 4 times unless set, never for 0.
func WithMaxRetries(n int) Option { return func(c *config) { c.maxRetries = n } }

// WithBackoff sets the wait before a call is sent again after a network error or a
// 5xx: a random time up to base, doubled each time, up to limit. Unless set: 500 ms
// and 10 s.
func WithBackoff(base, limit time.Duration) Option {
	return func(c *config) { c.backoffBase, c.backoffMax = base, limit }
}

// WithMaxWait sets the longest wait for a rate limit or quota to reset: 65 s unless
// set, which covers Persona's window of 60 s. A call that would have to wait longer
// fails with [ErrRateLimited].
func WithMaxWait(d time.Duration) Option { return func(c *config) { c.maxWait = d } }

// WithMaxResponse sets how many bytes of an answer are read at most: 32 MiB unless
// set. Streams are not limited.
func WithMaxResponse(n int64) Option {
	n = min(n, math.MaxInt64-1) // one byte more is read, to tell that there is more
	return func(c *config) { c.maxResponse = n }
}

// WithRateLimiter makes clients share a rate limiter. Use it when several clients have
// keys of the same environment, because Persona counts their calls together. By default
// each client has its own limiter. A nil limiter changes nothing.
func WithRateLimiter(limiter *RateLimiter) Option {
	return func(c *config) {
		if limiter != nil {
			c.limiter = limiter
		}
	}
}

// WithIdempotencyKey sets the idempotency key of a POST, in place of a random one.
// It has no effect on other methods and on searches. It is for one call: [NewClient]
// refuses it, since calls that differ must not share a key.
func WithIdempotencyKey(key string) Option { return func(c *config) { c.idempotencyKey = key } }

// WithInclude asks for related resources by the names of relationships, such as
// "account" or "inquiry-template.latest-published-version".
func WithInclude(names ...string) Option {
	return WithQuery("include", strings.Join(names, ","))
}

// WithFields asks for some attributes only of the resources of a type. Persona then
// leaves the other attributes out.
func WithFields(typ string, names ...string) Option {
	return WithQuery("fields["+typ+"]", strings.Join(names, ","))
}

// WithHeader sets a header.
func WithHeader(name, value string) Option { return func(c *config) { c.header.Set(name, value) } }

// WithQuery sets a query parameter.
func WithQuery(name, value string) Option { return func(c *config) { c.query.Set(name, value) } }

// WithResponse stores the last HTTP response of the call at p, also when the call
// fails with an [*Error]. It is for one call.
func WithResponse(p **Response) Option { return func(c *config) { c.response = p } }

// WithReread says how to find out whether a POST took effect, after a 5xx made that
// unclear. When reread returns true, the call ends with [ErrTookEffect]. When it returns
// false, the call is sent again: with the same idempotency key after 502, 503 and 504,
// otherwise with a new one (see [Retry]). It is for one call.
func WithReread(reread func(context.Context) (done bool, err error)) Option {
	return func(c *config) { c.reread = reread }
}
