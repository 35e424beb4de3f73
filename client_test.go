package idem_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestAClientThatCannotWorkIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		url, token string
		options    []idem.Option
	}{
		"no address":           {"", token, nil},
		"another scheme":       {"ftp://idem.example", token, nil},
		"a user":               {"https://me:secret@idem.example", token, nil},
		"a query":              {"https://idem.example?x=y", token, nil},
		"no token":             {"https://idem.example", "", nil},
		"a token of two lines": {"https://idem.example", "a\r\nX: y", nil},
		"another environment":  {"https://idem.example", token, []idem.Option{idem.WithEnvironment("staging")}},
		"no HTTP client":       {"https://idem.example", token, []idem.Option{idem.WithHTTPClient(nil)}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := idem.New(c.url, c.token, c.options...)
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestPrintingAClientDoesNotShowTheToken(t *testing.T) {
	c := client(t, "https://idem.example")
	if text := fmt.Sprintf("%v %+v %#v", c, c, *c); strings.Contains(text, token) {
		t.Error(text)
	}
}

func TestSubjectsOfEveryFormAreFound(t *testing.T) {
	w, c := started(t, "")
	references := []string{"user-1", "a/b", "..", ".", "a b?c=d#e", "100%", "müller@example.com", "%2e%2e", "a//b"}
	for _, reference := range references {
		_, err := w.Persona.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
			InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set(reference),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, reference := range references {
		var s idem.Subject
		var err error
		eventually(t, "there is a verdict on "+reference, func() bool {
			s, err = c.Subject(t.Context(), reference)
			return err != nil || s.Verdict == idem.VerdictPending
		})
		if err != nil || s.Reference != reference || s.Object.Type != "inquiry" || s.Since.IsZero() || s.Version == 0 {
			t.Errorf("%q is %+v, error %v", reference, s, err)
		}
	}
	var listed []string
	for s, err := range c.Subjects(t.Context(), idem.VerdictPending) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, s.Reference)
	}
	slices.Sort(listed)
	slices.Sort(references)
	if !slices.Equal(listed, references) {
		t.Errorf("listed %q, want %q", listed, references)
	}
	if s, err := c.Subject(t.Context(), "nobody"); err != nil || s.Verdict != idem.VerdictNone || !s.Since.IsZero() {
		t.Errorf("an unknown subject is %+v, error %v", s, err)
	}
	if _, err := c.Subject(t.Context(), ""); err == nil {
		t.Error("a subject without a reference is read")
	}
}

// The dots of these references would be taken for folders of a path.
func TestReferencesOfDotsWorkByEveryMethod(t *testing.T) {
	_, c := started(t, "")
	for _, reference := range []string{".", ".."} {
		v, err := c.Verify(t.Context(), idem.VerifyParams{Reference: reference, Flow: "kyc"})
		if err != nil || v.Reference != reference || v.Action != idem.VerifyCreated {
			t.Fatalf("verify %q: %+v, error %v", reference, v, err)
		}
		eventually(t, "there is a verdict on "+reference, func() bool {
			s, err := c.Subject(t.Context(), reference)
			if err != nil || s.Reference != reference {
				t.Fatalf("read %q: %+v, error %v", reference, s, err)
			}
			return s.Verdict == idem.VerdictPending
		})
		found := false
		for s, err := range c.Subjects(t.Context(), idem.VerdictPending) {
			if err != nil {
				t.Fatal(err)
			}
			found = found || s.Reference == reference
		}
		if !found {
			t.Errorf("%q is not listed", reference)
		}
		for n, err := range c.Stream(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if n.Reference == reference {
				break
			}
		}
	}
}

func TestErrorsOfTheServiceAreTyped(t *testing.T) {
	w, c := started(t, "")
	wrong, err := idem.New(w.URL, "another-token", idem.WithEnvironment(idem.Sandbox))
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]struct {
		do     func() error
		status int
		says   string
	}{
		"a wrong token": {func() error { _, err := wrong.Subject(t.Context(), "user-1"); return err }, 401, "token"},
		"a wrong token for a stream": {func() error {
			for _, err := range wrong.Stream(t.Context(), idem.FromNow) {
				return err
			}
			return nil
		}, 401, "token"},
		"an environment that is not configured": {func() error {
			_, err := client(t, w.URL, idem.WithEnvironment(idem.Production)).Subject(t.Context(), "user-1")
			return err
		}, 404, "environment"},
		"an unknown flow": {func() error {
			_, err := c.Verify(t.Context(), idem.VerifyParams{Reference: "user-1", Flow: "kyb"})
			return err
		}, 404, "kyc"},
		"an invalid redirection": {func() error {
			_, err := c.Verify(t.Context(), idem.VerifyParams{Reference: "user-1", Flow: "kyc", RedirectURI: "javascript:alert(1)"})
			return err
		}, 422, "redirect_uri"},
	} {
		t.Run(name, func(t *testing.T) {
			err := call.do()
			var e *idem.Error
			if !errors.As(err, &e) || e.Status != call.status || e.Title == "" || !strings.HasPrefix(e.Type, "/problems/") || e.Instance == "" || !strings.Contains(err.Error(), call.says) {
				t.Errorf("error %#v", err)
			}
			if err != nil && strings.Contains(err.Error(), "user-1") {
				t.Errorf("the error names the person: %v", err)
			}
		})
	}
}

// failing answers with statuses in turn, and then with a subject.
func failing(t *testing.T, header http.Header, statuses ...int) (url string, calls *atomic.Int32) {
	calls = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i := int(calls.Add(1)) - 1; i < len(statuses) {
			if statuses[i] == 0 {
				panic(http.ErrAbortHandler)
			}
			for name, values := range header {
				w.Header()[name] = values
			}
			w.WriteHeader(statuses[i])
			return
		}
		fmt.Fprint(w, `{"reference":"user-1","verdict":"approved","object":{},"since":null}`)
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

func TestCallsAreRepeatedWhereThatCanHelp(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		calls    int32
		ok       bool
	}{
		"the service is overloaded": {[]int{503, 429, 502}, 4, true},
		"the answers are lost":      {[]int{0, 0}, 3, true},
		"it stays overloaded":       {[]int{503, 503, 503, 503, 503, 503}, 5, false},
		"the request is refused":    {[]int{403}, 1, false},
		"a redirection":             {[]int{307}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			url, calls := failing(t, http.Header{"Location": {"/elsewhere"}}, c.statuses...)
			_, err := client(t, url).Subject(t.Context(), "user-1")
			if (err == nil) != c.ok || calls.Load() != c.calls {
				t.Errorf("%d calls, error %v", calls.Load(), err)
			}
			if err != nil && strings.Contains(err.Error(), "user-1") {
				t.Errorf("the error names the person: %v", err)
			}
		})
	}
}

func TestALongWaitIsLeftToTheCaller(t *testing.T) {
	url, calls := failing(t, http.Header{"Retry-After": {"3600"}}, 503)
	_, err := client(t, url).Subject(t.Context(), "user-1")
	var e *idem.Error
	if !errors.As(err, &e) || e.RetryAfter != time.Hour || calls.Load() != 1 {
		t.Errorf("%d calls, error %v", calls.Load(), err)
	}
}

func TestAnEndedContextEndsACall(t *testing.T) {
	url, _ := failing(t, nil, slices.Repeat([]int{503}, 1000)...)
	ctx, cancel := context.WithCancel(t.Context())
	c := client(t, url, idem.WithBackoff(time.Hour, time.Hour))
	ended := make(chan error, 1)
	go func() {
		_, err := c.Subject(ctx, "user-1")
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestAnAnswerOfAnotherServerIsAnError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Jane Doe") }))
	defer server.Close()
	c := client(t, server.URL)
	_, err := c.Subject(t.Context(), "user-1")
	if err == nil || strings.Contains(err.Error(), "Jane") {
		t.Errorf("error %v", err)
	}
	for _, err := range c.Stream(t.Context(), 0) {
		if err == nil || strings.Contains(err.Error(), "Jane") {
			t.Errorf("error %v", err)
		}
		return
	}
	t.Error("the stream ended without an error")
}

func TestNobodyIsVerifiedTwice(t *testing.T) {
	w, c := started(t, "")
	params := idem.VerifyParams{Reference: "user-1", Flow: "kyc", Fields: map[string]any{"name-first": "Jane"}}
	first, err := c.Verify(t.Context(), params)
	if err != nil || first.Action != idem.VerifyCreated || first.Inquiry == nil || first.Link == "" || first.Attempts != 1 || first.ExpiresAt.IsZero() {
		t.Fatalf("verified as %+v, error %v", first, err)
	}
	second, err := c.Verify(t.Context(), params)
	if err != nil || second.Action != idem.VerifyReused || second.Inquiry == nil || second.Inquiry.ID != first.Inquiry.ID {
		t.Fatalf("verified as %+v, error %v", second, err)
	}
	if err := w.Pass(t.Context(), first.Inquiry.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the person is approved", func() bool {
		v, err := c.Verify(t.Context(), params)
		return err == nil && v.Action == idem.VerifyAlreadyApproved && v.Verdict == idem.VerdictApproved && v.Link == ""
	})
	for _, params := range []idem.VerifyParams{{Flow: "kyc"}, {Reference: "user-1"}} {
		if _, err := c.Verify(t.Context(), params); err == nil {
			t.Errorf("%+v is accepted", params)
		}
	}
}

func TestPrintingShowsNoCredentialsAndNoPersonalData(t *testing.T) {
	v := idem.Verification{Reference: "user-1", Flow: "kyc", Action: idem.VerifyCreated, Link: "https://withpersona.com/verify?code=hidden", SessionToken: "hidden"}
	p := idem.VerifyParams{Reference: "user-1", Flow: "kyc", Fields: map[string]any{"name-first": "hidden"}}
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("verified", "answer", v, "params", p)
	for _, value := range []any{v, &v, p, &p} {
		fmt.Fprintf(&b, "%v %+v %#v %s\n", value, value, value, value)
	}
	if text := b.String(); strings.Contains(text, "hidden") || strings.Count(text, "user-1") < 10 {
		t.Error(text)
	}
}
