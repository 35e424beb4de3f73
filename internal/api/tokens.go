package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/auth"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/internal/store"
)

// maxTokens limits the tokens. Nobody needs more, and a list shows all.
const maxTokens = 1000

// maxTokenLife is the longest life of a token that expires.
const maxTokenLife = 10 * 365 * 24 * time.Hour

// Token is the right of a program or person to use the API, without its secret.
type Token struct {
	ID          string         `json:"id"`
	Name        string         `json:"name" doc:"appears in the audit trail as api:NAME"`
	Scopes      []domain.Scope `json:"scopes" enum:"read,verify,act,admin"`
	Environment string         `json:"environment" doc:"sandbox or production; empty for all"`
	CreatedAt   time.Time      `json:"created_at"`
	CreatedBy   string         `json:"created_by"`
	ExpiresAt   *time.Time     `json:"expires_at" doc:"null for never"`
	LastUsedAt  *time.Time     `json:"last_used_at" doc:"accurate to five minutes; null for never"`
}

func showToken(t domain.Token) Token {
	return Token{t.ID, t.Name, t.Scopes, string(t.Environment), t.CreatedAt, t.CreatedBy, orNull(t.ExpiresAt), orNull(t.LastUsedAt)}
}

// TokenWithSecret is a new token with its secret. It is shown once.
type TokenWithSecret struct {
	Token
	Secret string `json:"secret" doc:"send it as Authorization: Bearer …; shown only now, and stored as a hash"`
}

// TokenList is the list of all tokens.
type TokenList struct {
	Data []Token `json:"data" doc:"by their names"`
}

// registerTokens adds the operations on tokens.
func registerTokens(api huma.API, s *server) {
	admin := needs(domain.ScopeAdmin)
	huma.Get(api, "/v1/tokens", s.listTokens, admin,
		described("list-tokens", "List tokens", "By their names, with scopes and last use."))
	huma.Post(api, "/v1/tokens", s.createToken, withStatus(http.StatusCreated), admin, answersSecret,
		described("create-token", "Create a token", "The token is shown only now; the database has its hash."))
	huma.Get(api, "/v1/tokens/{id}", s.getToken, admin,
		described("get-token", "Show a token", "Its name, scopes and last use, but not the token itself."))
	huma.Delete(api, "/v1/tokens/{id}", s.deleteToken, admin,
		described("revoke-token", "Revoke a token", "It stops working at once."))
}

func (s *server) listTokens(ctx context.Context, _ *struct{}) (*struct{ Body TokenList }, error) {
	all, err := s.Store.Tokens(ctx)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	all = slices.DeleteFunc(all, func(t domain.Token) bool { return !governs(tokenOf(ctx), t) })
	return &struct{ Body TokenList }{TokenList{showAll(all, showToken)}}, nil
}

// governs reports whether an administrator's token may see and revoke another. One that is
// limited to an environment governs only the tokens of that environment.
func governs(admin, t domain.Token) bool {
	return admin.Environment == "" || admin.Environment == t.Environment
}

type tokenInput struct {
	ID ID `path:"id" doc:"the id of the token (tok_…)"`
}

// token returns the token that a request names.
func (s *server) token(ctx context.Context, id ID) (domain.Token, error) {
	t, err := s.Store.Token(ctx, string(id))
	if err == nil && !governs(tokenOf(ctx), t) {
		err = store.ErrNotFound
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return t, problem(notFound, "there is no such token")
	case err != nil:
		return t, s.failed(ctx, err)
	}
	return t, nil
}

func (s *server) getToken(ctx context.Context, in *tokenInput) (*struct{ Body Token }, error) {
	t, err := s.token(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Token }{showToken(t)}, nil
}

func (s *server) createToken(ctx context.Context, in *struct {
	Body struct {
		Name        string   `json:"name" doc:"letters, digits, dots, dashes and underscores; unique"`
		Scopes      []string `json:"scopes" minItems:"1" maxItems:"4" doc:"read, verify, act, admin; admin includes all"`
		Environment string   `json:"environment,omitempty" doc:"sandbox or production; default: all"`
		ExpiresIn   string   `json:"expires_in,omitempty" doc:"such as 24h or 90d; default: never"`
	}
}) (*struct{ Body TokenWithSecret }, error) {
	t, err := s.newToken(ctx, in.Body.Name, in.Body.Scopes, in.Body.Environment, in.Body.ExpiresIn)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Tokens(ctx)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	if len(all) >= maxTokens {
		return nil, problem(conflict, fmt.Sprintf("there are %d tokens: revoke those that are not used", len(all)))
	}
	secret := auth.NewSecret()
	t.ID, t.Hash = domain.NewID("tok"), auth.Hash(secret)
	detail := fmt.Sprintf("%s %s with %s", t.ID, t.Name, strings.Join(in.Body.Scopes, ", "))
	err = s.Store.CreateToken(ctx, t, s.aboutToken(ctx, t, "token.created", detail))
	switch {
	case errors.Is(err, store.ErrExists):
		return nil, problem(conflict, "there is a token with this name: choose another, or revoke that one")
	case err != nil:
		return nil, s.failed(ctx, err)
	}
	return &struct{ Body TokenWithSecret }{TokenWithSecret{showToken(t), secret.Reveal()}}, nil
}

// newToken returns a token with what a request asks for, or a [Problem] with everything
// that is wrong.
func (s *server) newToken(ctx context.Context, name string, scopes []string, environment, life string) (domain.Token, error) {
	t := domain.Token{Name: name, CreatedAt: s.Now(), CreatedBy: actorOf(ctx), Environment: domain.Environment(environment)}
	var fields []ProblemField
	wrong := func(where, message string) { fields = append(fields, ProblemField{"body." + where, message}) }
	if !tokenName.MatchString(name) || name == auth.ConfiguredID {
		wrong("name", "a name has up to 60 letters, digits, dots, dashes and underscores, and is not "+auth.ConfiguredID)
	}
	for i, scope := range scopes {
		if !slices.Contains(domain.Scopes(), domain.Scope(scope)) {
			wrong(fmt.Sprintf("scopes[%d]", i), "the scopes are read, verify, act and admin"+spelling.DidYouMean(scope, names(domain.Scopes())))
			continue
		}
		if !slices.Contains(t.Scopes, domain.Scope(scope)) {
			t.Scopes = append(t.Scopes, domain.Scope(scope))
		}
	}
	if environment != "" && !slices.Contains(s.Environments, t.Environment) {
		wrong("environment", "this environment is not configured"+spelling.DidYouMean(environment, names(s.Environments)))
	}
	if life != "" {
		d, err := parseLife(life)
		if err != nil {
			wrong("expires_in", err.Error())
		}
		t.ExpiresAt = t.CreatedAt.Add(d)
	}
	if len(fields) > 0 {
		return t, problem(invalidRequest, "the request is not valid: errors says what to correct", fields...)
	}
	if own := tokenOf(ctx).Environment; own != "" && t.Environment != own {
		return t, problem(wrongEnvironment, fmt.Sprintf("a token of the %s environment creates tokens of this environment only: give it as environment", own))
	}
	return t, nil
}

var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$`)

func names[T ~string](of []T) []string {
	texts := make([]string, len(of))
	for i, name := range of {
		texts[i] = string(name)
	}
	return texts
}

// parseLife parses a duration such as 90d or 24h.
func parseLife(text string) (time.Duration, error) {
	hours := text
	if days, ok := strings.CutSuffix(text, "d"); ok {
		hours = days + "h"
	}
	d, err := time.ParseDuration(hours)
	if hours != text && d <= maxTokenLife {
		d *= 24
	}
	if err != nil || d <= 0 || d > maxTokenLife {
		return 0, errors.New("it is not a duration such as 24h or 90d, up to 3650d")
	}
	return d, nil
}

func (s *server) deleteToken(ctx context.Context, in *tokenInput) (*struct{}, error) {
	t, err := s.token(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	err = s.Store.DeleteToken(ctx, t.ID, s.aboutToken(ctx, t, "token.revoked", t.ID+" "+t.Name))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, problem(notFound, "there is no such token")
	case err != nil:
		return nil, s.failed(ctx, err)
	}
	return nil, nil
}

// aboutToken returns the audit entries of a change of a token: one in each environment that
// it is valid in.
func (s *server) aboutToken(ctx context.Context, t domain.Token, what, detail string) (log []audit.Entry) {
	for _, env := range s.Environments {
		if t.In(env) {
			log = append(log, audit.Entry{Environment: env, At: s.Now(), Actor: actorOf(ctx), What: what, About: domain.Ref{Type: "token", ID: t.ID}, Detail: detail})
		}
	}
	return log
}
