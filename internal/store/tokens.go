package store

import (
	"context"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

// Tokens stores the tokens of the API. They belong to no environment. Their audit entries
// can belong to several.
type Tokens interface {
	// CreateToken stores a token, or fails with ErrExists if there is one with its name.
	CreateToken(ctx context.Context, t domain.Token, log []audit.Entry) error

	// Token returns a token, or ErrNotFound.
	Token(ctx context.Context, id string) (domain.Token, error)

	// TokenByHash returns the token whose secret has a hash, or ErrNotFound.
	TokenByHash(ctx context.Context, hash string) (domain.Token, error)

	// Tokens returns all tokens, sorted by name.
	Tokens(ctx context.Context) ([]domain.Token, error)

	// HasTokens reports whether there are any tokens.
	HasTokens(ctx context.Context) (bool, error)

	// DeleteToken deletes a token, or fails with ErrNotFound.
	DeleteToken(ctx context.Context, id string, log []audit.Entry) error

	// TouchToken saves when a token was last used.
	TouchToken(ctx context.Context, id string, at time.Time) error
}

// Request is a request of the API that has an idempotency key.
type Request struct {
	Token  string // the id of its token
	Key    string // chosen by the client
	Hash   string // of everything that was requested
	Holder string // who handles it

	Status int    // of the answer; 0 while it is handled
	Answer string // the body of the answer; empty if it must not be stored
}

// Requests stores requests with idempotency keys and their answers.
type Requests interface {
	// BeginRequest stores a request that begins now, unless there is one with its token and
	// key: then it returns that one and begun is false. It takes over a request with the same
	// hash that is still handled and began before stale, since its process is gone, or as
	// long after now, since the clock was ahead then.
	// It deletes some requests that began before expired.
	BeginRequest(ctx context.Context, r Request, now, stale, expired time.Time) (stored Request, begun bool, err error)

	// FinishRequest saves the status and the answer, unless another holder took over.
	FinishRequest(ctx context.Context, r Request) error

	// ForgetRequest deletes a request, unless another holder took over.
	ForgetRequest(ctx context.Context, r Request) error
}
