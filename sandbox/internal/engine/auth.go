package engine

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// authenticate finds the environment and the API key of a request. A key that may not
// be used from where the request comes has an environment, and an error. The titles
// are Persona's (OpenAPI 2025-12-08).
func (s *Engine) authenticate(r *http.Request, op *persona.Operation, ids []string, body []byte, now time.Time) (*Environment, *storage.Resource, error) {
	if anonymous(op) {
		env, key := s.relayEnvironment(op, ids, body)
		return env, key, nil
	}
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || value == "" {
		return nil, nil, Unauthorized("Must be authenticated to access this endpoint")
	}
	for _, env := range s.Environments {
		token := env.keyOfToken(value, now)
		for key := range env.All("api-key") {
			if key.Text(storage.SecretValue) != value && key != token {
				continue
			}
			if expires := key.Time("expires-at"); !expires.IsZero() && !now.Before(expires) {
				return nil, nil, Unauthorized("Token is invalid")
			}
			if !allowed(key, r.RemoteAddr) {
				return env, nil, Forbidden("the IP address is not allowed for this API key")
			}
			used := key.Clone()
			used.Attributes["last-used-at"] = simclock.Stamp(now)
			env.Insert(used)
			return env, used, nil
		}
	}
	return nil, nil, Unauthorized("Token is invalid")
}

// allowed checks a key's list of addresses; an asterisk, or no list, allows all.
// Networks in CIDR form are understood, where Persona is silent.
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

// permitted refuses a call whose key was narrowed and lacks the permission it takes.
// A key without a list has them all (Persona docs: API keys).
func permitted(key *storage.Resource, op *persona.Operation) error {
	list, _ := key.Attributes["permissions"].([]any)
	permission := catalog.PermissionFor(op)
	if len(list) == 0 || permission == "" || slices.Contains(list, any(permission)) {
		return nil
	}
	return Forbidden("the API key lacks the permission " + permission)
}
