package faulttest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// behaviour says what happens in an inquiry and what the built-in rules must decide.
type behaviour struct {
	name     string
	report   string   // the name for a watchlist report of the inquiry; empty for no report
	steps    []string // simulate actions, with the verification template after a space
	noCase   bool
	approved bool // otherwise reviewed
}

// behaviours returns the behaviours, which are used in turn. More than half of the
// applicants are approved.
func behaviours() []behaviour {
	const passed, failed = "create_passed_verification ", "create_failed_verification "
	return []behaviour{
		{name: "passes", steps: []string{"start_inquiry", passed + sandbox.GovernmentIDTemplateID, "complete_inquiry"}, approved: true},
		{name: "fails", steps: []string{"start_inquiry", failed + sandbox.GovernmentIDTemplateID, "fail_inquiry"}},
		{name: "passes, and is on no watchlist", report: "Jane Sample", steps: []string{"start_inquiry", passed + sandbox.GovernmentIDTemplateID, "complete_inquiry"}, approved: true},
		{name: "passes, and is on a watchlist", report: "Kim Jong Un", steps: []string{"start_inquiry", passed + sandbox.GovernmentIDTemplateID, "complete_inquiry"}},
		{name: "passes without a case", noCase: true, steps: []string{"start_inquiry", passed + sandbox.GovernmentIDTemplateID, "complete_inquiry"}, approved: true},
		{name: "completes, and fails a required check", steps: []string{"start_inquiry", failed + sandbox.DatabaseTemplateID, passed + sandbox.GovernmentIDTemplateID, "complete_inquiry"}},
		{name: "passes two verifications", steps: []string{"start_inquiry", passed + sandbox.DatabaseTemplateID, passed + sandbox.GovernmentIDTemplateID, "complete_inquiry"}, approved: true},
	}
}

// applicant is a person with an inquiry. Most have a case too.
type applicant struct {
	behaviour
	reference, inquiry string
	kase               string // empty if there is none
}

func (a applicant) wantStatus() string {
	if a.approved {
		return "approved"
	}
	return "needs_review"
}

func (a applicant) wantCase() string {
	if a.approved {
		return "Approved"
	}
	return "Pending"
}

// arrive lets a person complete an inquiry.
func (w *world) arrive(ctx context.Context) error {
	w.mu.Lock()
	n := len(w.applicants)
	kinds := behaviours()
	a := applicant{reference: fmt.Sprintf("person-%d", n), behaviour: kinds[n%len(kinds)]}
	w.applicants = append(w.applicants, a)
	w.mu.Unlock()
	inquiry, err := w.client.Inquiries.Create(ctx, persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set(a.reference),
	})
	if err != nil {
		return err
	}
	a.inquiry = inquiry.ID
	if !a.noCase {
		kase, err := w.client.Cases.Create(ctx, persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{a.inquiry})})
		if err != nil {
			return err
		}
		a.kase = kase.ID
	}
	if a.report != "" {
		if err := w.runReport(ctx, a.inquiry, a.report); err != nil {
			return err
		}
	}
	_, err = w.client.Inquiries.PerformSimulateActions(ctx, a.inquiry, persona.InquiryPerformSimulateActionsParams{SimulateActions: simulated(a.steps)})
	w.mu.Lock()
	w.applicants[n] = a
	w.mu.Unlock()
	return err
}

func simulated(steps []string) []persona.SimulateAction {
	var actions []persona.SimulateAction
	for _, step := range steps {
		kind, template, verifies := strings.Cut(step, " ")
		action := persona.SimulateAction{Type: kind}
		if verifies {
			action.Data = persona.Set(persona.SimulateActionData{VerificationTemplateID: template})
		}
		actions = append(actions, action)
	}
	return actions
}

// runReport runs a watchlist report for an inquiry and waits until it is ready.
func (w *world) runReport(ctx context.Context, inquiry, name string) error {
	id, err := w.sandbox.Act("sandbox", sandbox.Act{Do: "run_report", ID: inquiry, Type: "report/watchlist", Query: map[string]any{"term": name}})
	if err != nil {
		return err
	}
	for {
		if report, err := w.client.Reports.Get(ctx, id); err == nil && report.Attributes.Status == "ready" {
			return nil
		}
		select { // retry: a fault can affect this call too
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// people returns how many people have arrived.
func (w *world) people() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.applicants)
}

// manyPending is the number of pending webhooks from which people arrive more slowly.
// Otherwise a slow machine would need minutes to catch up.
const manyPending = 500

// usualPause is the usual time between two arrivals.
const usualPause = 80 * time.Millisecond

// arrivals lets people arrive, two at a time, until end is called.
func (w *world) arrivals(pause time.Duration) (end func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() {
			wait := pause
			for n := 1; ctx.Err() == nil; n++ {
				if err := w.arrive(context.WithoutCancel(ctx)); err != nil {
					w.t.Errorf("a person could not continue: %v", err)
					return
				}
				if n%10 == 0 {
					if wait = pause; w.pending() > manyPending {
						wait = max(pause, time.Second)
					}
				}
				select {
				case <-ctx.Done():
				case <-time.After(wait):
				}
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}
