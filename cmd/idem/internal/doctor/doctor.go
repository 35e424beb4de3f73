// Package doctor checks an installation of the service: its configuration, its database,
// the running process, and the API key and webhook at Persona. It changes nothing.
package doctor

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/service"
)

// Level says how serious a finding is.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning" // it works, and a person should look
	Problem Level = "problem" // it does not work
	Skipped Level = "skipped" // it could not be examined
)

// Finding is the result of one check. It holds no key and no personal data.
type Finding struct {
	Check       string `json:"check"`
	Environment string `json:"environment,omitempty"`
	Level       Level  `json:"level"`
	Found       string `json:"found"`
	Do          string `json:"do,omitempty"` // what to do; empty where nothing is to be done
}

// timeout is for each request of a check.
const timeout = 10 * time.Second

// Options say what to check.
type Options struct {
	ConfigFile   string // "" if the environment variables configure everything
	Config       service.Config
	Environments []service.Environment // that are configured and asked for
	ServiceURL   string                // of the running service
	PublicURL    string                // where Persona reaches the service; "" if it is not known
	HTTP         *http.Client
	Now          func() time.Time
}

// Examine runs all checks, and passes each finding to tell as soon as it is known.
func Examine(ctx context.Context, o Options, tell func(Finding)) {
	tell(o.configuration())
	tell(o.database(ctx))
	if finding, known := o.disk(); known {
		tell(finding)
	}
	accepted := o.process(ctx, tell)
	for _, environment := range o.Environments {
		o.persona(ctx, environment, accepted[environment], func(f Finding) {
			f.Environment = string(environment)
			tell(f)
		})
	}
}

// Worst returns the most serious level of some findings.
func Worst(findings []Finding) Level {
	for _, level := range []Level{Problem, Warning} {
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Level == level }) {
			return level
		}
	}
	return OK
}

// persona runs the checks of one environment, whose running service has accepted a number of
// webhooks.
func (o Options) persona(ctx context.Context, environment service.Environment, accepted int, tell func(Finding)) {
	settings := o.Config.Environments[environment]
	tell(policyOf(environment, settings))
	at, response, finding := o.connect(ctx, environment)
	tell(finding)
	if finding.Level != OK {
		return // nothing else would work
	}
	tell(version(response))
	tell(clock(response, o.Now(), settings.Tolerance))
	tell(rate(response))
	tell(at.events(ctx))
	at.flows(ctx, tell)
	at.accepted = accepted
	at.webhook(ctx, tell)
	o.ages(ctx, environment, tell)
}

// Key tests the API key of an environment.
func (o Options) Key(ctx context.Context, environment service.Environment) Finding {
	_, _, finding := o.connect(ctx, environment)
	finding.Environment = string(environment)
	return finding
}

// connect makes a client and tests its API key.
func (o Options) connect(ctx context.Context, environment service.Environment) (account, *persona.Response, Finding) {
	settings := o.Config.Environments[environment]
	opts := []persona.Option{
		persona.WithAPIKey(settings.APIKey.Reveal()), persona.WithEnvironment(persona.Environment(environment)),
		persona.WithHTTPClient(o.HTTP), persona.WithTimeout(timeout), persona.WithMaxRetries(1), persona.WithMaxWait(timeout),
	}
	if settings.BaseURL != "" {
		opts = append(opts, persona.WithBaseURL(settings.BaseURL))
	}
	client, err := persona.NewClient(opts...)
	if err != nil {
		return account{}, nil, Finding{Check: "key", Level: Problem, Found: err.Error(), Do: "set the API key of this environment (api_key)"}
	}
	at := account{client: client, settings: settings, environment: environment, publicURL: o.PublicURL, http: o.HTTP}
	response, finding := at.key(ctx)
	return at, response, finding
}

// Environments returns the configured environments, sandbox last.
func Environments(cfg service.Config) []service.Environment {
	return slices.Sorted(maps.Keys(cfg.Environments))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
