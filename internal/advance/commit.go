package advance

import (
	"context"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// commit saves objects and their decisions, actions, notifications and audit entries in one
// transaction. It returns the objects that another worker saved first.
func (a *Advancer) commit(ctx context.Context, env domain.Environment, settings Deps, all []*work) (lost []*work, err error) {
	if len(all) == 0 {
		return nil, nil
	}
	advances := make([]store.Advance, len(all))
	for i, w := range all {
		advances[i] = w.save
	}
	saved, err := a.store.Save(ctx, env, advances, Verdicts(settings.Policy, a.now()))
	if err != nil {
		return nil, fmt.Errorf("save objects: %w", err)
	}
	for _, i := range saved.Changed {
		lost = append(lost, all[i])
		all[i] = nil
	}
	a.report(ctx, env, all, saved.Notifications)
	return lost, nil
}
