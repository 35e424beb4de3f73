package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/keys"
	"github.com/idemhq/idem/internal/rotate"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/service"
)

const (
	// overdue is how late a rotation may be: the service looks every hour.
	overdue = 24 * time.Hour

	// expiresSoon is how long before its end an API key is reported.
	expiresSoon = 14 * 24 * time.Hour
)

// ages examines how old the API key and the webhook secret of an environment are.
func (o Options) ages(ctx context.Context, environment service.Environment, tell func(Finding)) {
	rotations := keys.Of(o.Config, environment, "", keys.Times{}, persona.WithHTTPClient(o.HTTP), persona.WithTimeout(timeout), persona.WithMaxRetries(1))
	for _, r := range rotations {
		age, err := r.Look(ctx)
		switch {
		case errors.Is(err, rotate.ErrNoWebhook): // the finding about the webhook says so
		case err != nil:
			tell(unknownAge(r.Kind, err))
		default:
			tell(ageOf(age, o.Now()))
		}
	}
}

// ageName is what the finding about the age of something is called.
func ageName(kind string) string {
	return map[string]string{keys.APIKey: "key age", keys.WebhookSecret: "webhook secret age"}[kind]
}

func unknownAge(kind string, err error) Finding {
	f := Finding{Check: ageName(kind), Level: Skipped, Found: err.Error()}
	switch {
	case errors.Is(err, persona.ErrForbidden):
		f.Found, f.Do = "the key may not read API keys or webhooks", "give the key the permissions api_key.read and webhook.read for this check"
	case errors.Is(err, rotate.ErrWhichKey):
		f.Found, f.Do = "Persona has several API keys", "set api_key_id to the id of the one that is used here"
	}
	return f
}

func ageOf(a keys.Age, now time.Time) Finding {
	f := Finding{Check: ageName(a.Kind), Level: OK}
	f.Found = fmt.Sprintf("%s: %s old", strings.Join(a.IDs, ", "), plural(max(0, int(now.Sub(a.Created)/(24*time.Hour))), "day"))
	if !a.Due.IsZero() {
		f.Found += ", the service rotates it at " + a.Due.UTC().Format(time.DateOnly)
	}
	if a.Rotating {
		f.Found += "; a rotation is under way"
	}
	left := a.Expires.Sub(now)
	switch {
	case !a.Expires.IsZero() && left < expiresSoon:
		f.Level, f.Found, f.Do = Warning, f.Found+"; it expires at "+a.Expires.UTC().Format(time.RFC3339), "make a key that does not expire at Persona, and write it to api_key_file"
		if left < overdue {
			f.Level = Problem
		}
	case !a.Due.IsZero() && !a.Rotating && now.Sub(a.Due) > overdue:
		f.Level, f.Do = Warning, "the rotation is overdue: the service logs why, or rotate it with idem keys rotate"
	}
	return f
}
