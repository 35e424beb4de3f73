package verify

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// Store stores how far subjects are, and what is known about them.
type Store interface {
	Subject(ctx context.Context, env domain.Environment, reference string) (domain.Subject, error)
	SubjectObjects(ctx context.Context, env domain.Environment, reference string) ([]domain.Object, error)
	Verification(ctx context.Context, env domain.Environment, id string) (domain.Verification, error)
	VerificationOf(ctx context.Context, env domain.Environment, reference, flow string) (domain.Verification, error)
	SaveVerification(ctx context.Context, v domain.Verification, log []audit.Entry) (version int64, err error)
	Claim(ctx context.Context, env domain.Environment, target domain.Ref) (store.Claim, bool, error)
	Release(ctx context.Context, c store.Claim) (again bool, err error)
}

// Settings are the settings of an environment.
type Settings struct {
	Client        *persona.Client
	Flows         []Flow
	Verdicts      fold.VerdictRules // of the policy
	AllowLoopback bool              // redirect addresses at this machine
}

// Verifier verifies subjects.
type Verifier struct {
	store  Store
	logger *slog.Logger
	now    func() time.Time
	calls  singleflight.Group
	tell   func(Observation) // nil if nobody observes

	mu           sync.RWMutex
	environments map[domain.Environment]Settings
}

// New returns a verifier for the environments that have an entry.
func New(s Store, environments map[domain.Environment]Settings, logger *slog.Logger, now func() time.Time) *Verifier {
	return &Verifier{store: s, logger: logger, now: now, environments: maps.Clone(environments)}
}

// SetFlows replaces the flows of an environment. Calls that have begun keep the old ones.
func (v *Verifier) SetFlows(env domain.Environment, flows []Flow) {
	v.change(env, func(s *Settings) { s.Flows = flows })
}

// SetVerdicts replaces the policy's rules for verdicts.
func (v *Verifier) SetVerdicts(env domain.Environment, rules fold.VerdictRules) {
	v.change(env, func(s *Settings) { s.Verdicts = rules })
}

func (v *Verifier) change(env domain.Environment, f func(*Settings)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.environments[env]
	f(&s)
	v.environments[env] = s
}

// settings returns the settings of an environment. Without settings it has no flows.
func (v *Verifier) settings(env domain.Environment) Settings {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.environments[env]
}

// flow returns a flow by its name, with its defaults.
func (s Settings) flow(name string) (Flow, error) {
	var names []string
	for _, f := range s.Flows {
		if f.Name != name {
			names = append(names, f.Name)
			continue
		}
		if f.Reapply == "" {
			f.Reapply = s.Verdicts.Reapply
		}
		return f.WithDefaults(), nil
	}
	slices.Sort(names)
	return Flow{}, &UnknownFlowError{name, names}
}
