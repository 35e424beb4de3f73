package service

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
)

// VerdictChange says that the verdict on a subject has changed.
type VerdictChange struct {
	ID          string // of the notification; a repeated call has the same
	Environment Environment
	Reference   string // the host's reference id
	Verdict     Verdict
	Object      Object    // the object that the verdict is based on; zero for VerdictNone
	Status      string    // of that object, at Persona
	EventID     string    // the Persona event that caused the change; empty if there was none
	At          time.Time // when the verdict changed

	// Sequence increases with every notification about the subject. A change with a lower
	// one than the last change that was handled is out of date.
	Sequence int64
}

// onVerdict is the name of the endpoint of OnVerdict. No other endpoint can have it.
const onVerdict = "@OnVerdict"

// OnVerdict calls f for each change of a verdict, while [Service.Run] runs:
//
//   - At least once. When f returns an error, or the program ends before f has returned, f
//     is called again, after a wait that grows up to a minute. It is never given up.
//   - In order for each subject. Changes of different subjects are handled at the same time,
//     up to 32 in each environment.
//   - From the first change on, also if it happened before OnVerdict was used for the first
//     time. How far f got is stored in the database, so a restart goes on there.
//   - By one of the nodes that share a database.
//
// The context of f ends after a minute, and when the service stops; Run waits for f to
// return. The error of f is logged and stored: leave personal data out of it. The API shows
// the calls as deliveries to the endpoint @OnVerdict.
//
// There is one f: another call of OnVerdict replaces it. It may be called before or during
// Run.
func (s *Service) OnVerdict(f func(ctx context.Context, change VerdictChange) error) {
	s.deliverer.SetFunction(deliver.Function{
		Name: onVerdict, Types: []string{domain.NotifyVerdictChanged},
		Call: func(ctx context.Context, n domain.Notification) (err error) {
			defer func() {
				if p := recover(); p != nil {
					s.logger.ErrorContext(ctx, "the function given to OnVerdict panicked", "notification", n.ID, "stack", string(debug.Stack()))
					err = errors.New("it panicked: the log has the stack")
				}
			}()
			if err := f(ctx, verdictChangeOf(n)); err != nil {
				return fmt.Errorf("OnVerdict: %w", err)
			}
			return nil
		},
	})
}

func verdictChangeOf(n domain.Notification) VerdictChange {
	return VerdictChange{
		ID: n.ID, Environment: n.Environment, Reference: n.Subject, Verdict: Verdict(n.Verdict), Object: Object{n.Object.Type, n.Object.ID},
		Status: n.Status, EventID: n.EventID, At: n.CreatedAt, Sequence: n.SubjectSequence,
	}
}
