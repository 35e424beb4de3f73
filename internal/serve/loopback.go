package serve

import (
	"net"
	"net/http"
	"strings"
)

// LoopbackHost reports whether a request names this machine as its host: localhost, a name
// below it, or a loopback address, with or without a port. A page of another site can have
// a DNS name that resolves to this machine, and could otherwise read the answer.
func LoopbackHost(r *http.Request) bool {
	name := r.Host
	if bare, _, err := net.SplitHostPort(name); err == nil {
		name = bare
	}
	name = strings.Trim(name, "[]")
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(name).IsLoopback()
}
