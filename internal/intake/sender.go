package intake

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// sender is who a request comes from: an IPv4 address, or the /64 of an IPv6 address,
// since one host has all of it. It is the zero address where none can be told.
type sender = netip.Addr

// proxies are the networks of proxies whose X-Forwarded-For is believed.
type proxies []netip.Prefix

// sender returns who a request comes from: the last in its chain of addresses that is
// not a trusted proxy. What an untrusted address says about who it forwards is ignored.
func (p proxies) sender(r *http.Request) sender {
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
			break // the proxy says nothing of use: it stands for whom it forwards
		}
		at = from
	}
	if at.Is6() {
		network, _ := at.Prefix(64) // every IPv6 address has one
		return network.Addr()
	}
	return at
}

func (p proxies) trusts(at netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(at) })
}

// addressOf reads an address with or without a port. It returns the zero address for
// anything else.
func addressOf(text string) netip.Addr {
	if host, err := netip.ParseAddrPort(text); err == nil {
		return host.Addr().Unmap().WithZone("")
	}
	at, _ := netip.ParseAddr(strings.Trim(text, "[]"))
	return at.Unmap().WithZone("")
}
