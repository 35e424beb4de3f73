package dev

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs everything on a folder, until stop is called.
func start(t *testing.T, data string) (at Addresses, stop func() error) {
	t.Helper()
	return startWith(t, Options{Data: data, Logger: slog.New(slog.DiscardHandler)})
}

func startWith(t *testing.T, o Options) (at Addresses, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := make(chan Addresses, 1), make(chan error, 1)
	go func() {
		ended <- Run(ctx, o, func(at Addresses) { told <- at })
	}()
	select {
	case at = <-told:
	case err := <-ended:
		t.Fatalf("it ended at once: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("it never got ready")
	}
	return at, func() error {
		cancel()
		return <-ended
	}
}

// verdict asks the service about a subject.
func verdict(t *testing.T, client *http.Client, at Addresses, reference string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.Service+"/v1/sandbox/subjects/"+reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+Token)
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var subject service.Subject
	if err := json.NewDecoder(res.Body).Decode(&subject); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the service answers %d, error %v", res.StatusCode, err)
	}
	return string(subject.Verdict)
}

func TestAnApplicantOfTheFormGetsTheVerdictOfItsOutcome(t *testing.T) {
	at, stop := start(t, t.TempDir())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for outcome, want := range map[string]string{"pass": "approved", "review": "review", "fail": "review"} {
		res, err := client.PostForm(at.Service+"/status/applicants", url.Values{"outcome": {outcome}, "reference": {"user-" + outcome}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK || res.Request.URL.RequestURI() != "/?watch=1" {
			t.Fatalf("%s: the form leads to %s, which answers %d", outcome, res.Request.URL, res.StatusCode)
		}
		deadline := time.Now().Add(20 * time.Second)
		for verdict(t, client, at, "user-"+outcome) != want {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the verdict never became %s", outcome, want)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("it did not stop cleanly: %v", err)
	}
}

func TestAFolderIsForOneProcessAtATime(t *testing.T) {
	data := t.TempDir()
	_, stop := start(t, data)
	err := Run(t.Context(), Options{Data: data, Logger: slog.New(slog.DiscardHandler)}, func(Addresses) {})
	if err == nil || !strings.Contains(err.Error(), "in use by another `idem dev`") {
		t.Errorf("the second ended with %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	_, stop = start(t, data) // what was stopped gives the folder back
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestOnlyNamesOfThisMachineAreAnswered(t *testing.T) {
	handler := onlyHere(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	for host, want := range map[string]int{
		"127.0.0.1:8080": http.StatusOK, "localhost:8080": http.StatusOK, "[::1]:8080": http.StatusOK, "localhost": http.StatusOK,
		"rebound.example.com:8080": http.StatusMisdirectedRequest, "192.0.2.1": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q is answered with %d, want %d", host, w.Code, want)
		}
	}
}

// The subject "." must not become the list of all, or another subject.
func TestPathsWithDotsAreNotRedirected(t *testing.T) {
	at, stop := start(t, t.TempDir())
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, path := range []string{"/v1/sandbox/subjects/.", "/v1/sandbox/subjects/./timeline", "/v1/sandbox/events/../backlog", "//v1/sandbox/subjects"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.Service, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path = path
		req.Header.Set("Authorization", "Bearer "+Token)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered with %d", path, res.StatusCode)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestNotificationsAreReceived(t *testing.T) {
	told := make(chan notify.Notification, 100)
	at, stop := startWith(t, Options{Data: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Told: func(n notify.Notification) { told <- n }})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.PostForm(at.Service+"/status/applicants", url.Values{"outcome": {"pass"}, "reference": {"user-1"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	for verdict := ""; verdict != "approved"; {
		select {
		case n := <-told:
			if n.Reference == "user-1" && n.Verdict != "" {
				verdict = string(n.Verdict)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the last verdict is %q", verdict)
		}
	}
	if res, err = client.Post(at.Service+receiverPath, "application/json", strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a message without a signature: %d", res.StatusCode)
	}
	if err := stop(); err != nil {
		t.Errorf("it did not stop cleanly: %v", err)
	}
}
