package deliver

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"code.dny.dev/ssrf"

	"github.com/idemhq/idem/internal/domain"
)

// Network says which addresses can be reached.
type Network struct {
	// AllowPrivate allows loopback, private, link-local and metadata addresses, for
	// development.
	AllowPrivate bool

	Resolver *net.Resolver // nil means the system's

	guardian *ssrf.Guardian // for tests
}

// transport connects only to public addresses. It checks the address that is dialled, after
// the name was resolved, so a name that later resolves to a private address is refused. It
// uses no proxy: the check would see only the address of the proxy.
func (n Network) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: connectTime, KeepAlive: 30 * time.Second, Resolver: n.Resolver}
	if !n.AllowPrivate {
		dialer.Control = n.guard().Safe
	}
	return &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: connectTime, DisableCompression: true,
		MaxIdleConnsPerHost: concurrency, IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: maxHeader,
	}
}

// guard refuses the addresses in the special-purpose registries of IANA, and the public one
// at which Azure's machines reach the service that gives them their certificates
// (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
// The metadata services of other clouds are at addresses of the registries.
func (n Network) guard() *ssrf.Guardian {
	if n.guardian != nil {
		return n.guardian
	}
	return ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32")))
}

// CheckURL returns an error that says why a URL cannot be used for an endpoint.
func (n Network) CheckURL(env domain.Environment, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("it is not an address such as https://host.example/webhooks/idem")
	case u.User != nil:
		return errors.New("it holds a user: whoever receives notifications checks their signature instead")
	case u.Scheme != "https" && env == domain.Production:
		return errors.New("production demands https")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !n.AllowPrivate {
		network := "tcp4"
		if ip.Is6() {
			network = "tcp6"
		}
		if n.guard().Safe(network, netip.AddrPortFrom(ip, 443).String(), nil) != nil {
			return errors.New("it is not a public address: allow_private_addresses allows it")
		}
	}
	return nil
}
