package api

import (
	"context"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

// recordRead adds to the audit trail that personal data was read: by whom and what, but not
// the data. A read that cannot be recorded is refused.
func (s *server) recordRead(ctx context.Context, env domain.Environment, what string, about domain.Ref, detail string) error {
	entry := audit.Entry{Environment: env, At: s.Now(), Actor: actorOf(ctx), What: what, About: about, Detail: detail}
	if err := s.Store.RecordAudit(ctx, env, []audit.Entry{entry}); err != nil {
		return s.failed(ctx, err)
	}
	return nil
}
