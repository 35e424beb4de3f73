package idem

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Environment is one of Persona's two environments.
type Environment string

// The two environments. Nothing crosses between them.
const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// Client calls the API of an Idem service. It is safe for concurrent use. Make it with [New].
type Client struct {
	base        string // without a slash at the end
	authorize   func(*http.Request)
	environment Environment
	http        *http.Client
	logger      *slog.Logger
	retries     int
	firstWait   time.Duration
	longestWait time.Duration
	silence     time.Duration // after which a stream counts as broken
}

// Option changes a client. See the functions that begin with With.
type Option func(*Client)

// WithEnvironment sets the environment. The default is [Production].
func WithEnvironment(environment Environment) Option {
	return func(c *Client) { c.environment = environment }
}

// WithHTTPClient sets the HTTP client, for example to add a certificate. The default is a
// client with a timeout of 30 seconds for each request. Streams ignore the timeout, and
// redirects are never followed.
func WithHTTPClient(client *http.Client) Option {
	return func(c *Client) { c.http = client }
}

// WithLogger sets where the client logs retries and lost streams, without personal data. The
// default is nowhere.
func WithLogger(logger *slog.Logger) Option {
	return func(c *Client) { c.logger = logger }
}

// WithMaxRetries sets how often a call is repeated. The default is 4; 0 means never. Streams
// connect again without a limit.
func WithMaxRetries(n int) Option {
	return func(c *Client) { c.retries = max(0, n) }
}

// WithBackoff sets the wait before the first retry and the longest wait. The wait doubles
// from retry to retry, and half of it is random. The default is 200ms and 5s.
func WithBackoff(first, longest time.Duration) Option {
	return func(c *Client) { c.firstWait, c.longestWait = max(0, first), max(first, longest) }
}

// New returns a client of the service at a URL, such as https://idem.example. The token is
// one that the service knows. Nothing is sent before the first call.
func New(baseURL, token string, options ...Option) (*Client, error) {
	u, err := url.Parse(baseURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("idem: the base URL is not an address such as https://idem.example")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("idem: the base URL must not contain a user, a query or a fragment")
	case token == "":
		return nil, errors.New("idem: the token is empty")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("idem: the token contains white space or characters outside of ASCII")
	}
	c := &Client{
		base: strings.TrimRight(u.String(), "/"), environment: Production, http: &http.Client{Timeout: 30 * time.Second}, logger: slog.New(slog.DiscardHandler),
		authorize: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, // a function, so that printing a client does not show the token
		retries:   4, firstWait: 200 * time.Millisecond, longestWait: 5 * time.Second, silence: 45 * time.Second,
	}
	for _, option := range options {
		option(c)
	}
	if c.environment != Sandbox && c.environment != Production {
		return nil, fmt.Errorf("idem: there is no environment %q: there are sandbox and production", c.environment)
	}
	if c.http == nil || c.logger == nil {
		return nil, errors.New("idem: the HTTP client or the logger is nil")
	}
	own := *c.http
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token is for this service only
	c.http = &own
	return c, nil
}
