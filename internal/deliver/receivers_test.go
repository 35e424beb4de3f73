package deliver_test

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
)

// TestReceiversWithTheOfficialLibrariesAcceptNotifications sends notifications to receivers
// that verify them with the libraries of Standard Webhooks for Go and for JavaScript, while a
// secret is rotated. It repeats what was sent with changes, which they must reject.
func TestReceiversWithTheOfficialLibrariesAcceptNotifications(t *testing.T) {
	for name, newOfficial := range map[string]func(t testing.TB, secret domain.Secret) (url string){"Go": goReceiver, "JavaScript": jsReceiver} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t testing.TB, open func() database) {
				old, current := deliver.NewSecret(), deliver.NewSecret()
				recorder := &recorder{to: newOfficial(t, current)}
				between := httptest.NewServer(recorder)
				defer between.Close()
				db := open()
				create(t, db, domain.Endpoint{
					Environment: domain.Sandbox, Name: "crm", URL: between.URL, CreatedAt: time.Now(), Secrets: []domain.SigningSecret{{Secret: old}, {Secret: current}},
				})
				_, stop := start(t, db)
				change(t, db, "created", "user-1 Ünïcode 🙂")
				change(t, db, "approved", "user-1 Ünïcode 🙂")
				eventually(t, func() bool { return len(recorder.accepted()) == 2 }, func() string { return "the receiver accepts both notifications" })
				stop()
				for _, sent := range recorder.accepted() {
					rejectsChanges(t, recorder.to, sent)
				}
			})
		})
	}
}

// rejectsChanges repeats a request in changed forms.
func rejectsChanges(t testing.TB, url string, sent recorded) {
	t.Helper()
	repeat := func(change func(header http.Header, body []byte) []byte) int {
		header := sent.header.Clone()
		body := change(header, bytes.Clone(sent.body))
		req, err := http.NewRequestWithContext(t.Context(), "POST", url, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	setting := func(name, value string) func(http.Header, []byte) []byte {
		return func(header http.Header, body []byte) []byte {
			header.Set(name, value)
			return body
		}
	}
	if status := repeat(func(_ http.Header, body []byte) []byte { return body }); status != http.StatusNoContent {
		t.Errorf("unchanged, it is answered with %d", status)
	}
	for name, change := range map[string]func(http.Header, []byte) []byte{
		"another verdict": func(_ http.Header, body []byte) []byte {
			return bytes.ReplaceAll(body, []byte("created"), []byte("approved"))
		},
		"a space more":         func(_ http.Header, body []byte) []byte { return append(body, ' ') },
		"another id":           setting("webhook-id", "ntf_other"),
		"another time":         setting("webhook-timestamp", strconv.FormatInt(time.Now().Unix()-1000, 10)),
		"the old secret alone": setting("webhook-signature", first(sent.header.Get("webhook-signature"))),
		"no signature":         setting("webhook-signature", ""),
	} {
		if name == "another verdict" && !bytes.Contains(sent.body, []byte("created")) {
			continue
		}
		if status := repeat(change); status != http.StatusUnauthorized {
			t.Errorf("with %s it is answered with %d", name, status)
		}
	}
}

func first(signatures string) string { return strings.Fields(signatures)[0] }

// recorded is a request that was accepted.
type recorded struct {
	header http.Header
	body   []byte
}

// recorder passes requests on, and records those that were accepted.
type recorder struct {
	to   string
	mu   sync.Mutex
	sent []recorded
}

// ServeHTTP implements [http.Handler].
func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender left
	}
	next, err := http.NewRequestWithContext(req.Context(), req.Method, r.to, bytes.NewReader(body))
	if err != nil {
		return
	}
	next.Header = req.Header.Clone()
	res, err := http.DefaultClient.Do(next)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	res.Body.Close()
	if res.StatusCode == http.StatusNoContent {
		r.mu.Lock()
		r.sent = append(r.sent, recorded{req.Header.Clone(), body})
		r.mu.Unlock()
	}
	w.WriteHeader(res.StatusCode)
}

// accepted are the requests that were accepted.
func (r *recorder) accepted() []recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

func goReceiver(t testing.TB, secret domain.Secret) string {
	hook, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || hook.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// jsReceiver starts jsreceiver/receiver.js. If Node.js or the library is missing, it skips
// the test, or fails it in CI.
func jsReceiver(t testing.TB, secret domain.Secret) string {
	if testing.Short() {
		t.Skip("starts Node.js: not run with -short")
	}
	node, err := exec.LookPath("node")
	if _, missing := os.Stat("jsreceiver/node_modules/standardwebhooks/package.json"); cmp.Or(err, missing) != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("Node.js or the library for JavaScript is missing: run scripts/jsreceiver")
		}
		t.Skip("Node.js or the library for JavaScript is missing: run scripts/jsreceiver")
	}
	cmd := exec.CommandContext(t.Context(), node, "receiver.js")
	cmd.Dir, cmd.Env, cmd.Stderr = "jsreceiver", append(os.Environ(), "SECRET="+secret.Reveal()), os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait() // it was told to end, or the test has killed it
		http.DefaultClient.CloseIdleConnections()
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "http://127.0.0.1:" + strings.TrimSpace(port)
}
