package verify_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// Persona does not distinguish capitals in reference ids. An inquiry for User-1 belongs to
// the account of user-1, and its result would count for that subject.
func TestNobodyGetsTheInquiryOfAnotherSpelling(t *testing.T) {
	w := newWorld(t, nil)
	first := w.mustVerify(verify.ActionCreated).Inquiry.ID
	for range 3 {
		a, err := w.verifier.Verify(t.Context(), verify.Request{Environment: domain.Sandbox, Reference: "User-1", Flow: "kyc", Actor: "test"})
		var invalid *verify.RequestError
		if !errors.As(err, &invalid) || invalid.Field != "reference" || a.Entry.Link != "" {
			t.Fatalf("it %s, %v", a.Action, err)
		}
	}
	open := 0
	for i, err := range w.sandbox.Client().Inquiries.List(t.Context(), persona.InquiryListParams{ReferenceID: "user-1"}) {
		if err != nil {
			t.Fatal(err)
		}
		if i.Attributes.Status == "created" {
			open++
		}
	}
	if n := w.inquiries(); open != 1 || n != 2 {
		t.Errorf("%d of %d inquiries are open", open, n)
	}
	if a := w.mustVerify(verify.ActionReused); a.Inquiry.ID != first {
		t.Errorf("it names %s", a.Inquiry.ID)
	}
}

// Whoever passed the inquiry would be verified as the subject that has it now.
func TestAnInquiryThatAnotherSubjectHasNowIsReplaced(t *testing.T) {
	w := newWorld(t, nil)
	first := w.mustVerify(verify.ActionCreated)
	w.during(func(next persona.Doer, r *http.Request) (*http.Response, error) {
		response, err := next(r)
		if err != nil || r.Method != http.MethodGet {
			return response, err
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return nil, err
		}
		moved := strings.ReplaceAll(string(body), `"reference-id":"user-1"`, `"reference-id":"user-2"`)
		response.Body, response.ContentLength = io.NopCloser(strings.NewReader(moved)), int64(len(moved))
		return response, nil
	})
	var closed *verify.NotOpenError
	if a, err := w.verifier.Link(t.Context(), domain.Sandbox, first.Verification.ID); !errors.As(err, &closed) {
		t.Errorf("a link is %v, %v", a.Entry.Link != "", err)
	}
	if _, _, err := w.verifier.Cancel(t.Context(), domain.Sandbox, first.Verification.ID, "not needed", "test"); !errors.As(err, &closed) {
		t.Errorf("a cancellation: %v", err)
	}
	if a := w.mustVerify(verify.ActionCreated); a.Inquiry.ID == first.Inquiry.ID {
		t.Error("it is the same inquiry")
	}
}

// Decoding JSON replaces invalid bytes, so different users would become one subject.
func TestAReferenceWithAReplacementCharacterIsRejected(t *testing.T) {
	w := newWorld(t, nil)
	for _, reference := range []string{"\ufffd", "user-\ufffd", "user-\xff"} {
		_, err := w.verifier.Verify(t.Context(), verify.Request{Environment: domain.Sandbox, Reference: reference, Flow: "kyc", Actor: "test"})
		if !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%q: %v", reference, err)
		}
	}
}

// A cache or a proxy in front of Persona can mix up answers.
func TestNobodyGetsAnInquiryThatWasNotAskedFor(t *testing.T) {
	for _, mode := range []verify.Mode{verify.ModeLink, verify.ModeEmbedded} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t, func(f *verify.Flow) { f.Mode = mode })
			own := w.mustVerify(verify.ActionCreated)
			other, err := w.sandbox.Client().Inquiries.Create(t.Context(), persona.InquiryCreateParams{
				InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set("user-2"),
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{own.Inquiry.ID, other.ID} {
				start := persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{{Type: "start_inquiry"}}}
				if _, err := w.sandbox.Client().Inquiries.PerformSimulateActions(t.Context(), id, start); err != nil {
					t.Fatal(err)
				}
			}
			for name, mixedUp := range map[string]func(*http.Request) bool{
				"a read":           func(r *http.Request) bool { return r.Method == http.MethodGet && !lists(r) },
				"a link or resume": func(r *http.Request) bool { return r.Method == http.MethodPost && !creates(r) },
			} {
				w.during(func(next persona.Doer, r *http.Request) (*http.Response, error) {
					if mixedUp(r) {
						r = r.Clone(r.Context())
						r.URL.Path = strings.Replace(r.URL.Path, own.Inquiry.ID, other.ID, 1)
					}
					return next(r)
				})
				if a, err := w.verify(""); err == nil {
					t.Errorf("%s: it is %s with the inquiry %s of user-1, which was %s", name, a.Action, a.Inquiry.ID, own.Inquiry.ID)
				}
			}
			w.during(nil)
			if n := w.inquiries(); n != 1 {
				t.Errorf("there are %d inquiries", n)
			}
			if a := w.mustVerify(verify.ActionReused); a.Inquiry.ID != own.Inquiry.ID {
				t.Errorf("afterwards it is %s", a.Inquiry.ID)
			}
		})
	}
}
