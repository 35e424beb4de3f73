package domain

import (
	"slices"
	"time"
)

// Scope is a kind of request that a token of the API allows. No scope includes another,
// except that [ScopeAdmin] includes all: a token can have several.
type Scope string

const (
	ScopeRead   Scope = "read"   // see everything, including personal data
	ScopeVerify Scope = "verify" // begin verifications
	ScopeAct    Scope = "act"    // request, retry and discard actions; replay events and deliveries
	ScopeAdmin  Scope = "admin"  // everything, including tokens and notification endpoints
)

// Scopes returns all scopes.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeVerify, ScopeAct, ScopeAdmin} }

// Token is the right of a program or person to use the API. The secret itself is not
// stored.
type Token struct {
	ID          string // tok_…
	Name        string // unique; appears in the audit trail
	Hash        string // SHA-256 of the secret, in hexadecimal
	Scopes      []Scope
	Environment Environment // empty means all environments
	CreatedAt   time.Time
	CreatedBy   string    // who created it, as in the audit trail
	ExpiresAt   time.Time // zero for never
	LastUsedAt  time.Time // accurate to some minutes; zero for never
}

// Allows reports whether the token has a scope.
func (t Token) Allows(s Scope) bool {
	return slices.Contains(t.Scopes, s) || slices.Contains(t.Scopes, ScopeAdmin)
}

// In reports whether the token is valid in an environment.
func (t Token) In(env Environment) bool { return t.Environment == "" || t.Environment == env }
