package idem_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/idemhq/idem"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// Fail does what a person does who fails the checks of an inquiry.
func (w *world) Fail(ctx context.Context, id string) error {
	_, err := w.Persona.Inquiries.PerformSimulateActions(ctx, id, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		{Type: "start_inquiry"},
		{Type: "create_failed_verification", Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.GovernmentIDTemplateID})},
		{Type: "fail_inquiry"},
	}})
	return err
}

func verify(t *testing.T, c *idem.Client, reference string, want idem.VerifyAction) idem.Verification {
	t.Helper()
	v, err := c.Verify(t.Context(), idem.VerifyParams{Reference: reference, Flow: "kyc"})
	if err != nil || v.Action != want {
		t.Fatalf("verified as %+v, error %v; want %s", v, err, want)
	}
	return v
}

// status returns the status of an error of the service, or 0.
func status(err error) int {
	var e *idem.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Status
}

func TestAResetAllowsANewStartAfterAllAttempts(t *testing.T) {
	_, c := started(t, "")
	var v idem.Verification
	for range 3 {
		v = verify(t, c, "user-1", idem.VerifyCreated)
		if state, err := c.Cancel(t.Context(), v.ID, "a wrong document"); err != nil || state.ID != v.ID || state.InquiryID != v.Inquiry.ID {
			t.Fatalf("cancelled: %+v, error %v", state, err)
		}
	}
	if v = verify(t, c, "user-1", idem.VerifyRefused); v.Reason != idem.ReasonAttemptsUsed {
		t.Fatalf("refused: %+v", v)
	}
	state, err := c.Reset(t.Context(), v.ID, "the camera was broken")
	if err != nil || state.ID != v.ID || state.Reference != "user-1" || state.Flow != "kyc" || state.Attempts != 0 || state.ResetAt.IsZero() || len(state.Earlier) != 2 {
		t.Fatalf("reset: %+v, error %v", state, err)
	}
	verify(t, c, "user-1", idem.VerifyCreated)
	var listed []idem.VerificationState
	for state, err := range c.Verifications(t.Context(), "user-1") {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, state)
	}
	if len(listed) != 1 || listed[0].ID != v.ID || listed[0].Attempts != 1 || len(listed[0].Earlier) != 3 {
		t.Errorf("listed: %+v", listed)
	}
}

func TestSomebodyInReviewGetsALink(t *testing.T) {
	w, c := started(t, "")
	v := verify(t, c, "user-1", idem.VerifyCreated)
	if err := w.Fail(t.Context(), v.Inquiry.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the person is in review", func() bool {
		s, err := c.Subject(t.Context(), "user-1")
		return err == nil && s.Verdict == idem.VerdictReview && s.Status == "needs_review"
	})
	fresh, err := c.Link(t.Context(), v.ID)
	if err != nil || fresh.Link == "" || fresh.Inquiry == nil || fresh.Inquiry.ID != v.Inquiry.ID || fresh.Verdict != idem.VerdictReview {
		t.Errorf("linked: %v, with a link: %v, inquiry %+v, error %v", fresh, fresh.Link != "", fresh.Inquiry, err)
	}
}

func TestWhatCannotBeSteeredIsRefused(t *testing.T) {
	w, c := started(t, "")
	w.verified(t, c, "user-1")
	eventually(t, "the person is approved", func() bool {
		s, err := c.Subject(t.Context(), "user-1")
		return err == nil && s.Verdict == idem.VerdictApproved
	})
	v := verify(t, c, "user-1", idem.VerifyAlreadyApproved)
	link := func(id string) error { _, err := c.Link(t.Context(), id); return err }
	reset := func(id, reason string) error { _, err := c.Reset(t.Context(), id, reason); return err }
	cancel := func(id, reason string) error { _, err := c.Cancel(t.Context(), id, reason); return err }
	for name, refused := range map[string]struct {
		err  error
		want int
	}{
		"a link for somebody approved":    {link(v.ID), http.StatusConflict},
		"a cancellation of an approval":   {cancel(v.ID, "why"), http.StatusConflict},
		"a reset without a reason":        {reset(v.ID, ""), http.StatusUnprocessableEntity},
		"a cancellation without a reason": {cancel(v.ID, ""), http.StatusUnprocessableEntity},
		"a reset of nobody":               {reset("vfy_nobody", "why"), http.StatusNotFound},
		"a link of another path":          {link("../subjects/user-1"), http.StatusNotFound},
		"a link without an id":            {link(""), 0},
		"a reset without an id":           {reset("", "why"), 0},
		"a cancellation without an id":    {cancel("", "why"), 0},
	} {
		if refused.err == nil || status(refused.err) != refused.want || strings.Contains(refused.err.Error(), "user-1") {
			t.Errorf("%s: %v, want status %d", name, refused.err, refused.want)
		}
	}
}

// forgetting is a proxy that loses the answer to the first request whose path ends so.
func forgetting(t *testing.T, to, suffix string) (address string, requests *atomic.Int32) {
	upstream, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(upstream)
	requests = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, suffix) && requests.Add(1) == 1 {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// A person may start between a reset and its repetition, and must not be reset a second time.
func TestAResetWhoseAnswerIsLostHappensOnce(t *testing.T) {
	w, c := started(t, "")
	v := verify(t, c, "user-1", idem.VerifyCreated)
	eventually(t, "the inquiry belongs to the timeline", func() bool {
		s, err := c.Subject(t.Context(), "user-1")
		return err == nil && s.Verdict == idem.VerdictPending
	})
	address, requests := forgetting(t, w.URL, "/reset")
	if _, err := client(t, address).Reset(t.Context(), v.ID, "a lost answer"); err != nil || requests.Load() < 2 {
		t.Fatalf("%d requests, error %v", requests.Load(), err)
	}
	resets := 0
	for h, err := range c.Timeline(t.Context(), "user-1") {
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "verification.reset" {
			resets++
		}
	}
	if resets != 1 {
		t.Errorf("the verification was reset %d times", resets)
	}
}

// The attempt whose answer was lost may still be handled when it is repeated.
func TestARequestInProgressIsRepeated(t *testing.T) {
	var calls atomic.Int32
	keys := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("Idempotency-Key")
		if calls.Add(1) < 3 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"type":"/problems/request-in-progress"}`)) // the client has left if this fails
			return
		}
		_, _ = w.Write([]byte(`{"id":"vfy_1"}`))
	}))
	defer server.Close()
	state, err := client(t, server.URL).Cancel(t.Context(), "vfy_1", "why")
	if err != nil || state.ID != "vfy_1" || calls.Load() != 3 {
		t.Errorf("%d calls, %+v, error %v", calls.Load(), state, err)
	}
	first := <-keys
	if second, third := <-keys, <-keys; first == "" || second != first || third != first {
		t.Errorf("the keys are %q, %q and %q", first, second, third)
	}
}
