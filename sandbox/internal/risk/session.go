package risk

import (
	"maps"
	"slices"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// SetSession sets what Persona finds out about the network, the place and the device
// of a session. What the browser sends later does not change them.
func SetSession(c *engine.Change, session *storage.Resource, signals map[string]any) error {
	set, err := withSignals(session.Attributes, signals, sessionSignals(), sessionSignal)
	if err != nil {
		return err
	}
	session.Attributes = set
	if session.Text("status") != "new" {
		DescribeNetwork(c, session)
	}
	return nil
}

// sessionSignals returns the names of all signals of a session.
func sessionSignals() []string {
	return []string{
		"is-proxy", "is-tor", "is-vpn", "is-datacenter", "latitude", "longitude", "gps-latitude", "gps-longitude", "gps-precision",
		"threat-level", "country-code", "country-name", "region-code", "region-name", "ip-address", "ip-connection-type", "ip-isp", "network-organization",
		"os-name", "os-full-version", "device-type", "device-name", "device-handoff-method", "browser-name", "browser-full-version",
		"mobile-sdk-name", "mobile-sdk-full-version",
	}
}

// sessionSignal returns what a signal of a session must be, or "" if it is none.
func sessionSignal(name string) string {
	switch name {
	case "is-proxy", "is-tor", "is-vpn", "is-datacenter":
		return trueOrFalse
	case "latitude", "longitude", "gps-latitude", "gps-longitude":
		return aNumber
	}
	if slices.Contains(sessionSignals(), name) {
		return aText
	}
	return ""
}

// Place returns the network and the place of every session, as far as no test has set
// them. Persona's sandbox shows the same country and region for addresses anywhere.
func Place() map[string]any {
	return map[string]any{
		"is-proxy": false, "is-tor": false, "is-vpn": false, "is-datacenter": false, "threat-level": "low",
		"country-code": "US", "country-name": "United States", "region-code": "CA", "region-name": "California", "latitude": 37.7688, "longitude": -122.262,
	}
}

// Magic returns the signals of a session that a magic input asks for.
func Magic(inquiry *storage.Resource) map[string]any {
	if inquiry == nil {
		return nil
	}
	name := casing.Kebab(finding.MagicInput(inquiry))
	if sessionSignal(name) != trueOrFalse {
		return nil
	}
	return map[string]any{name: true, "threat-level": "high"}
}

// DescribeNetwork writes what is known about the network of a session that was opened into a
// resource of its own.
func DescribeNetwork(c *engine.Change, session *storage.Resource) {
	known := map[string]any{"service-provider": session.Attributes["ip-isp"], "service-type": session.Attributes["ip-connection-type"], "proxy-type": nil}
	for _, name := range []string{"ip-address", "threat-level", "country-code", "country-name", "region-code", "region-name", "latitude", "longitude"} {
		known[name] = session.Attributes[name]
	}
	for _, proxy := range []string{"proxy", "datacenter", "vpn", "tor"} {
		if session.Attributes["is-"+proxy] == true {
			known["proxy-type"] = proxy
		}
	}
	network := c.Edit(session.One("network"))
	if network == nil {
		network = c.Create("network", "net", nil, nil)
		session.Relationships["network"] = network.Identifier()
	}
	maps.Copy(network.Attributes, known)
}
