package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/service"
)

// account is an environment at Persona.
type account struct {
	client      *persona.Client
	settings    service.EnvironmentConfig
	environment service.Environment
	publicURL   string
	http        *http.Client
	accepted    int // webhooks, by the running service since its start
}

func policyOf(environment service.Environment, settings service.EnvironmentConfig) Finding {
	f := Finding{Check: "policy", Level: OK}
	name, source := policy.Default()
	if settings.Policy != "" {
		var err error
		if name = settings.Policy; name != "" {
			source, err = os.ReadFile(name)
		}
		if err != nil {
			f.Level, f.Found, f.Do = Problem, err.Error(), "check policy in the configuration"
			return f
		}
	}
	p, err := policy.Load(name, source, domain.Environment(environment))
	if err != nil {
		f.Level, f.Found, f.Do = Problem, err.Error(), "correct the policy: the service does not start with it"
		return f
	}
	f.Found = fmt.Sprintf("version %s, %s", p.Version(), plural(len(p.Rules()), "rule"))
	if n := len(p.Warnings()); n > 0 {
		f.Level, f.Found, f.Do = Warning, f.Found+", "+plural(n, "warning"), "see them with: idem policy check "+name
	}
	return f
}

// key tests the API key with a call that needs no permission.
func (a account) key(ctx context.Context) (*persona.Response, Finding) {
	f := Finding{Check: "key", Level: OK}
	var response *persona.Response
	_, err := a.client.RateLimits.List(ctx, persona.WithResponse(&response))
	var mismatch *persona.EnvironmentError
	switch {
	case err == nil:
		f.Found = "Persona accepts it"
		if id := response.Header.Get("Persona-Environment-Id"); id != "" {
			f.Found += ", for " + id
		}
		return response, f
	case errors.As(err, &mismatch):
		f.Do = "set a key of the environment " + string(a.environment)
	case errors.Is(err, persona.ErrUnauthorized):
		f.Do = "the key is wrong, expired or of another environment: set api_key to a valid one"
	case errors.Is(err, persona.ErrForbidden):
		f.Do = "allow the address of this machine for the key, at Persona"
	case errors.Is(err, persona.ErrRateLimited):
		f.Do = "another program uses up the rate limit: wait, or find it"
	default:
		f.Do = "check the network and base_url"
	}
	f.Level, f.Found = Problem, err.Error()
	return response, f
}

func version(response *persona.Response) Finding {
	f := Finding{Check: "API version", Level: OK, Found: "calls ask for " + persona.DefaultVersion}
	if told := response.Header.Get("Persona-Version"); told != "" && told != persona.DefaultVersion {
		f.Level, f.Found = Warning, f.Found+", and Persona answered in "+told
		f.Do = "report it to the makers of Idem"
	}
	return f
}

// clock compares this machine's clock with Persona's, to the second.
func clock(response *persona.Response, now time.Time, tolerance time.Duration) Finding {
	f := Finding{Check: "clock", Level: OK}
	at, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		f.Level, f.Found = Skipped, "Persona's answer has no time"
		return f
	}
	skew := now.Sub(at).Round(time.Second)
	f.Found = fmt.Sprintf("%s difference to Persona's clock", skew.Abs())
	tolerance = cmp.Or(tolerance, webhook.DefaultTolerance)
	switch {
	case skew.Abs() >= tolerance:
		f.Level, f.Do = Problem, fmt.Sprintf("set the clock: signatures are accepted within %s only", tolerance)
	case skew.Abs() > tolerance/5:
		f.Level, f.Do = Warning, "set the clock, for example with NTP"
	}
	return f
}

// rate checks the remaining rate limit. Persona asks clients to slow down below 15 % (Persona
// docs: Rate limiting).
func rate(response *persona.Response) Finding {
	f := Finding{Check: "rate limit", Level: OK}
	remaining, err1 := strconv.Atoi(response.Header.Get("RateLimit-Remaining"))
	limit, err2 := strconv.Atoi(response.Header.Get("RateLimit-Limit"))
	if err1 != nil || err2 != nil || limit <= 0 {
		f.Level, f.Found = Skipped, "Persona's answer does not tell it"
		return f
	}
	f.Found = fmt.Sprintf("%d of %d calls a minute are left", remaining, limit)
	if remaining*100 < limit*15 {
		f.Level, f.Do = Warning, "other programs use this environment too: ask Persona for a higher limit, or slow them down"
	}
	return f
}

// events reads one event, because the service needs the list to reconcile.
func (a account) events(ctx context.Context) Finding {
	f := Finding{Check: "events", Level: OK, Found: "the list of events can be read"}
	_, err := a.client.Events.ListPage(ctx, persona.EventListParams{Size: 1}, persona.WithFields("event", "name"))
	switch {
	case errors.Is(err, persona.ErrForbidden):
		f.Level, f.Found, f.Do = Problem, err.Error(), "give the key the permission event.read: without it, missed webhooks are lost"
	case err != nil:
		f.Level, f.Found, f.Do = Problem, err.Error(), "try again; missed webhooks are lost as long as this fails"
	}
	return f
}

// trimmed returns an address without a trailing slash, for comparisons.
func trimmed(url string) string { return strings.TrimRight(url, "/") }
