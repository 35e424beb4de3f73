package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/subscription"
	"github.com/idemhq/idem/cmd/idem/internal/webhookplan"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/service"
)

// webhook checks the webhook that sends events to the service: the one with a configured
// secret, or else one with the service's path.
func (a account) webhook(ctx context.Context, tell func(Finding)) {
	hook, finding := a.find(ctx)
	if hook == nil {
		tell(finding)
		return
	}
	tell(a.status(hook))
	tell(a.secrets(hook, time.Now()))
	tell(a.subscribed(hook))
	address := a.address(hook)
	tell(address)
	if address.Level == Problem {
		return
	}
	reachable := a.reachable(ctx, hook.Attributes.URL)
	tell(reachable)
	// In production the service's own numbers must do: see deliveries.
	if reachable.Level == OK && a.environment == service.Sandbox {
		tell(a.signed(ctx, hook))
	}
}

// find returns the webhook, or a finding if there is none.
func (a account) find(ctx context.Context) (*persona.WebhookWithSecret, Finding) {
	f := Finding{Check: "webhook", Level: Problem}
	var byPath *persona.WebhookWithSecret
	for entry, err := range a.client.Webhooks.List(ctx, persona.WebhookListParams{Size: 100}) {
		if errors.Is(err, persona.ErrForbidden) {
			f.Level, f.Found = Skipped, "the key may not read webhooks"
			f.Do = "give the key the permission webhook.read for this check, or look at Persona's dashboard"
			return nil, f
		}
		if err != nil {
			f.Found, f.Do = err.Error(), "try again"
			return nil, f
		}
		if entry.Attributes.Status == "archived" {
			continue
		}
		hook, err := a.client.Webhooks.Get(ctx, entry.ID) // with its secrets
		if err != nil {
			f.Found, f.Do = err.Error(), "try again"
			return nil, f
		}
		if slices.ContainsFunc(webhookplan.Secrets(hook, time.Time{}), a.configured) {
			return hook, f
		}
		if a.leadsHere(hook.Attributes.URL) {
			byPath = hook
		}
	}
	if byPath == nil {
		return nil, a.noWebhook()
	}
	return byPath, f
}

// noWebhook is a problem, except in the sandbox while something else brings the events.
func (a account) noWebhook() Finding {
	f := Finding{Check: "webhook", Level: Problem}
	f.Found = "no webhook of Persona signs with a configured secret or leads to /webhooks/persona/" + string(a.environment)
	f.Do = "create one with idem webhook apply, and add its secret to the configuration; or run idem listen, if Persona cannot reach this machine"
	if a.environment == service.Sandbox && a.accepted > 0 {
		f.Level = Warning
		f.Found += ", but events arrive, for example from idem listen"
		f.Do = "to receive them from Persona itself, create a webhook with idem webhook apply, and add its secret to the configuration"
	}
	return f
}

func (a account) configured(secret string) bool {
	return slices.Contains(a.settings.WebhookSecrets, service.Secret(secret))
}

func (a account) leadsHere(address string) bool {
	path := "/webhooks/persona/" + string(a.environment)
	if a.publicURL != "" {
		return trimmed(address) == trimmed(a.publicURL)+path || trimmed(address) == trimmed(a.publicURL)
	}
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(trimmed(u.Path), path)
}

func (a account) status(hook *persona.WebhookWithSecret) Finding {
	f := Finding{Check: "webhook", Level: OK, Found: hook.ID + " is " + hook.Attributes.Status}
	if hook.Attributes.Status != "enabled" {
		f.Level, f.Do = Problem, "enable it: idem request POST /webhooks/"+hook.ID+"/enable --environment "+string(a.environment)
	}
	return f
}

func (a account) secrets(hook *persona.WebhookWithSecret, now time.Time) Finding {
	f := Finding{Check: "webhook secret", Level: OK, Found: "the service knows every secret that the webhook signs with"}
	valid, known := webhookplan.Secrets(hook, now), 0
	for _, secret := range valid {
		if a.configured(secret) {
			known++
		}
	}
	switch {
	case len(valid) == 0:
		f.Level, f.Found = Skipped, "Persona does not show the secrets"
	case known == 0:
		f.Level, f.Found = Problem, "the service knows no secret of "+hook.ID+": every event is rejected"
		f.Do = "set webhook_secrets to the secret that Persona shows for this webhook"
	case known < len(valid):
		f.Level, f.Found = Warning, fmt.Sprintf("the service knows %d of the %d secrets of %s", known, len(valid), hook.ID)
		f.Do = "add the new secret to webhook_secrets before the old one expires"
	}
	return f
}

func (a account) subscribed(hook *persona.WebhookWithSecret) Finding {
	f := Finding{Check: "subscription", Level: OK, Found: "the webhook brings every event that the service uses"}
	decide, copied := subscription.Lacking(hook.Attributes.EnabledEvents)
	switch {
	case len(decide) > 0:
		f.Level, f.Found = Problem, "the webhook does not bring events of inquiries or cases, which lead to decisions: "+some(decide)
		f.Do = `subscribe it to "*", for example with idem webhook apply: until then decisions wait for the next reconciliation`
	case len(copied) > 0:
		f.Level, f.Found = Warning, "the webhook does not bring "+some(copied)
		f.Do = `subscribe it to "*": copies of these objects are late until then`
	}
	return f
}

// some joins the first names of a list and counts the others.
func some(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

func (a account) address(hook *persona.WebhookWithSecret) Finding {
	f := Finding{Check: "webhook address", Level: OK, Found: hook.Attributes.URL}
	u, err := url.Parse(hook.Attributes.URL)
	switch {
	case err != nil || u.Host == "":
		f.Level, f.Do = Problem, "set the webhook's address to that of the service"
	case !a.leadsHere(hook.Attributes.URL):
		f.Level, f.Found = Warning, f.Found+" does not lead to /webhooks/persona/"+string(a.environment)
		f.Do = "check that what is there passes requests on to the service"
	case a.environment == service.Production && u.Scheme != "https":
		f.Level, f.Do = Problem, "use https: events hold personal data"
	}
	return f
}

// reachable sends a GET to the webhook's address. It changes nothing: the service accepts
// only POST there and answers 405.
func (a account) reachable(ctx context.Context, address string) Finding {
	f := Finding{Check: "reachable", Level: OK, Found: "the service answers there"}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		f.Level, f.Found = Problem, "the address cannot be used"
		return f
	}
	res, err := a.http.Do(req)
	if err != nil {
		f.Level, f.Found = Warning, "nothing answers there when it is asked from this machine"
		f.Do = "check the address from outside: Persona must reach it"
		return f
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		f.Level, f.Found = Warning, fmt.Sprintf("what answers there does not look like the service (%d)", res.StatusCode)
		f.Do = "check that requests to this address are passed on to the service"
	}
	return f
}
