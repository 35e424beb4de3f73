package store

import (
	"context"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

// VerificationClaim is the type of a claim target that is a verification of a subject.
const VerificationClaim = "flow"

// Verifications stores how far subjects are in flows.
type Verifications interface {
	// Verification returns a verification, or ErrNotFound.
	Verification(ctx context.Context, env domain.Environment, id string) (domain.Verification, error)

	// VerificationOf returns the verification of a subject in a flow, or ErrNotFound.
	VerificationOf(ctx context.Context, env domain.Environment, reference, flow string) (domain.Verification, error)

	// SaveVerification stores a new verification (Version 0) or saves a change, and returns
	// the new version. It returns ErrChanged if the verification was saved since it was
	// read, or if there is one of this subject and flow already.
	SaveVerification(ctx context.Context, v domain.Verification, log []audit.Entry) (version int64, err error)

	// Verifications lists verifications.
	Verifications(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Verification], error)
}
