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

// Option configures calls: all calls of a client if given to [NewClient], or one call if
// given to a method.
type Option func(*config)

// Environment is one of Persona's two environments. An API key belongs to one of them.
type Environment string

// The two environments.
const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// Inflection is the casing of the keys in an answer.
type Inflection string

// The casings that Persona offers (Persona docs: API key inflection). The package requests
// Kebab and reads all of them.
const (
	Kebab Inflection = "kebab"
	Snake Inflection = "snake"
	Camel Inflection = "camel"
)

// Doer sends a request. Middleware wraps it.
type Doer func(*http.Request) (*http.Response, error)

// Middleware sees every attempt of every call. The request contains the API key.
type Middleware func(next Doer) Doer

// config is the result of options.
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
	stream         bool // the answer's body has no time-out
	maxRetries     int
	backoffBase    time.Duration
	backoffMax     time.Duration
	maxWait        time.Duration
	maxResponse    int64
	limiter        *RateLimiter
	idempotencyKey string
	header         http.Header
	query          url.Values
	page           string // the cursor of a further page, which replaces that of the parameters
	response       **Response
	reread         func(context.Context) (bool, error)
}

// with returns a copy of the configuration with more options applied.
func (c config) with(opts []Option) config {
	c.header, c.query = c.header.Clone(), maps.Clone(c.query)
	c.middleware = slices.Clip(c.middleware)
	for _, opt := range opts {
		opt(&c)
	}
	return c
}

// WithAPIKey sets the API key. The default is the environment variable PERSONA_API_KEY.
func WithAPIKey(key string) Option { return func(c *config) { c.apiKey = strings.TrimSpace(key) } }

// WithBaseURL sets the API's URL. The default is the environment variable PERSONA_BASE_URL,
// or [DefaultBaseURL].
func WithBaseURL(base string) Option {
	return func(c *config) { c.baseURL = strings.TrimRight(base, "/") }
}

// WithHTTPClient sets the HTTP client. Redirects are never followed, whatever the client's
// policy, because they would receive the key. A nil client changes nothing.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) {
		if client != nil {
			c.httpClient = withoutRedirects(client)
		}
	}
}

// WithVersion requests another API version than [DefaultVersion].
func WithVersion(version string) Option { return func(c *config) { c.version = version } }

// WithKeyInflection requests keys in another casing than [Kebab].
func WithKeyInflection(inflection Inflection) Option {
	return func(c *config) { c.inflection = inflection }
}

// WithEnvironment sets the environment of the client. [NewClient] then rejects a key with
// the prefix of the other environment, and a client for [Production] rejects simulate
// actions. The error is an [*EnvironmentError], and no request is sent.
func WithEnvironment(environment Environment) Option {
	return func(c *config) { c.environment = environment }
}

// WithLogger logs every attempt with operation, status, request id, duration and number.
func WithLogger(logger *slog.Logger) Option { return func(c *config) { c.logger = logger } }

// WithMiddleware adds middleware. The first one added is the outermost.
func WithMiddleware(middleware ...Middleware) Option {
	return func(c *config) { c.middleware = append(c.middleware, middleware...) }
}

// WithTimeout sets the time-out of one attempt. The default is one minute; zero means no
// time-out. For streams it is the time to the first byte. A context's deadline applies to
// all attempts together.
func WithTimeout(d time.Duration) Option {
	if d <= 0 {
		d = math.MaxInt64
	}
	return func(c *config) { c.timeout = d }
}

// WithMaxRetries sets how often a call is retried. The default is 4.
func WithMaxRetries(n int) Option { return func(c *config) { c.maxRetries = n } }

// WithBackoff sets the wait before a retry after a network error or a 5xx: a random time up
// to base, which is doubled for each retry up to limit. The defaults are 500 ms and 10 s.
func WithBackoff(base, limit time.Duration) Option {
	return func(c *config) { c.backoffBase, c.backoffMax = base, limit }
}

// WithMaxWait sets the longest wait for a rate limit or quota to reset. The default is 65
// s, which covers Persona's window of 60 s. If a longer wait is needed, the call fails with
// [ErrRateLimited].
func WithMaxWait(d time.Duration) Option { return func(c *config) { c.maxWait = d } }

// WithMaxResponse sets the maximum length of an answer in bytes. The default is 32 MiB.
// Streams are not limited.
func WithMaxResponse(n int64) Option {
	n = min(n, math.MaxInt64-1) // one more byte is read, to detect longer answers
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

// WithIdempotencyKey sets the idempotency key of a POST. The default is a random key. It
// has no effect on other methods and on searches. It applies to one call: [NewClient]
// rejects it, since different calls must not share a key.
func WithIdempotencyKey(key string) Option { return func(c *config) { c.idempotencyKey = key } }

// WithInclude requests related resources by the names of relationships, such as "account"
// or "inquiry-template.latest-published-version".
func WithInclude(names ...string) Option {
	return WithQuery("include", strings.Join(names, ","))
}

// WithFields limits the attributes of the resources of a type. Persona omits the others.
func WithFields(typ string, names ...string) Option {
	return WithQuery("fields["+typ+"]", strings.Join(names, ","))
}

// WithHeader sets a header.
func WithHeader(name, value string) Option { return func(c *config) { c.header.Set(name, value) } }

// WithQuery sets a query parameter.
func WithQuery(name, value string) Option { return func(c *config) { c.query.Set(name, value) } }

// WithResponse stores the last HTTP response of the call at p, even if the call fails with
// an [*Error]. It applies to one call.
func WithResponse(p **Response) Option { return func(c *config) { c.response = p } }

// WithReread says how to find out whether a POST took effect after a 5xx. If reread returns
// true, the call fails with [ErrTookEffect]. If it returns false, the call is retried: with
// the same idempotency key after 502, 503 and 504, otherwise with a new one (see [Retry]).
// It applies to one call.
func WithReread(reread func(context.Context) (done bool, err error)) Option {
	return func(c *config) { c.reread = reread }
}
