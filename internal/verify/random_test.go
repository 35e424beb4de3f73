package verify_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/persona"
)

// unreliable is a network to Persona that loses requests and answers, and whose lists are up
// to 50 seconds behind.
type unreliable struct {
	w *world

	mu   sync.Mutex
	draw *rand.Rand
	last time.Time // when the last inquiry was created
}

func (u *unreliable) n(limit int) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.draw.IntN(limit)
}

func (u *unreliable) pass(next persona.Doer, r *http.Request) (*http.Response, error) {
	fault := u.n(12)
	if fault == 0 {
		return nil, errLost // before Persona got it
	}
	if fault == 1 && creates(r) {
		return failing(http.StatusInternalServerError, u.n(2) == 0)(u.created(next), r)
	}
	res, err := u.created(next)(r)
	switch {
	case err != nil:
		return nil, err
	case fault <= 3:
		res.Body.Close()
		return nil, errLost
	case lists(r) && u.behind():
		res.Body.Close()
		res.Body = io.NopCloser(strings.NewReader(`{"data":[],"links":{"prev":null,"next":null}}`))
	}
	return res, nil
}

// created notes when an inquiry is created.
func (u *unreliable) created(next persona.Doer) persona.Doer {
	return func(r *http.Request) (*http.Response, error) {
		if creates(r) {
			u.mu.Lock()
			u.last = u.w.sandbox.Now()
			u.mu.Unlock()
		}
		return next(r)
	}
}

func (u *unreliable) behind() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.w.sandbox.Now().Sub(u.last) < 50*time.Second
}

// TestAtMostOneInquiryIsLive lets hosts, people, operators and time act at random, over an
// unreliable network and from verifiers that share only the database.
func TestAtMostOneInquiryIsLive(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(f *verify.Flow) { f.Attempts = 4 })
			u := &unreliable{w: w, draw: rand.New(rand.NewPCG(seed, 1))}
			if seed%2 == 1 {
				w.store = claimless{w.db}
			}
			nodes := []*verify.Verifier{w.another(), w.another(), w.another()}
			w.during(u.pass)
			for range 40 {
				switch node := nodes[u.n(len(nodes))]; u.n(8) {
				case 0, 1, 2:
					w.burst(nodes, u.n(6)+1, u.n(3))
				case 3:
					w.act(u.n(4))
				case 4:
					w.sandbox.Advance(time.Duration(u.n(90)) * time.Second)
				case 5:
					w.sandbox.Advance(time.Duration(u.n(30)) * time.Hour)
				case 6:
					if row, err := w.db.VerificationOf(t.Context(), domain.Sandbox, "user-1", "kyc"); err == nil {
						_, _ = node.Reset(t.Context(), domain.Sandbox, row.ID, "a test", "test") // may be refused
					}
				case 7:
					if row, err := w.db.VerificationOf(t.Context(), domain.Sandbox, "user-1", "kyc"); err == nil {
						_, _, _ = node.Cancel(t.Context(), domain.Sandbox, row.ID, "a test", "test") // may be refused
					}
				}
				if live := w.live(); len(live) > 1 {
					t.Fatalf("these are live: %v", live)
				}
			}
			if w.inquiries() == 0 {
				t.Error("nothing was created")
			}
		})
	}
}

// claimless is a database that loses every claim at once, as when a node hangs for so long
// that it is taken for dead.
type claimless struct{ verify.Store }

func (claimless) Claim(_ context.Context, env domain.Environment, target domain.Ref) (store.Claim, bool, error) {
	return store.Claim{Environment: env, Target: target}, true, nil
}

func (claimless) Release(context.Context, store.Claim) (bool, error) { return true, nil }

// burst verifies the subject with some calls at once.
func (w *world) burst(nodes []*verify.Verifier, calls, variants int) {
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			r := verify.Request{Environment: domain.Sandbox, Reference: "user-1", Flow: "kyc", Actor: "test"}
			if variants > 0 {
				r.RedirectURI = fmt.Sprintf("https://host.example/%d", i%variants)
			}
			_, _ = nodes[i%len(nodes)].Verify(w.t.Context(), r) // it may fail
		})
	}
	all.Wait()
}

// act lets the person or a reviewer do something with the live inquiry, if there is one.
func (w *world) act(what int) {
	w.t.Helper()
	steps := [][]string{{"start_inquiry"}, {"fail_inquiry"}, {"expire_inquiry"}, {"mark_for_review_inquiry", "decline_inquiry"}}[what]
	for _, id := range w.live() {
		var actions []persona.SimulateAction
		for _, step := range steps {
			actions = append(actions, persona.SimulateAction{Type: step})
		}
		// The sandbox refuses what the inquiry's status does not allow.
		_, _ = w.sandbox.Client().Inquiries.PerformSimulateActions(w.t.Context(), id, persona.InquiryPerformSimulateActionsParams{SimulateActions: actions})
	}
}

// live returns the subject's inquiries that can still lead to a decision.
func (w *world) live() (ids []string) {
	w.t.Helper()
	params := persona.InquiryListParams{ReferenceID: "user-1", Status: persona.AnyOf(persona.InquiryStatusCreated, persona.InquiryStatusPending, persona.InquiryStatusCompleted, persona.InquiryStatusNeedsReview)}
	for i, err := range w.sandbox.Client().Inquiries.List(w.t.Context(), params) {
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, i.ID)
	}
	return ids
}
