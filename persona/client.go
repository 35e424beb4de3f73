package persona

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	// DefaultBaseURL is Persona's API.
	DefaultBaseURL = "https://api.withpersona.com/api/v1"

	// DefaultVersion is the dated version that calls ask for, and that the types of
	// this package describe. They also have the attributes of earlier versions.
	DefaultVersion = "2025-12-08"
)

// NewClient returns a client. Without [WithAPIKey] the key is read from the
// environment variable PERSONA_API_KEY; without either it fails with [ErrNoKey].
// The client may be used by many goroutines.
func NewClient(opts ...Option) (*Client, error) {
	base := os.Getenv("PERSONA_BASE_URL")
	if base == "" {
		base = DefaultBaseURL
	}
	cfg := config{
		apiKey:      strings.TrimSpace(os.Getenv("PERSONA_API_KEY")),
		baseURL:     strings.TrimRight(base, "/"),
		httpClient:  http.DefaultClient,
		timeout:     time.Minute,
		version:     DefaultVersion,
		inflection:  Kebab,
		maxRetries:  4,
		backoffBase: 500 * time.Millisecond,
		backoffMax:  10 * time.Second,
		maxWait:     65 * time.Second,
		maxResponse: 32 << 20,
		budget:      NewBudget(),
		header:      http.Header{},
		query:       url.Values{},
	}.with(opts)
	if cfg.apiKey == "" {
		return nil, ErrNoKey
	}
	if strings.ContainsFunc(cfg.apiKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("persona: the API key holds a character that no key has, such as a space or a line break")
	}
	if u, err := url.Parse(cfg.baseURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("persona: the base URL is not a web address; Persona's is %s", DefaultBaseURL)
	}
	if other := keyEnvironment(cfg.apiKey); cfg.environment != "" && other != "" && other != cfg.environment {
		return nil, &EnvironmentError{cfg.environment, fmt.Sprintf("the API key is of the %s environment", other)}
	}
	httpClient := *cfg.httpClient
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cfg.httpClient = &httpClient

	c := &Client{config: cfg}
	c.bind()
	return c, nil
}

// String describes the client without its key, so that a program may print it.
func (c *Client) String() string { return "persona client of " + c.config.baseURL }

// GoString is String, for the verb %#v.
func (c *Client) GoString() string { return c.String() }

// service is what every service is underneath.
type service struct{ client *Client }

// keyEnvironment tells a key's environment by its prefix, "" where the prefix is not
// known: keys are opaque, and their form may change (Persona docs: Versioning).
func keyEnvironment(key string) Environment {
	for _, environment := range []Environment{Sandbox, Production} {
		if strings.HasPrefix(key, "persona_"+string(environment)+"_") {
			return environment
		}
	}
	return ""
}
