package persona

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"
)

const (
	// DefaultBaseURL is the URL of Persona's API.
	DefaultBaseURL = "https://api.withpersona.com/api/v1"

	// DefaultVersion is the API version that calls request and that the types of this
	// package describe. The types also have the attributes of earlier versions.
	DefaultVersion = "2025-12-08"
)

// NewClient returns a client. Without [WithAPIKey] it reads the key from the environment
// variable PERSONA_API_KEY. If there is no key, the error is [ErrNoKey]. PERSONA_BASE_URL
// is the API's address, for example that of a local sandbox; the default is
// [DefaultBaseURL]. A client is safe for concurrent use.
func NewClient(opts ...Option) (*Client, error) {
	base := os.Getenv("PERSONA_BASE_URL")
	if base == "" {
		base = DefaultBaseURL
	}
	cfg := config{
		apiKey:      strings.TrimSpace(os.Getenv("PERSONA_API_KEY")),
		baseURL:     strings.TrimRight(base, "/"),
		httpClient:  withoutRedirects(http.DefaultClient),
		timeout:     time.Minute,
		version:     DefaultVersion,
		inflection:  Kebab,
		maxRetries:  4,
		backoffBase: 500 * time.Millisecond,
		backoffMax:  10 * time.Second,
		maxWait:     65 * time.Second,
		maxResponse: 32 << 20,
		limiter:     NewRateLimiter(),
		header:      http.Header{},
		query:       url.Values{},
	}.with(opts)
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.idempotencyKey != "" || cfg.response != nil || cfg.reread != nil {
		return nil, errors.New("persona: WithIdempotencyKey, WithReread and WithResponse are for one call: give them to the method")
	}
	c := &Client{config: cfg}
	c.bind()
	return c, nil
}

// String describes the client without its key.
func (c *Client) String() string { return "persona client of " + c.config.baseURL }

// GoString is like String, for the verb %#v.
func (c *Client) GoString() string { return c.String() }

// service is the underlying type of every service.
type service struct{ client *Client }

// check validates the configuration of a client or a call.
func (c config) check() error {
	if c.apiKey == "" {
		return ErrNoKey
	}
	if strings.ContainsFunc(c.apiKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("persona: the API key contains an invalid character, such as a space or a line break")
	}
	if strings.ContainsFunc(c.idempotencyKey, unicode.IsControl) {
		return errors.New("persona: the idempotency key contains a character that headers cannot contain, such as a line break")
	}
	if u, err := url.Parse(c.baseURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("persona: the base URL is not a web address; Persona's is %s", DefaultBaseURL)
	}
	if other := keyEnvironment(c.apiKey); c.environment != "" && other != "" && other != c.environment {
		return &EnvironmentError{c.environment, fmt.Sprintf("the API key is of the %s environment", other)}
	}
	return nil
}

// withoutRedirects returns a copy of a client that returns redirects instead of following
// them.
func withoutRedirects(client *http.Client) *http.Client {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// keyEnvironment returns the environment of a key by its prefix, or "" if the prefix is
// unknown: keys are opaque, and their form may change (Persona docs: Versioning).
func keyEnvironment(key string) Environment {
	for _, environment := range []Environment{Sandbox, Production} {
		if strings.HasPrefix(key, "persona_"+string(environment)+"_") {
			return environment
		}
	}
	return ""
}
