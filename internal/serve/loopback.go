package serve

import (
	"net"
	"net/http"
	"strings"
)

// LoopbackHost reports whether the Host of a request is this machine: localhost, a name
// below it, or a loopback address, with or without a port. Otherwise a web site whose DNS
// name resolves to this machine could read the answer.
func LoopbackHost(r *http.Request) bool {
	name := r.Host
	if bare, _, err := net.SplitHostPort(name); err == nil {
		name = bare
	}
	name = strings.Trim(name, "[]")
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(name).IsLoopback()
}
