package verify_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/persona"
)

// observed are the observations of a verifier.
type observed struct {
	mu  sync.Mutex
	all []verify.Observation
}

func (w *world) observed() *observed {
	o := &observed{}
	w.verifier.Observe(func(one verify.Observation) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.all = append(o.all, one)
	})
	return o
}

// last returns the flow and the result of the last observation.
func (o *observed) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.all) == 0 {
		return ""
	}
	one := o.all[len(o.all)-1]
	return one.Flow + " " + one.Result
}

func TestEveryCallIsObservedWithWhatItDid(t *testing.T) {
	w := newWorld(t, func(f *verify.Flow) { f.Attempts = 1 })
	o := w.observed()
	step := func(want string, call func() error) {
		t.Helper()
		err := call()
		if got := o.last(); got != want {
			t.Errorf("observed %q, want %q; error %v", got, want, err)
		}
	}
	ask := func(flow, fields string) func() error {
		return func() error {
			r := verify.Request{Environment: domain.Sandbox, Reference: "user-1", Flow: flow, Actor: "test"}
			if fields != "" {
				r.Fields = verify.Fields{"no-such-field": []byte("1")}
			}
			_, err := w.verifier.Verify(t.Context(), r)
			return err
		}
	}
	link := func(id string) func() error {
		return func() error {
			_, err := w.verifier.Link(t.Context(), domain.Sandbox, id)
			return err
		}
	}
	step(" invalid", ask("made-up-by-a-caller", ""))
	step(" invalid", link("vfy_absent"))
	step("kyc rejected", ask("kyc", "bad"))
	w.during(func(persona.Doer, *http.Request) (*http.Response, error) { return nil, errors.New("no network") })
	step("kyc unavailable", ask("kyc", ""))
	w.during(func(_ persona.Doer, r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	})
	step("kyc key_refused", ask("kyc", ""))
	w.during(func(persona.Doer, *http.Request) (*http.Response, error) { panic("a surprise") })
	step("kyc failed", ask("kyc", ""))
	w.during(nil)
	step("kyc created", ask("kyc", ""))
	step("kyc reused", ask("kyc", ""))
	id := w.mustVerify(verify.ActionReused).Verification.ID
	step("kyc linked", link(id))
	if _, _, err := w.verifier.Cancel(t.Context(), domain.Sandbox, id, "left", "test"); err != nil {
		t.Fatal(err)
	}
	step("kyc closed", link(id))
	step("kyc refused_attempts_used", ask("kyc", ""))
	step(" abandoned", func() error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.verifier.Link(ctx, domain.Sandbox, id)
		return err
	})
	for _, one := range o.all {
		if one.Environment != domain.Sandbox || one.Took <= 0 || !slices.Contains(verify.Results(), one.Result) {
			t.Errorf("observed %+v", one)
		}
	}
}

func TestAResumedInquiryIsObserved(t *testing.T) {
	w := newWorld(t, func(f *verify.Flow) { f.Mode = verify.ModeEmbedded })
	o := w.observed()
	w.mustVerify(verify.ActionCreated)
	w.mustVerify(verify.ActionReused)
	if got := o.last(); got != "kyc resumed" {
		t.Errorf("observed %q", got)
	}
}

func TestEveryResultIsOneThatIsDocumented(t *testing.T) {
	for _, reason := range []verify.Reason{verify.Declined, verify.AttemptsUsed, verify.CoolingDown} {
		if !slices.Contains(verify.Results(), "refused_"+string(reason)) {
			t.Errorf("%s is not documented", reason)
		}
	}
	for _, action := range []verify.Action{verify.ActionCreated, verify.ActionReused, verify.ActionAlreadyApproved} {
		if !slices.Contains(verify.Results(), string(action)) {
			t.Errorf("%s is not documented", action)
		}
	}
}
