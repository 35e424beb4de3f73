package doctor

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/webhookplan"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

// testBody is signed and sent to the service. It is not an event, so nothing is stored: the
// service answers 400 if it accepts the signature, and 401 if it does not.
const testBody = `{"idem":"doctor"}`

// signed sends a request with the secrets that Persona signs with to the webhook's address.
// It finds secrets that the running service does not know, and proxies that change bodies.
func (a account) signed(ctx context.Context, hook *persona.WebhookWithSecret) Finding {
	f := Finding{Check: "signature", Level: OK, Found: "the service accepts a signed request at the webhook's address"}
	secrets := webhookplan.Secrets(hook, time.Now())
	if len(secrets) == 0 {
		f.Level, f.Found = Skipped, "Persona does not show the secrets"
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.Attributes.URL, strings.NewReader(testBody))
	if err != nil {
		f.Level, f.Found = Problem, "the address cannot be used"
		return f
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(testBody), time.Now(), secrets...))
	res, err := a.http.Do(req)
	if err != nil {
		f.Level, f.Found = Skipped, "the address does not answer from this machine"
		return f
	}
	res.Body.Close()
	switch res.StatusCode {
	case http.StatusBadRequest: // signed, and not an event
	case http.StatusUnauthorized:
		f.Level, f.Found = Problem, "the service rejects what is signed with the webhook's secrets"
		f.Do = "check webhook_secrets and the clock; a proxy in between must not change bodies"
	default:
		f.Level, f.Found = Warning, fmt.Sprintf("a signed test request is answered with %d instead of 400", res.StatusCode)
		f.Do = "check that requests to this address are passed on to the service, with their bodies"
	}
	return f
}

// deliveries judges the webhooks that the service has received since it was started.
func deliveries(received func(outcome string) float64) Finding {
	f := Finding{Check: "deliveries", Level: OK}
	accepted := int(received("accepted") + received("duplicate"))
	var rejected int
	for _, outcome := range []string{"signature_missing", "signature_malformed", "signature_stale", "signature_mismatch", "signature_no-secret"} {
		rejected += int(received(outcome))
	}
	f.Found = fmt.Sprintf("%s accepted since the start of the service", plural(accepted, "webhook"))
	if unsigned := plural(rejected, "request") + " without a valid signature"; rejected > 0 {
		f.Found += ", " + unsigned
	}
	switch {
	case received("signature_mismatch") > 0 && accepted == 0:
		f.Level, f.Do = Problem, "no webhook is accepted: check webhook_secrets"
	case received("signature_mismatch")+received("signature_stale") > 0:
		f.Level, f.Do = Warning, "if they came from Persona, check webhook_secrets and the clock; anybody can send requests"
	}
	return f
}
