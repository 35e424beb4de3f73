package rotate

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
)

// newHook starts a world with a webhook whose secret is in the file.
func newHook(t *testing.T) (w *world, id, secret string) {
	t.Helper()
	w = newWorld(t, "")
	hook, err := w.Client().Webhooks.Create(t.Context(), persona.WebhookCreateParams{
		Name: persona.Set("service"), URL: persona.Set("http://127.0.0.1:1/"), EnabledEvents: persona.Set([]string{"*"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.write(hook.Attributes.Secret + "\nwbhsec_of-another-webhook\n")
	return w, hook.ID, hook.Attributes.Secret
}

// signing returns the secrets that Persona signs with.
func (w *world) signing(id string) (secrets []string) {
	w.t.Helper()
	hook, err := w.Client().Webhooks.Get(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, secret := range hook.Attributes.Secrets {
		secrets = append(secrets, secret.Value)
	}
	return secrets
}

func TestASecretIsReplacedWithAnOverlap(t *testing.T) {
	w, id, old := newHook(t)
	status, err := w.secrets().Step(t.Context(), true)
	if err != nil || status.Done || !strings.Contains(status.Did, id) {
		t.Fatalf("%+v, error %v", status, err)
	}
	signing := w.signing(id)
	if want := append(signing, "wbhsec_of-another-webhook"); len(signing) != 2 || !slices.Contains(signing, old) || !slices.Equal(strings.Fields(w.read()), want) || !slices.Equal(w.used, want) {
		t.Fatalf("%d secrets sign; the file has %d", len(signing), len(strings.Fields(w.read())))
	}
	if strings.Contains(status.Did+status.Next, old) {
		t.Error("the status tells a secret")
	}
	if status, err = w.secrets().Step(t.Context(), true); err != nil || status.Done || !slices.Equal(w.signing(id), signing) {
		t.Errorf("a second rotation began during the overlap: %+v, error %v", status, err)
	}
	if age, err := w.secrets().Look(t.Context()); err != nil || !age.Rotating || !age.Since.Equal(w.now) {
		t.Errorf("it looks like %+v, error %v", age, err)
	}
	w.pass(61 * time.Minute)
	if status, err = w.secrets().Step(t.Context(), false); err != nil || !status.Done {
		t.Fatalf("%+v, error %v", status, err)
	}
	if want := append(w.signing(id), "wbhsec_of-another-webhook"); slices.Contains(want, old) || !slices.Equal(strings.Fields(w.read()), want) {
		t.Errorf("the file has %d secrets", len(strings.Fields(w.read())))
	}
}

func TestARotationOfASecretSurvivesAKillAtAnyCall(t *testing.T) {
	for _, after := range []bool{false, true} {
		for _, pause := range []time.Duration{time.Minute, 30 * time.Minute, 3 * time.Hour} { // before the next step
			for n := 1; ; n++ {
				w, id, old := newHook(t)
				w.killAt, w.after = n, after
				dead, err := killable(func() error { _, err := w.secrets().Step(t.Context(), true); return err })
				if err != nil {
					t.Fatal(err)
				}
				if !dead {
					break
				}
				w.killAt = -1
				w.pass(pause)
				rotated := !slices.Equal(w.signing(id), []string{old})
				w.finish(func(begin bool) (Status, error) { return w.secrets().Step(t.Context(), begin) })
				if got := strings.Fields(w.read()); !slices.Equal(got, append(w.signing(id), "wbhsec_of-another-webhook")) {
					t.Errorf("killed at call %d, after it %t, then a pause of %s: the file does not have what signs (rotated %t)", n, after, pause, rotated)
				}
			}
		}
	}
}

func TestSecretsOfAnUnknownWebhookAreNotRotated(t *testing.T) {
	w, id, _ := newHook(t)
	w.write("wbhsec_of-another-webhook\n")
	if _, err := w.secrets().Step(t.Context(), true); !errors.Is(err, ErrNoWebhook) {
		t.Errorf("error %v", err)
	}
	if len(w.signing(id)) != 1 {
		t.Error("a secret was rotated")
	}
}

func TestASecretThatPersonaDropsAtOnceStaysForTheOverlap(t *testing.T) {
	w, id, old := newHook(t)
	if _, err := w.secrets().Step(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	// Persona drops the old secret: another rotation makes it invalid at once.
	if _, err := w.Client().Webhooks.RotateSecret(t.Context(), id, persona.WebhookRotateSecretParams{ExpiresInSeconds: persona.Set[int64](0)}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Second)
	status, err := w.secrets().Step(t.Context(), false)
	if err != nil || status.Done || !slices.Contains(strings.Fields(w.read()), old) || !slices.Contains(strings.Fields(w.read()), w.signing(id)[0]) {
		t.Errorf("%+v, error %v", status, err)
	}
	w.finish(func(begin bool) (Status, error) { return w.secrets().Step(t.Context(), begin) })
	if got := strings.Fields(w.read()); !slices.Equal(got, append(w.signing(id), "wbhsec_of-another-webhook")) {
		t.Errorf("in the end the file has %d secrets", len(got))
	}
}
