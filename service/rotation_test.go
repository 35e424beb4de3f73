package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/rotate"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestNothingIsLostDuringARotation(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	for name, byCommand := range map[string]bool{"by the service": false, "by another process": true} {
		t.Run(name, func(t *testing.T) { rotateUnderLoad(t, byCommand) })
	}
}

// rotateUnderLoad rotates the API key and the webhook secret while people are verified.
func rotateUnderLoad(t *testing.T, byCommand bool) {
	var unauthorized atomic.Int64
	f := newFolderThrough(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&counting{w, &unauthorized}, r)
		})
	})
	own := f.ownKey()
	f.useOtherKey()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { f.service.Follow(ctx, f.load, nil) })
	defer func() { cancel(); running.Wait() }()
	ended := make(chan error, 1)
	rotations := f.rotationsOf(own, byCommand, rotationTimes{quiet: 5 * time.Second, grace: time.Second, overlap: 5 * time.Second})
	go func() {
		var errs []error
		for _, r := range rotations {
			errs = append(errs, finish(ctx, r))
		}
		ended <- errors.Join(errs...)
	}()
	verified := 0
	verify := func() {
		verified++
		f.decidedBy(fmt.Sprintf("user-%d", verified))
	}
	for rotated := false; !rotated; {
		verify()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			rotated = true
		default:
		}
	}
	f.eventually("the old key has expired", func() bool {
		_, err := f.sandbox.Client().RateLimits.List(t.Context())
		return err != nil
	})
	if cfg, err := f.load(); err != nil || len(cfg.Environments[Sandbox].WebhookSecrets) != 1 || cfg.Environments[Sandbox].WebhookSecrets[0].Reveal() == f.secret {
		t.Errorf("the old secret is still in the file, error %v", err)
	}
	verify() // with the new key and the new secret
	f.settled()
	if n := unauthorized.Load(); n != 0 {
		t.Errorf("%d calls were unauthorized", n)
	}
	if metrics := f.metrics(); strings.Contains(metrics, `outcome="signature`) {
		t.Error("webhooks were rejected")
	}
	if report, err := f.service.Reconcile(t.Context(), Sandbox, ReconcileOptions{Since: time.Now().Add(-time.Hour)}); err != nil || report.Missed != 0 || report.Seen < verified {
		t.Errorf("%d inquiries, %+v, error %v", verified, report, err)
	}
}

// finish takes the steps of a rotation.
func finish(ctx context.Context, r rotation) error {
	for begin := true; ; begin = false {
		status, err := r.step(ctx, begin)
		if err != nil || status.Done {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(status.Wait):
		}
	}
}

// rotationsOf returns the rotations of the service, or those of a process that only writes
// the files.
func (f *folder) rotationsOf(keyID string, byCommand bool, times rotationTimes) []rotation {
	cfg, err := f.load()
	if err != nil {
		f.t.Fatal(err)
	}
	e := cfg.Environments[Sandbox]
	if !byCommand {
		e.APIKeyID = keyID
		return f.service.rotations(Sandbox, e, times)
	}
	dial := func(key string) (*persona.Client, error) { return f.sandbox.Client(persona.WithAPIKey(key)), nil }
	key := rotate.Key{Place: rotate.Place(e.APIKeyPlace), ID: keyID, Dial: dial, Quiet: times.quiet, Grace: times.grace, Now: time.Now}
	secrets := rotate.Secrets{Place: rotate.Place(e.WebhookSecretsPlace), Dial: func() (*persona.Client, error) { return f.client, nil }, Overlap: times.overlap, Now: time.Now}
	return []rotation{{kind: "api_key", step: key.Step}, {kind: "webhook_secret", step: secrets.Step}}
}

// counting counts answers with 401.
type counting struct {
	http.ResponseWriter
	unauthorized *atomic.Int64
}

// WriteHeader implements [http.ResponseWriter].
func (c *counting) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		c.unauthorized.Add(1)
	}
	c.ResponseWriter.WriteHeader(status)
}

// useOtherKey makes the test's own calls with another key than the service's.
func (w *world) useOtherKey() {
	w.t.Helper()
	key, err := w.client.APIKeys.Clone(w.t.Context(), w.ownKey())
	if err != nil {
		w.t.Fatal(err)
	}
	w.client = w.sandbox.Client(persona.WithAPIKey(key.Attributes.Value))
}

func TestTheServiceRotatesKeysThatAreDue(t *testing.T) {
	f := newFolder(t)
	cfg, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	e := cfg.Environments[Sandbox]
	e.RotateKeys = 24 * time.Hour
	rotations := f.service.rotations(Sandbox, e, rotationTimes{quiet: time.Hour, grace: time.Hour, overlap: time.Hour})
	for _, r := range rotations {
		f.service.rotateIfDue(t.Context(), r)
	}
	if f.key() != sandbox.SandboxKey || f.service.keys[Sandbox].get() != sandbox.SandboxKey || !strings.Contains(f.metrics(), `idem_key_rotation_due_timestamp_seconds{environment="sandbox",kind="webhook_secret"}`) {
		t.Error("a new key was rotated, or its due date is not published")
	}
	for _, kind := range []string{"api_key", "webhook_secret"} {
		if !strings.Contains(f.metrics(), `idem_key_created_timestamp_seconds{environment="sandbox",kind="`+kind+`"}`) {
			t.Errorf("the age of the %s is not published", kind)
		}
	}
	for _, r := range rotations {
		r.after = 0
		if wait := f.service.rotateIfDue(t.Context(), r); wait > time.Hour || wait <= 0 {
			t.Errorf("%s: the next step is in %s", r.kind, wait)
		}
	}
	if f.key() == sandbox.SandboxKey || f.service.keys[Sandbox].get().Reveal() != f.key() {
		t.Error("the key was not rotated, or is not in use")
	}
	var seen []string
	for _, entry := range get[api.AuditTrail](f.world, "/v1/sandbox/audit").Entries {
		seen = append(seen, entry.What)
		if strings.Contains(entry.Detail, f.key()) {
			t.Error("the audit trail tells the key")
		}
	}
	if text := strings.Join(seen, " "); !strings.Contains(text, "api_key.rotated") || !strings.Contains(text, "webhook_secret.rotated") {
		t.Errorf("the audit trail has %s", text)
	}
	if strings.Contains(f.log.String(), f.key()) {
		t.Error("the log tells the key")
	}
}

func TestTheAgesOfKeysThatAreNotRotatedArePublishedToo(t *testing.T) {
	f := newFolder(t)
	cfg, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.sandbox.Client().APIKeys.Expire(t.Context(), f.keyID(), persona.APIKeyExpireParams{ExpiresInSeconds: 86400}); err != nil {
		t.Fatal(err)
	}
	for _, r := range f.service.rotations(Sandbox, cfg.Environments[Sandbox], rotationTimes{}) {
		f.service.rotateIfDue(t.Context(), r)
	}
	text := f.metrics()
	for _, name := range []string{`idem_key_created_timestamp_seconds{environment="sandbox",kind="api_key"}`, `idem_key_expires_timestamp_seconds{environment="sandbox",kind="api_key"}`} {
		if !strings.Contains(text, name) {
			t.Errorf("the metrics lack %s", name)
		}
	}
	if strings.Contains(text, "idem_key_rotation_due_timestamp_seconds{") {
		t.Error("a key that is not rotated has a due date")
	}
}

// keyID returns the id of the sandbox's only key.
func (f *folder) keyID() string {
	f.t.Helper()
	page, err := f.sandbox.Client().APIKeys.ListPage(f.t.Context(), persona.APIKeyListParams{})
	if err != nil || len(page.Data) != 1 {
		f.t.Fatalf("%d keys, error %v", len(page.Data), err)
	}
	return page.Data[0].ID
}

// key returns the key in the file.
func (f *folder) key() string {
	f.t.Helper()
	cfg, err := f.load()
	if err != nil {
		f.t.Fatal(err)
	}
	return cfg.Environments[Sandbox].APIKey.Reveal()
}

func TestAFailedRotationIsReported(t *testing.T) {
	f := newFolder(t)
	f.useOtherKey() // now there are two keys
	rotations := f.service.rotations(Sandbox, f.service.cfg.Environments[Sandbox], rotationTimes{})
	key := rotations[0]
	key.automatic = true
	if wait := f.service.rotateIfDue(t.Context(), key); wait != rotationInterval {
		t.Errorf("the next step is in %s", wait)
	}
	if !strings.Contains(f.log.String(), "name it with api_key_id") || !strings.Contains(f.metrics(), `idem_key_rotation_successful{environment="sandbox",kind="api_key"} 0`) {
		t.Errorf("the log says %s", f.log)
	}
}
