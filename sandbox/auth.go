package sandbox

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
)

// authenticate finds the environment and the API key of a request. A key that may not
// be used from where the request comes has an environment, and an error. The titles
// are Persona's (OpenAPI 2025-12-08).
func (s *Sandbox) authenticate(r *http.Request, op *persona.Operation, ids []string, body []byte, now time.Time) (*environment, *resource, error) {
	if anonymous(op) {
		env, key := s.relayEnvironment(op, ids, body)
		return env, key, nil
	}
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || value == "" {
		return nil, nil, unauthorized("Must be authenticated to access this endpoint")
	}
	for _, env := range s.environments {
		token := env.keyOfToken(value, now)
		for key := range env.all("api-key") {
			if key.text(secretValue) != value && key != token {
				continue
			}
			if expires := key.time("expires-at"); !expires.IsZero() && !now.Before(expires) {
				return nil, nil, unauthorized("Token is invalid")
			}
			if !allowed(key, r.RemoteAddr) {
				return env, nil, forbidden("the IP address is not allowed for this API key")
			}
			used := key.clone()
			used.attributes["last-used-at"] = stamp(now)
			env.insert(used)
			return env, used, nil
		}
	}
	return nil, nil, unauthorized("Token is invalid")
}

// allowed checks a key's list of addresses; an asterisk, or no list, allows all.
// Networks in CIDR form are understood, where Persona is silent.
func allowed(key *resource, remote string) bool {
	list, _ := key.attributes["ip-address-allowlist"].([]any)
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
func permitted(key *resource, op *persona.Operation) error {
	list, _ := key.attributes["permissions"].([]any)
	permission := permissionFor(op)
	if len(list) == 0 || permission == "" || slices.Contains(list, any(permission)) {
		return nil
	}
	return forbidden("the API key lacks the permission " + permission)
}

// permissionFor is the permission that an operation takes: reads and searches the
// one to read, all else the one to write. Persona names the permissions, but not
// what they are for.
func permissionFor(op *persona.Operation) string {
	names := map[string]string{
		"Inquiries": "inquiry", "InquirySessions": "inquiry", "Verifications": "verification", "Cases": "case", "CaseTemplates": "case",
		"Accounts": "account", "AccountTypes": "account", "Webhooks": "webhook", "APIKeys": "api_key", "Events": "event", "APILogs": "api_log",
		"Transactions": "txn", "TransactionTypes": "txn", "Lists": "list", "ListItems": "list", "Importers": "importer", "Reports": "report", "Documents": "document", "UserAuditLogs": "user_audit_log",
	}
	name := names[op.Service]
	switch {
	case name == "":
		return ""
	case op.HTTPMethod == http.MethodGet || op.Method == "Search":
		return name + ".read"
	default:
		return name + ".write"
	}
}

// permissions are those that some operation takes.
func permissions() []string {
	known := map[string]bool{}
	for _, op := range persona.Operations() {
		if permission := permissionFor(&op); permission != "" {
			known[permission] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}
