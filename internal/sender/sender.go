// Package sender tells who sends an HTTP request, also through trusted proxies. What limits
// requests by their sender uses it.
package sender

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address identifies who sends a request: an IPv4 address, or the /64 of an IPv6 address,
// since one host usually has all of it. It is the zero address if unknown.
type Address = netip.Addr

// Proxies are the networks of trusted proxies.
type Proxies []netip.Prefix

// Of returns the sender of a request: the last address in the chain that is not a trusted
// proxy. X-Forwarded-For from an untrusted address is ignored.
func (p Proxies) Of(r *http.Request) Address {
	at := addressOf(r.RemoteAddr)
	forwarded := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	for forwarded != "" && p.trusts(at) {
		var last string
		if i := strings.LastIndexByte(forwarded, ','); i >= 0 {
			forwarded, last = forwarded[:i], forwarded[i+1:]
		} else {
			forwarded, last = "", forwarded
		}
		from := addressOf(strings.TrimSpace(last))
		if !from.IsValid() {
			break // the proxy gives no usable address: it counts as the sender
		}
		at = from
	}
	if at.Is6() {
		network, _ := at.Prefix(64) // cannot fail for an IPv6 address
		return network.Addr()
	}
	return at
}

func (p Proxies) trusts(at netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(at) })
}

// addressOf parses an address with or without a port. It returns the zero address for
// anything else.
func addressOf(text string) netip.Addr {
	if host, err := netip.ParseAddrPort(text); err == nil {
		return host.Addr().Unmap().WithZone("")
	}
	at, _ := netip.ParseAddr(strings.Trim(text, "[]"))
	return at.Unmap().WithZone("")
}
