package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// world creates an example of most of what a snapshot contains: an account, an inquiry with an
// unused link, an idempotency key, and a delivery that failed once.
func world(t *testing.T, server *sandbox.Server) (inquiryID string, to *receiver) {
	t.Helper()
	to = newReceiver(t, http.StatusServiceUnavailable)
	client := server.Client()
	subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	inquiry, err := client.Inquiries.Create(t.Context(), acme(), persona.WithIdempotencyKey("acme-key"))
	ok(t, err)
	server.Advance(time.Second) // each event has its own time
	to.wait(t, 1)
	deadline := time.Now().Add(10 * time.Second)
	for len(server.Deliveries("sandbox")[0].Attempts) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the attempt is not recorded")
		}
		time.Sleep(time.Millisecond)
	}
	return inquiry.ID, to
}

func acme() persona.InquiryCreateParams {
	return persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), ReferenceID: persona.Set("acme-1"), AutoCreateOneTimeLink: persona.Set(true),
	}
}

// read returns what a client sees of a sandbox, except when its key was used.
func read(t *testing.T, server *sandbox.Server) string {
	t.Helper()
	var seen strings.Builder
	lastUsed := regexp.MustCompile(`"last-used-at":"[^"]*"`)
	for _, path := range []string{"/inquiries", "/accounts", "/events", "/webhooks", "/inquiry-sessions", "/api-keys"} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", server.BaseURL()+path, nil)
		ok(t, err)
		request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
		response, err := http.DefaultClient.Do(request)
		ok(t, err)
		var body bytes.Buffer
		_, err = body.ReadFrom(response.Body)
		ok(t, errors.Join(err, response.Body.Close()))
		seen.Write(lastUsed.ReplaceAll(body.Bytes(), nil))
	}
	return seen.String()
}

func TestASandboxIsRestoredFromASnapshot(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	options := sandbox.Options{Wall: func() time.Time { return at }}
	server := sandbox.NewServer(t, options)
	inquiryID, to := world(t, server)
	before, then := read(t, server), server.Now()
	var snapshot bytes.Buffer
	ok(t, server.Snapshot(&snapshot))

	other := sandbox.NewServer(t, options)
	ok(t, other.Restore(bytes.NewReader(snapshot.Bytes())))
	if got := read(t, other); got != before {
		t.Errorf("it was\n%s\nand is\n%s", before, got)
	}
	again, err := other.Client().Inquiries.Create(t.Context(), acme(), persona.WithIdempotencyKey("acme-key"))
	ok(t, err)
	if again.ID != inquiryID {
		t.Error("the idempotency key is forgotten")
	}
	if again.Meta.OneTimeLink == "" || open(t, strings.Replace(again.Meta.OneTimeLink, server.URL, other.URL, 1)) != http.StatusOK {
		t.Error("the one-time link is forgotten")
	}
	if account, err := other.Client().Accounts.Create(t.Context(), persona.AccountCreateParams{ReferenceID: persona.Set("acme-1")}); err == nil {
		t.Errorf("two accounts have one reference id: %s", account.ID)
	}
	if calls := other.Calls("sandbox"); len(calls) < 2 {
		t.Errorf("%d calls are remembered", len(calls))
	}
	other.Advance(3 * time.Second) // the second attempt
	to.wait(t, 2)
	other.Advance(25 * time.Hour)
	got, err := other.Client().Inquiries.Get(t.Context(), inquiryID)
	ok(t, err)
	if got.Attributes.Status != "expired" {
		t.Errorf("a day later the inquiry is %s: its expiry is forgotten", got.Attributes.Status)
	}
	ok(t, other.Restore(bytes.NewReader(snapshot.Bytes())))
	if got := read(t, other); got != before {
		t.Error("restored twice, it is another")
	}
	if !other.Now().Equal(then) {
		t.Errorf("the clock shows %s, not the time of the snapshot", other.Now())
	}
}

func TestWhatIsNoSnapshotChangesNothing(t *testing.T) {
	t.Parallel()
	server := sandbox.NewServer(t)
	newInquiry(t, server.Client(), "")
	before := read(t, server)
	var snapshot bytes.Buffer
	ok(t, server.Snapshot(&snapshot))
	for name, text := range map[string][]byte{
		"empty": nil, "text": []byte("a text"), "cut short": snapshot.Bytes()[:snapshot.Len()/2],
	} {
		if err := server.Restore(bytes.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if got := read(t, server); got != before {
		t.Error("the sandbox changed")
	}
}

func TestAResetSandboxIsAsNew(t *testing.T) {
	t.Parallel()
	server := sandbox.NewServer(t)
	inquiryID, _ := world(t, server)
	server.Reset()
	if _, err := server.Client().Inquiries.Get(t.Context(), inquiryID); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("the inquiry is still there: %v", err)
	}
	newInquiry(t, server.Client(), "acme-1")
	if n := len(server.Deliveries("sandbox")); n != 0 {
		t.Errorf("there are %d deliveries to the webhook of before", n)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state")
	first := sandbox.NewServer(t)
	ok(t, first.Load(file)) // the file does not exist yet
	inquiryID, _ := world(t, first)
	first.Advance(time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	ok(t, first.Keep(ctx, file))

	second := sandbox.NewServer(t)
	ok(t, second.Load(file))
	if _, err := second.Client().Inquiries.Get(t.Context(), inquiryID); err != nil {
		t.Error(err)
	}
	if second.Now().Before(first.Now().Add(-time.Minute)) {
		t.Errorf("the clock went back from %s to %s", first.Now(), second.Now())
	}
	info, err := os.Stat(file)
	ok(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the keys may be read by others: %s", info.Mode())
	}
	ok(t, os.WriteFile(file, []byte("damaged"), 0o600))
	if err := sandbox.NewServer(t).Load(file); err == nil {
		t.Error("a damaged file is no error")
	}
	if err := second.Keep(ctx, filepath.Join(file, "below-a-file")); err == nil {
		t.Error("a file that cannot be written is no error")
	}
}
