package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

// audience is a table of the host application that OnVerdict fills.
type audience struct {
	mu      sync.Mutex
	calls   int
	last    map[string]VerdictChange
	behind  []string // changes that came after a later one of their subject
	failing bool
}

// hear fails every third call, in different ways, and every call while it is failing.
func (a *audience) hear(_ context.Context, change VerdictChange) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch a.calls++; {
	case a.failing || a.calls%6 == 3:
		return errors.New("the table is locked")
	case a.calls%6 == 0:
		panic("a bug")
	}
	if a.last == nil {
		a.last = map[string]VerdictChange{}
	}
	if before := a.last[change.Reference]; change.Sequence < before.Sequence {
		a.behind = append(a.behind, change.ID)
	}
	a.last[change.Reference] = change
	return nil
}

func (a *audience) fail(failing bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failing = failing
}

// knows reports whether the last verdict on each subject is the one in its row.
func (a *audience) knows(t *testing.T, s *Service, subjects int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.last) != subjects {
		return false
	}
	for reference, told := range a.last {
		subject, err := s.Subject(t.Context(), Sandbox, reference)
		if err != nil || subject.Verdict != told.Verdict || told.Environment != Sandbox || told.Object != subject.Object || told.ID == "" {
			return false
		}
	}
	return true
}

// again starts the service on the same data, or another node of it.
func (w *world) again(hear func(context.Context, VerdictChange) error) *Service {
	w.t.Helper()
	s, err := New(w.t.Context(), Config{
		Listen: "127.0.0.1:0", DataDir: w.service.cfg.DataDir, DatabaseURL: w.database, LogLevel: "info", LogFormat: "text",
		Environments: map[Environment]EnvironmentConfig{
			Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: w.sandbox.BaseURL(), WebhookSecrets: []Secret{Secret(w.secret)}},
		},
	}, slog.New(slog.NewTextHandler(w.log, nil)))
	if err != nil {
		w.t.Fatal(err)
	}
	s.OnVerdict(hear)
	w.eventually("the service before has ended", func() bool {
		release, err := s.claim()
		return err == nil && release() == nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("the service ended with %v", err)
		}
	})
	return s
}

func testAFunctionIsToldEachVerdict(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	w := newWorld(t, database)
	var a audience
	w.service.OnVerdict(a.hear) // while it runs
	var inquiries []string
	for i := range 6 {
		inquiry, _ := w.applicant(fmt.Sprintf("user-%d", i))
		inquiries = append(inquiries, inquiry)
	}
	w.eventually("the function knows everybody", func() bool { return a.knows(t, w.service, 6) })
	a.fail(true)
	for _, inquiry := range inquiries[:3] {
		w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	}
	w.eventually("the verdicts are made, and the function does not take them", func() bool {
		subject, err := w.service.Subject(t.Context(), Sandbox, "user-2")
		return err == nil && subject.Verdict == VerdictApproved
	})
	w.stop()
	a.fail(false)
	first := w.again(a.hear)
	w.eventually("after the restart the function knows the last verdict of everybody", func() bool { return a.knows(t, first, 6) })
	if database != "" {
		w.again(a.hear) // a second node
	}
	for _, inquiry := range inquiries[3:] {
		w.simulate(inquiry, "start_inquiry", "create_failed_verification", "fail_inquiry")
	}
	if _, err := first.Reconcile(t.Context(), Sandbox, ReconcileOptions{}); err != nil { // nobody receives webhooks now
		t.Fatal(err)
	}
	w.eventually("the last verdicts are known", func() bool {
		subject, err := first.Subject(t.Context(), Sandbox, "user-5")
		return err == nil && subject.Verdict == VerdictReview && a.knows(t, first, 6)
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.behind) > 0 {
		t.Errorf("%v came after a later change of their subject", a.behind)
	}
	if log := w.log.String(); !strings.Contains(log, "verdicts_test.go") || strings.Contains(log, "Alexander") {
		t.Error("the log does not show where the function panicked, or shows a name")
	}
}
