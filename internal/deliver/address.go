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

// Network says what endpoints can be reached.
type Network struct {
	// AllowPrivate allows addresses that are not public: loopback, private, link-local and
	// metadata addresses. For development.
	AllowPrivate bool

	Resolver *net.Resolver // the system's unless set

	guardian *ssrf.Guardian // for tests: what counts as public
}

// transport connects to public addresses alone. It looks at the address that is dialled,
// after the name was resolved: a name that resolves to another one the second time gets
// nowhere. It uses no proxy, which would connect on its own terms.
func (n Network) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: connectTime, KeepAlive: 30 * time.Second, Resolver: n.Resolver}
	if !n.AllowPrivate {
		dialer.Control = n.guard().Safe
	}
	return &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: connectTime, DisableCompression: true,
		MaxIdleConnsPerHost: concurrency, IdleConnTimeout: 90 * time.Second,
	}
}

// guard knows which addresses are public: those that no registry of IANA reserves.
func (n Network) guard() *ssrf.Guardian {
	if n.guardian != nil {
		return n.guardian
	}
	return ssrf.New(ssrf.WithAnyPort())
}

// CheckURL returns what is wrong with the address of an endpoint, for people.
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
