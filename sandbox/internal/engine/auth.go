package engine

import (
	"net"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// authenticate finds the environment and the API key of a request, at its time. If the key
// may not be used from the caller's address, it returns both the environment and an error.
// The titles are Persona's (OpenAPI 2025-12-08).
func (e *Engine) authenticate(r *request) (*Environment, *storage.Resource, error) {
	if anonymous(r.op) {
		env, key := e.relayEnvironment(r)
		return env, key, nil
	}
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || value == "" {
		return nil, nil, NotAuthenticated()
	}
	for env := range e.Environments() {
		token := env.keyOfToken(value, r.now)
		for key := range env.All("api-key") {
			if key.Text(storage.SecretValue) != value && key != token {
				continue
			}
			if expires := key.Time("expires-at"); !expires.IsZero() && !r.now.Before(expires) {
				return nil, nil, Unauthorized("Token is invalid")
			}
			if !allowed(key, r.RemoteAddr) {
				return env, nil, Forbidden("the IP address is not allowed for this API key")
			}
			if used := simclock.Stamp(r.now.Truncate(time.Second)); key.Text("last-used-at") != used {
				key = key.Clone()
				key.Attributes["last-used-at"] = used
				env.Insert(key)
			}
			return env, key, nil
		}
	}
	return nil, nil, Unauthorized("Token is invalid")
}

// keyOfToken returns the API key that an OAuth access token stands for, or nil.
func (e *Environment) keyOfToken(value string, now time.Time) *storage.Resource {
	token := e.Get(value)
	if token == nil || token.Typ != "oauth-token" || !now.Before(token.Time("expires-at")) {
		return nil
	}
	return e.Get(token.One("api-key"))
}

// allowed checks a key's list of addresses. An asterisk, or an empty list, allows all.
// The list may contain networks in CIDR form; Persona does not say whether it may.
func allowed(key *storage.Resource, remote string) bool {
	list, _ := key.Attributes["ip-address-allowlist"].([]any)
	if len(list) == 0 || slices.Contains(list, any("*")) {
		return true
	}
	address, _, _ := net.SplitHostPort(remote)
	ip := net.ParseIP(address)
	return slices.ContainsFunc(list, func(entry any) bool {
		text, _ := entry.(string)
		if _, network, err := net.ParseCIDR(text); err == nil {
			return network.Contains(ip)
		}
		return net.ParseIP(text).Equal(ip)
	})
}

// permitted refuses a call whose key lacks the permission that the operation needs. A key
// without a list of permissions has all of them (Persona docs: API keys).
func permitted(key *storage.Resource, op *persona.Operation) error {
	list, _ := key.Attributes["permissions"].([]any)
	permission := catalog.PermissionFor(op)
	if len(list) == 0 || permission == "" || slices.Contains(list, any(permission)) {
		return nil
	}
	if catalog.LooksUnauthorized(op) {
		return NotAuthenticated()
	}
	return Forbidden("the API key lacks the permission " + permission)
}
