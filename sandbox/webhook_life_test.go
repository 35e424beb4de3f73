package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

func TestTheStatusesOfAWebhook(t *testing.T) {
	t.Parallel()
	ctx, hooks := t.Context(), start(t, frozen()).client().Webhooks
	type steps []func(context.Context, string, ...persona.Option) (*persona.Webhook, error)
	for name, test := range map[string]struct {
		steps  steps
		status string
		err    error
	}{
		"a new one is disabled":             {nil, "disabled", nil},
		"enabled":                           {steps{hooks.Enable}, "enabled", nil},
		"enabled twice":                     {steps{hooks.Enable, hooks.Enable}, "enabled", nil},
		"disabled again":                    {steps{hooks.Enable, hooks.Disable}, "disabled", nil},
		"enabled after it was disabled":     {steps{hooks.Enable, hooks.Disable, hooks.Enable}, "enabled", nil},
		"archived":                          {steps{hooks.Enable, hooks.Archive}, "archived", nil},
		"archived twice":                    {steps{hooks.Archive, hooks.Archive}, "archived", nil},
		"an archived one cannot be enabled": {steps{hooks.Archive, hooks.Enable}, "archived", persona.ErrConflict},
		"nor disabled":                      {steps{hooks.Archive, hooks.Disable}, "archived", persona.ErrConflict},
	} {
		hook, err := hooks.Create(ctx, persona.WebhookCreateParams{Name: persona.Set("x"), URL: persona.Set("http://127.0.0.1:1/"), EnabledEvents: persona.Set([]string{"*"})})
		ok(t, err)
		var last error
		for _, step := range test.steps {
			_, last = step(ctx, hook.ID)
		}
		got, err := hooks.Get(ctx, hook.ID)
		ok(t, err)
		if string(got.Attributes.Status) != test.status || !errors.Is(last, test.err) {
			t.Errorf("%s: it is %s, after %v", name, got.Attributes.Status, last)
		}
	}
}

func TestAClonedWebhookIsTheSameButForItsSecret(t *testing.T) {
	t.Parallel()
	server, to := start(t, frozen()), newReceiver(t)
	client, ctx := server.client(), t.Context()
	hook := subscribe(t, client, persona.WebhookCreateParams{
		URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"account.created"}), Description: persona.Set("for accounts"),
		APIVersion: persona.Set("2023-01-05"), APIAttributesBlocklist: persona.Set([]string{"birthdate"}), FileAccessTokenExpiresIn: persona.Set[int64](60),
		PayloadFilter:         persona.Set(persona.WebhookCreatePayloadFilter{Data: persona.Set(map[string]any{"type": "account"})}),
		RelationshipAllowlist: persona.Set(persona.RelationshipAllowlistInput{State: "include_none"}),
		CustomHTTPHeaders:     persona.Set(map[string]any{"X-Unchecked": "blocked", "X-API-Key": "k"}),
	})
	_, err := client.Webhooks.Disable(ctx, hook.ID)
	ok(t, err)
	clone, err := client.Webhooks.Clone(ctx, hook.ID)
	ok(t, err)
	was, is := hook.Attributes, clone.Attributes
	if is.Name != "test Copy" || is.Status != "disabled" || is.Secret == was.Secret || len(is.Secrets) != 1 {
		t.Errorf("the clone is %q, %s, with %d secrets", is.Name, is.Status, len(is.Secrets))
	}
	is.Name, is.Secret, is.Secrets, is.CreatedAt = was.Name, was.Secret, was.Secrets, was.CreatedAt
	if !reflect.DeepEqual(is, was) {
		t.Errorf("the clone has %+v, not %+v", is, was)
	}
	_, err = client.Webhooks.Enable(ctx, clone.ID)
	ok(t, err)
	newAccount(t, client, "person")
	got := to.wait(t, 1)[0]
	if got.header.Get("X-API-Key") != "k" {
		t.Error("the clone lacks the custom headers")
	}
	if err := webhook.VerifyHeader(got.body, got.header, []string{clone.Attributes.Secret}, webhook.WithTime(frozen().Wall())); err != nil {
		t.Error(err)
	}
}

// A delivery that is being sent or waits when its webhook is disabled fails for good (Persona
// docs: Webhooks).
func TestAWebhookThatEndsGivesUpWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"disabled", "archived"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, frozen())
			client := server.client()
			reached, answer := make(chan struct{}), make(chan struct{})
			receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				reached <- struct{}{}
				<-answer
			}))
			defer receiver.Close()
			hook := subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(receiver.URL)})
			newAccount(t, client, "one")
			newAccount(t, client, "two")
			<-reached // the first; the second waits
			end := client.Webhooks.Disable
			if name == "archived" {
				end = client.Webhooks.Archive
			}
			_, err := end(t.Context(), hook.ID)
			ok(t, err)
			close(answer)
			server.Advance(60 * time.Hour)
			got := server.settled()
			if !slices.Equal(statesOf(got), []string{"failed", "failed"}) {
				t.Errorf("deliveries: %+v", got)
			}
		})
	}
}

func statesOf(deliveries []sandbox.Delivery) []string {
	var states []string
	for _, delivery := range deliveries {
		states = append(states, delivery.State)
	}
	return states
}
